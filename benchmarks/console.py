"""Views of the console in Debian's chromium: from navigation until a row of data is on the screen."""
import json
import os
import subprocess
import tempfile

import console_data
import npm
from waybill_server import Waybill


def present():
    return npm.present() and os.path.isdir(os.path.join(npm.MODULES, "playwright-core")) and os.path.exists(console_data.CHROMIUM)


def measure():
    """Milliseconds of views of each page: of first ones, each in a new tab of a browser that knows nothing but the session, and of more in one tab."""
    with Waybill(args=["--test-clock"]) as w, tempfile.TemporaryDirectory() as folder:
        facts = os.path.join(folder, "facts.json")
        with open(facts, "w", encoding="utf-8") as f:
            json.dump({**console_data.make(w), "url": w.url}, f)
        r = npm.node(w, os.path.join("console", "first.mjs"), facts, folder, timeout=400, env={"HOME": folder, "TMPDIR": folder})
        return json.loads(r.stdout)
