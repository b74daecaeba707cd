"""Functions in JavaScript, for tests of the nodejs runtime."""
import base64
import io
import json
import zipfile

ROLE = "arn:aws:iam::000000000000:role/worker"


def package(files):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in files.items():
            z.writestr(name, text)
    return b.getvalue()


def create(w, name, files, **config):
    if isinstance(files, str):
        files = {"index.mjs": files}
    config = {"Runtime": "nodejs20.x", "Handler": "index.handler", "Role": ROLE, "MemorySize": 256, "Timeout": 20, **config}
    return w.client("lambda").create_function(FunctionName=name, Code={"ZipFile": package(files)}, **config)


def invoke(w, name, event=None, **more):
    r = w.client("lambda", read_timeout=120).invoke(FunctionName=name, Payload=json.dumps(event).encode(), LogType="Tail", **more)
    return json.loads(r["Payload"].read()), r.get("FunctionError"), base64.b64decode(r.get("LogResult", "")).decode()
