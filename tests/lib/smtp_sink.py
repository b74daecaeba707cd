#!/usr/bin/env python3
"""A mail server for tests: takes mail, keeps it, and fails where it is told to.

As a library:

    with SmtpSink(starttls=cert(dir), user="u", password="p") as sink:
        sink.fail["RCPT"] = ["451 later"]         # once; a plain string: always
        ... send to 127.0.0.1:sink.port ...
        sink.wait(1)
        sink.mails[0].sender, .recipients, .text, .tls, .login

As a program (prints the port, writes N.eml and N.json into the directory):

    smtp_sink.py --dir DIR [--port N] [--starttls | --tls] [--cert F --key F] [--user U --password P]
                 [--fail VERB=REPLY ...]

A reply of "hang" says nothing until the client gives up, "drop" closes the connection. Verbs are
CONNECT (the greeting), EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, BODY (after the final dot) and QUIT.
"""
import argparse
import base64
import json
import os
import socketserver
import ssl
import subprocess
import threading
import time
from dataclasses import asdict, dataclass


@dataclass
class Mail:
    sender: str
    recipients: list
    text: bytes
    tls: bool
    login: str
    helo: str
    connection: int


def cert(folder, name="localhost"):
    """A self-signed certificate for `name` and 127.0.0.1: (certificate file, key file)."""
    c, k = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=" + name, "-addext",
         "subjectAltName=DNS:%s,IP:127.0.0.1" % name, "-keyout", k, "-out", c],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return c, k


class Gone(Exception):
    pass


class Session(socketserver.BaseRequestHandler):
    """One connection. self.server is the sink's socketserver, self.sink the sink."""

    def handle(self):
        self.sink = self.server.sink
        self.tls = False
        self.login = None
        self.helo = ""
        self.reader = self.request.makefile("rb")
        self.number = self.sink.count_connection()
        try:
            if self.sink.tls:
                self.start_tls(self.sink.tls)
            if self.say_for("CONNECT", "220 sink ready"):
                self.talk()
        except (Gone, OSError):
            pass
        finally:
            self.reader.close()
            self.request.close()

    def start_tls(self, files):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        self.request = context.wrap_socket(self.request, server_side=True)
        self.tls = True
        self.reader = self.request.makefile("rb")

    def line(self):
        line = self.reader.readline()
        if not line.endswith(b"\n"):
            raise Gone()
        self.sink.lines.append(line)
        return line.rstrip(b"\r\n").decode("utf-8", "replace")

    def say(self, reply):
        self.request.sendall(reply.encode() + b"\r\n")

    def reply_for(self, verb, reply):
        """The scripted reply for the verb, or this one."""
        script = self.sink.fail.get(verb)
        if isinstance(script, list):
            script = script.pop(0) if script else None
        reply = script or reply
        if reply == "drop":
            raise Gone()
        if reply == "hang":
            self.sink.closing.wait(60)
            raise Gone()
        return reply

    def say_for(self, verb, reply):
        """True when it is not a refusal."""
        reply = self.reply_for(verb, reply)
        self.say(reply)
        return reply[0] in "23"

    def ehlo(self, rest):
        self.helo = rest
        offers = ["sink"] + self.sink.extensions
        if self.sink.starttls and not self.tls:
            offers.append("STARTTLS")
        if self.sink.user and (self.tls or not self.sink.starttls):
            offers.append("AUTH " + self.sink.mechanisms)
        lines = ["250%s%s" % ("-" if i + 1 < len(offers) else " ", o) for i, o in enumerate(offers)]
        self.say_for("EHLO", "\r\n".join(lines))

    def auth(self, rest):
        how, _, first = rest.partition(" ")
        if how.upper() == "PLAIN":
            if not first:
                self.say("334 ")
                first = self.line()
            _, user, password = base64.b64decode(first).decode().split("\0")
        else:
            self.say("334 " + base64.b64encode(b"Username:").decode())
            user = base64.b64decode(self.line()).decode()
            self.say("334 " + base64.b64encode(b"Password:").decode())
            password = base64.b64decode(self.line()).decode()
        if (user, password) != (self.sink.user, self.sink.password):
            self.say("535 5.7.8 wrong name or password")
        elif self.say_for("AUTH", "235 welcome"):
            self.login = user

    def body(self):
        """Up to the line with a dot alone; checks that every line ends as it must."""
        text = b""
        while True:
            self.line()
            raw = self.sink.lines[-1]
            if not raw.endswith(b"\r\n"):
                self.sink.faults.append("bare LF in a message")
            if raw == b".\r\n":
                return text
            text += raw[1:] if raw.startswith(b".") else raw

    def talk(self):
        sender, recipients = None, []
        while True:
            verb, _, rest = self.line().partition(" ")
            verb = verb.upper()
            if verb in ("EHLO", "HELO"):
                self.ehlo(rest)
            elif verb == "STARTTLS" and self.sink.starttls and not self.tls:
                if self.say_for("STARTTLS", "220 go on"):
                    self.start_tls(self.sink.starttls)
            elif verb == "AUTH" and self.sink.user:
                self.auth(rest)
            elif verb == "MAIL":
                if self.sink.user and not self.login:
                    self.say("530 5.7.0 log in first")
                elif self.say_for("MAIL", "250 ok"):
                    sender, recipients = rest[5:].split(">")[0].lstrip("<"), []
            elif verb == "RCPT" and sender is not None:
                if self.say_for("RCPT", "250 ok"):
                    recipients.append(rest[3:].split(">")[0].lstrip("<"))
            elif verb == "DATA" and recipients:
                if self.say_for("DATA", "354 go on"):
                    text = self.body()
                    reply = self.reply_for("BODY", "250 taken")
                    if reply[0] == "2":
                        self.sink.keep(Mail(sender, recipients, text, self.tls, self.login,
                                            self.helo, self.number))
                    self.say(reply)
                sender, recipients = None, []
            elif verb == "RSET":
                sender, recipients = None, []
                self.say("250 ok")
            elif verb == "NOOP":
                self.say("250 ok")
            elif verb == "QUIT":
                self.say_for("QUIT", "221 bye")
                return
            else:
                self.say("503 not now")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # a client that hangs up in the middle is part of the tests


