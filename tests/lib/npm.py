"""The npm packages of tests/npm, as tools/install put them there, and the node among them.

    npm.need()                        # skips the test when they are not installed
    npm.node(w, "sdk.mjs", "s3")      # runs tests/npm/sdk.mjs against the server
"""
import json
import os
import subprocess

from waybill_server import ROOT, skip

FOLDER = os.path.join(ROOT, "tests", "npm")
MODULES = os.path.join(FOLDER, "node_modules")
NODE = os.path.join(MODULES, ".bin", "node")


def present():
    return os.path.exists(NODE)


def need():
    if not present():
        skip("no npm packages in tests/npm (tools/install test fetches them)")


def environment(w):
    """Of a program on the pinned node: credentials, end point, no other node in the way."""
    e = w.environment()
    return {**e, "PATH": os.path.join(MODULES, ".bin") + ":" + e["PATH"], "AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE": "1"}


def node(w, script, *args, check=True, timeout=120, env=None):
    r = subprocess.run([NODE, os.path.join(FOLDER, script), *args], env={**environment(w), **(env or {})}, capture_output=True, text=True, timeout=timeout)
    if check and r.returncode:
        raise RuntimeError(f"{script} {' '.join(args)}: {r.returncode}\n{r.stdout}\n{r.stderr}\n{w.log_text()[-3000:]}")
    return r


def closure(*names):
    """The folders of these packages and of all they depend on, relative to node_modules."""
    found, left = set(), list(names)
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        with open(os.path.join(MODULES, name, "package.json"), encoding="utf-8") as f:
            for d in json.load(f).get("dependencies", {}):
                inner = os.path.join(name, "node_modules", d)  # comes with its owner's folder, but what it needs may lie outside
                left.append(inner if os.path.isdir(os.path.join(MODULES, inner)) else d)
    return sorted(n for n in found if "/node_modules/" not in n)
