"""The console in a browser: Debian's chromium, driven by playwright (tests/npm/console), on data of which every number is known.

The pictures of each page, light and dark, wide and narrow, stay in artifacts/console of the build folder, to be looked at.
CONSOLE_PARTS="alarms work" runs only these parts of tests/npm/console/run.mjs.
"""
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error

import console_data
import npm
from waybill_server import BUILD, Waybill, skip, wait_for

PICTURES = os.path.join(BUILD, "artifacts", "console")
PARTS = os.environ.get("CONSOLE_PARTS", "").split()


def built(w):
    """Whether the program has its console: that takes the packages of web."""
    try:
        return "uplot-" in w.page("/_waybill/console/")
    except urllib.error.HTTPError:
        return False


def line(w):
    """One more line, now."""
    w.client("logs").put_log_events(logGroupName="/depot/gate", logStreamName="scale-1",
                                    logEvents=[{"timestamp": console_data.now(w), "message": "a line that came later"}])


def mend(w):
    """The function that failed works from now on."""
    w.client("lambda").update_function_code(FunctionName="billing", ZipFile=console_data.package(console_data.WORKING))
    w.client("lambda").get_waiter("function_updated_v2").wait(FunctionName="billing", WaiterConfig={"Delay": 1})


def alarm(w):
    w.client("cloudwatch").set_alarm_state(AlarmName="depot-silent", StateValue="ALARM", StateReason="by hand")


STEPS = {"line": line, "mend": mend, "alarm": alarm, "stop": lambda w: w.stop(), "start": lambda w: w.start(),
         "later": lambda w, hours: console_data.move(w, int(hours) * 3600)}


def drive(w, facts, folder):
    """Runs the browser; does for it what only who runs the server can do."""
    path = os.path.join(folder, "facts.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump({**facts, "url": w.url}, f)
    environment = {**npm.environment(w), "HOME": folder, "TMPDIR": folder}
    p = subprocess.Popen([npm.NODE, os.path.join(npm.FOLDER, "console", "run.mjs"), path, PICTURES, *PARTS], env=environment, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True, encoding="utf-8")
    try:
        for said in p.stdout:
            if said.startswith("@"):
                step, *args = said[1:].split()
                STEPS[step](w, *args)
                p.stdin.write("done\n")
                p.stdin.flush()
            else:
                print(said, end="", flush=True)
        return p.wait(60)
    finally:
        p.kill()
        p.wait()


def main():
    npm.need()
    if not os.path.exists(console_data.CHROMIUM):
        skip("no chromium (tools/install test installs it)")
    begun = time.monotonic()
    shutil.rmtree(PICTURES, ignore_errors=True)
    os.makedirs(PICTURES)
    with Waybill(args=["--test-clock"]) as w, tempfile.TemporaryDirectory(prefix="waybill-console-") as folder:
        if not built(w):
            skip("built without its console: no npm packages in web")
        facts = console_data.make(w)
        print(f"the data: {time.monotonic() - begun:.1f} s")
        assert drive(w, facts, folder) == 0, w.log_text()[-2000:]
        if not PARTS:
            wait_for(lambda: console_data.status(w)["Dead"] == 0)
        assert w.stop() == 0
    print(f"{len(os.listdir(PICTURES))} pictures in {PICTURES}, {time.monotonic() - begun:.0f} s in all")


main()
