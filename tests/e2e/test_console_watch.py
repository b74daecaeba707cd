"""What the console computes (widget rows, periods, annotations, rules, Markdown, queries of logs): tests/npm/watch.mjs on the bundled code."""
import os
import platform
import subprocess
import tempfile

import npm
from waybill_server import ROOT, skip


def main():
    npm.need()
    web = os.path.join(ROOT, "web")
    esbuild = os.path.join(web, "node_modules", "@esbuild", "linux-" + ("arm64" if platform.machine() == "aarch64" else "x64"), "bin", "esbuild")
    if not os.path.exists(esbuild):
        skip("no npm packages in web")
    with tempfile.TemporaryDirectory() as to:
        out = os.path.join(to, "watch.mjs")
        source = "export * from './pages/watch/rows'; export * from './pages/watch/markdown'; export * from './pages/watch/insights';"
        subprocess.run([esbuild, "--bundle", "--format=esm", "--loader=ts", "--outfile=" + out, "--log-level=warning"], input=source, text=True,
                       cwd=os.path.join(web, "src"), check=True, timeout=60)
        subprocess.run([npm.NODE, os.path.join(npm.FOLDER, "watch.mjs"), out], check=True, timeout=60)


main()
