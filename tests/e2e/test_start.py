"""What can be wrong before the server runs: its directory, its key, its address, its settings. Each is refused with a line that says what to do,
nothing is changed, and what was fine is not touched."""
import os
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import time

from waybill_server import PROGRAM, Waybill, free_port


def serve(*args, env=None, seconds=15):
    """Runs the server where it should not come up: exit status and what it says. A server that comes up is ended, and a failure."""
    p = subprocess.Popen([PROGRAM, "serve", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         env={"PATH": "/usr/bin:/bin", **(env or {})}, cwd="/")
    try:
        out = p.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        p.kill()
        raise AssertionError(f"waybill serve {' '.join(args)} runs: {p.communicate()[0]}")
    assert p.returncode not in (0, None) and p.returncode > 0, (args, p.returncode, out)
    return p.returncode, out


def refused(data, *words, args=(), status=1):
    """It does not start on this directory, says why, and leaves no traces in it."""
    before = snapshot(data)
    code, out = serve("--data", data, "--listen", f"127.0.0.1:{free_port()}", *args)
    assert code == status, (code, out)
    for w in words:
        assert w in out, (w, out)
    assert out.startswith("waybill"), out
    after = snapshot(data)
    for d in (before, after):
        d.pop("lock", None)
    assert before == after, sorted(set(before.items()) ^ set(after.items()), key=str)
    return out


def snapshot(data):
    found = {}
    for folder, _, files in os.walk(data):
        for name in files:
            path = os.path.join(folder, name)
            if os.path.basename(path) != "lock.mdb":  # LMDB's table of readers
                with open(path, "rb") as f:
                    found[os.path.relpath(path, data)] = f.read()
    return found


FORMAT = 2  # of this version's stores


def crc32c(data):
    c = 0xFFFFFFFF
    for b in data:
        c ^= b
        for _ in range(8):
            c = (c >> 1) ^ (0x82F63B78 & -(c & 1))
    return c ^ 0xFFFFFFFF


def set_format(path, number):
    """Writes another format number into a store, with its checksum: key "format", value le32 sum, le64 number."""
    with open(path, "r+b") as f:
        text, done = f.read(), 0
        old = struct.pack("<Q", FORMAT)
        for m in re.finditer(b"format", text):
            if text[m.end() + 4:m.end() + 12] == old and text[m.end():m.end() + 4] == struct.pack("<I", crc32c(b"format" + old)):
                new = struct.pack("<Q", number)
                f.seek(m.end())
                f.write(struct.pack("<I", crc32c(b"format" + new)) + new)
                done += 1
    assert done, "no format row found"


def copy(made, folder, name):
    to = os.path.join(folder, name)
    shutil.copytree(made, to)
    return to


def directories(made, folder):
    d = copy(made, folder, "truncated")
    file = os.path.join(d, "store", "data.mdb")
    size = os.path.getsize(file)
    for keep, word in ((size * 3 // 4 // 4096 * 4096, "Restore a backup"), (8192, "Restore a backup"), (4096, "Restore a backup"), (100, "Restore a backup"), (0, "Restore a backup")):
        os.truncate(file, keep)
        refused(d, d, word)
    os.unlink(file)
    refused(d, "data.mdb is missing", "Restore a backup")

    d = copy(made, folder, "newer")
    set_format(os.path.join(d, "store", "data.mdb"), FORMAT + 1)
    refused(d, f"has data format {FORMAT + 1}", f"reads up to {FORMAT}", "Install a newer version")

    d = copy(made, folder, "garbage")
    with open(os.path.join(d, "store", "data.mdb"), "r+b") as f:
        f.write(os.urandom(8192))
    refused(d, "Restore a backup")

    d = os.path.join(folder, "foreign")
    os.mkdir(d)
    with open(os.path.join(d, "diary.txt"), "w") as f:
        f.write("dear diary")
    refused(d, "diary.txt", "empty directory")

    d = os.path.join(folder, "file")
    with open(d, "w") as f:
        f.write("x")
    refused(d, "not a directory")
    refused(os.path.join(folder, "no", "such"), "cannot make", "No such file")


def keys(made, folder):
    d = copy(made, folder, "key")
    key = os.path.join(d, "key")
    os.chmod(key, 0o644)
    refused(d, "can be read by others", "chmod 600")
    os.chmod(key, 0o600)
    with open(key) as f:
        text = f.read()
    with open(key, "w") as f:
        f.write("not a key\n")
    refused(d, "key")
    with open(key, "w") as f:
        f.write(("0" if text[0] != "0" else "1") + text[1:])
    refused(d, "sealed with another key", "--key-file")
    os.unlink(key)
    refused(d, "cannot read the key file", "put it back")
    assert not os.path.exists(key), "a lost key is not replaced"
    # Elsewhere it serves as well.
    other = os.path.join(folder, "elsewhere.key")
    with open(other, "w") as f:
        os.fchmod(f.fileno(), 0o600)
        f.write(text)
    with Waybill(data=d, args=["--key-file", other]) as w:
        assert w.client("dynamodb").list_tables()["TableNames"] == ["kept"]
        assert w.stop() == 0


def unwritable(made, folder):
    """As a user who may not write there."""
    d = copy(made, folder, "readonly")
    if os.geteuid() == 0:  # root may write anywhere: become nobody
        wrapper = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        if not os.path.exists(wrapper[0]):
            print("no setpriv here: the unwritable directory is left out")
            return
        os.chmod(folder, 0o755)
    else:
        wrapper = []
        os.chmod(d, 0o500)
    r = subprocess.run([*wrapper, PROGRAM, "serve", "--data", d, "--listen", f"127.0.0.1:{free_port()}"], capture_output=True, text=True, timeout=15)
    if "Permission denied" not in r.stderr and not os.access(PROGRAM, os.X_OK):
        print("the program cannot be reached by another user: left out")
        return
    assert r.returncode == 1 and "Permission denied" in r.stderr and d in r.stderr, r
    os.chmod(d, 0o700)


def addresses(made, folder):
    d = copy(made, folder, "address")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = s.getsockname()[1]
        code, out = serve("--data", d, "--listen", f"127.0.0.1:{port}")
        assert code == 1 and f"cannot listen on 127.0.0.1:{port}" in out and "in use" in out and "--listen" in out, out
    with Waybill(data=d) as w:
        # Another one on the same directory, and on the same port.
        code, out = serve("--data", d, "--listen", f"127.0.0.1:{free_port()}")
        assert code == 1 and f"in use by another process (pid {w.process.pid})" in out, out
        code, out = serve("--data", os.path.join(folder, "second"), "--listen", f"127.0.0.1:{w.port}")
        assert code == 1 and "cannot listen on" in out and "in use" in out, out
        assert w.client("dynamodb").list_tables()["TableNames"] == ["kept"]
        assert w.stop() == 0
    code, out = serve("--data", d, "--listen", "192.0.2.1:4566")
    assert code == 1 and "cannot listen on 192.0.2.1:4566" in out, out
    code, out = serve("--data", d, "--listen", "no.such.host.invalid:4566")
    assert code in (1, 2) and "no.such.host.invalid" in out, out


def settings(made, folder):
    d = copy(made, folder, "settings")
    file = os.path.join(folder, "waybill.conf")
    for args, words in (
            (["--listen", "4566"], "HOST:PORT"), (["--listen", "127.0.0.1:70000"], "HOST:PORT"), (["--listen", ":1"], "HOST:PORT"),
            (["--auth", "yes"], "--auth"), (["--sandbox", "no"], "--sandbox"), (["--account", "12"], "12 digits"), (["--region", "no region"], "--region"),
            (["--smtp", "mail.example.test"], "smtp://"), (["--mail-from", "nobody"], "--mail-from"), (["--public-url", "ftp://x"], "--public-url"),
            (["--tls-cert", "x"], "go together"), (["--disk-reserve", "lots"], "--disk-reserve"), (["--nonsense"], "--nonsense"), (["extra"], "extra"),
            (["--data"], "--data"), (["--data="], "--data"), (["--config"], "--config")):
        code, out = serve("--data", d, "--listen", f"127.0.0.1:{free_port()}", *args)
        assert code == 2 and words in out and "waybill serve --help" in out, (args, code, out)
    for args, words in ((["--config", file], "No such file"), (["--tls-cert", "/no/cert", "--tls-key", "/no/key"], "/no/cert")):
        code, out = serve("--data", d, "--listen", f"127.0.0.1:{free_port()}", *args)
        assert code == 1 and words in out, (args, code, out)
    for text, words in (("nonsense = 1\n", "line 1"), ("# fine\nauth = on\nlisten\n", "line 3"), ("auth = perhaps\n", "auth")):
        with open(file, "w") as f:
            f.write(text)
        code, out = serve("--data", d, "--listen", f"127.0.0.1:{free_port()}", "--config", file)
        assert code in (1, 2) and words in out, (text, code, out)
    password = os.path.join(folder, "password")
    with open(password, "w") as f:
        f.write("secret\n")
    os.chmod(password, 0o644)
    code, out = serve("--data", d, "--smtp", "smtp://127.0.0.1:1", "--smtp-user", "u", "--smtp-password-file", password)
    assert code == 1 and "chmod 600" in out and "secret" not in out, out
    # A file that is right; the command line wins over it.
    port = free_port()
    with open(file, "w") as f:
        f.write(f"# Waybill\ndata = {d}\nlisten = 127.0.0.1:1   # not this one\nregion = eu-west-1\naccount=000000000000\n\nsandbox = on\n")
    with Waybill(data=d, port=port, args=["--config", file]) as w:
        assert w.client("dynamodb").list_tables()["TableNames"] == ["kept"]
        assert "region us-east-1" in w.waybill("status").stdout, "a setting for a new directory does not move an old one"
        assert w.stop() == 0


def main():
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, "made")
        with Waybill(data=made) as w:
            assert stat.S_IMODE(os.stat(made).st_mode) == 0o700
            for name in ("key", "credentials"):
                assert stat.S_IMODE(os.stat(os.path.join(made, name)).st_mode) == 0o600, name
            w.client("dynamodb").create_table(
                TableName="kept", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}])
            for i in range(50):
                w.client("dynamodb").put_item(TableName="kept", Item={"k": {"S": str(i)}, "v": {"S": "x" * 5000}})
            assert w.stop() == 0
        for part in (directories, keys, unwritable, addresses, settings):
            begun = time.monotonic()
            part(made, folder)
            print(f"{part.__name__}: {time.monotonic() - begun:.1f} s", flush=True)


main()