class SmtpSink:
    def __init__(self, port=0, host="127.0.0.1", starttls=None, tls=None, user=None, password=None,
                 mechanisms="LOGIN PLAIN", folder=None):
        """starttls, tls: (certificate file, key file). tls: from the first byte."""
        self.starttls, self.tls = starttls, tls
        self.user, self.password, self.mechanisms = user, password, mechanisms
        self.folder = folder
        self.extensions = ["8BITMIME", "SMTPUTF8"]
        self.fail = {}  # verb -> reply, or list of replies for the next times
        self.mails, self.lines, self.faults = [], [], []
        self.connections = 0
        self.closing = threading.Event()
        self.changed = threading.Condition()
        self.server = Server((host, port), Session)
        self.server.sink = self
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def count_connection(self):
        with self.changed:
            self.connections += 1
            return self.connections

    def keep(self, mail):
        with self.changed:
            self.mails.append(mail)
            if self.folder:
                base = os.path.join(self.folder, str(len(self.mails)))
                with open(base + ".eml", "wb") as f:
                    f.write(mail.text)
                with open(base + ".json", "w", encoding="utf-8") as f:
                    json.dump({k: v for k, v in asdict(mail).items() if k != "text"}, f)
            self.changed.notify_all()

    def wait(self, count, seconds=10):
        """True when `count` mails have come in time."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.mails) >= count, seconds)

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def main():
    p = argparse.ArgumentParser(description="A mail server for tests.")
    p.add_argument("--dir")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--starttls", action="store_true")
    p.add_argument("--tls", action="store_true")
    p.add_argument("--cert")
    p.add_argument("--key")
    p.add_argument("--user")
    p.add_argument("--password")
    p.add_argument("--fail", action="append", default=[], metavar="VERB=REPLY")
    a = p.parse_args()
    files = (a.cert, a.key)
    sink = SmtpSink(port=a.port, starttls=files if a.starttls else None,
                    tls=files if a.tls else None, user=a.user, password=a.password, folder=a.dir)
    for f in a.fail:
        verb, reply = f.split("=", 1)
        sink.fail[verb] = reply
    print(sink.port, flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
