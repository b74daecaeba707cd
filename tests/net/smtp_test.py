#!/usr/bin/env python3
"""The SMTP client against a real socket: plain, STARTTLS, TLS, log-in, every kind of refusal.

    smtp_test.py MAIL_PROBE
"""
import os
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from smtp_sink import SmtpSink, cert  # noqa: E402

PROBE = sys.argv.pop(1)
MESSAGE = b"From: a@example.com\r\nSubject: test\r\n\r\n.one\r\n..two\r\nthree\r\n.\r\nend\r\n"


def send(sink, *options, scheme="smtp", to="you@example.com", count=1, message=MESSAGE, port=None):
    url = "%s://127.0.0.1:%d" % (scheme, port or sink.port)
    out = subprocess.run([PROBE, url, "me@example.com", to, str(count), *options], input=message,
                         stdout=subprocess.PIPE, check=True, timeout=60).stdout.decode()
    lines = [line.split(" ", 2) for line in out.splitlines()]
    assert len(lines) == count, out
    return [(r, int(code)) for r, code, _ in lines] if count > 1 else (lines[0][0],
                                                                         int(lines[0][1]))


class Plain(unittest.TestCase):
    def test_a_mail_arrives_as_it_was(self):
        with SmtpSink() as sink:
            self.assertEqual(send(sink), ("ok", 250))
            mail = sink.mails[0]
            self.assertEqual(mail.sender, "me@example.com")
            self.assertEqual(mail.recipients, ["you@example.com"])
            self.assertEqual(mail.text, MESSAGE)
            self.assertFalse(mail.tls)
            self.assertEqual(sink.faults, [])

    def test_a_large_mail(self):
        big = b"Subject: big\r\n\r\n" + b".0123456789\r\n" * 50000
        with SmtpSink() as sink:
            self.assertEqual(send(sink, message=big), ("ok", 250))
            self.assertEqual(sink.mails[0].text, big)

    def test_several_mails(self):
        with SmtpSink() as sink:
            self.assertEqual(send(sink, count=5), [("ok", 250)] * 5)
            self.assertEqual(len(sink.mails), 5)

    def test_no_message_can_end_early(self):
        with SmtpSink() as sink:
            bad = b"Subject: x\r\n\r\na\n.\nMAIL FROM:<x@y>\r.\rb\n.\r\n\r.\r\nend"
            self.assertEqual(send(sink, message=bad), ("ok", 250))
            self.assertEqual(sink.faults, [])
            self.assertEqual(len(sink.mails), 1)
            self.assertEqual(sink.mails[0].text, b"Subject: x\r\n\r\na\r\n.\r\nMAIL FROM:<x@y>\r\n"
                             b".\r\nb\r\n.\r\n\r\n.\r\nend\r\n")

    def test_addresses_beyond_ascii(self):
        with SmtpSink() as sink:
            self.assertEqual(send(sink, to="jörg@example.com"), ("ok", 250))
            self.assertIn(b"MAIL FROM:<me@example.com> SMTPUTF8\r\n", sink.lines)
            sink.extensions.remove("SMTPUTF8")
            self.assertEqual(send(sink, to="jörg@example.com"), ("protocol", 553))

    def test_eight_bit_text(self):
        with SmtpSink() as sink:
            self.assertEqual(send(sink, message="Subject: ü\r\n\r\nü\r\n".encode()), ("ok", 250))
            self.assertIn(b"MAIL FROM:<me@example.com> BODY=8BITMIME\r\n", sink.lines)

    def test_after_a_refusal_the_next_mail_goes_out(self):
        with SmtpSink() as sink:
            sink.fail["RCPT"] = ["550 nobody here"]
            self.assertEqual(send(sink, count=2), [("protocol", 550), ("ok", 250)])

    def test_addresses_cannot_inject(self):
        with SmtpSink() as sink:
            for to in ("a@b>\r\nRCPT TO:<c@d", "a b@c", "<a@b", "", "a\x7f@b"):
                self.assertEqual(send(sink, to=to), ("protocol", 553))
            self.assertEqual(sink.connections, 0)


class Refusals(unittest.TestCase):
    """The reply code decides between giving up and trying again, so it must be the right one."""

    def test_each_step(self):
        for verb in ("MAIL", "RCPT", "DATA", "BODY"):
            for code in (421, 450, 451, 452, 550, 552, 554):
                with self.subTest(verb=verb, code=code), SmtpSink() as sink:
                    sink.fail[verb] = "%d no" % code
                    result, got = send(sink)
                    self.assertNotEqual(result, "ok")
                    self.assertEqual(got, code)
                    self.assertEqual(sink.mails, [])

    def test_greeting(self):
        for code in (421, 554):
            with self.subTest(code=code), SmtpSink() as sink:
                sink.fail["CONNECT"] = "%d no" % code
                result, got = send(sink)
                self.assertNotEqual(result, "ok")
                self.assertIn(got, (0, code))

    def test_no_answer(self):
        for verb in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY"):
            with self.subTest(verb=verb), SmtpSink() as sink:
                sink.fail[verb] = "hang"
                self.assertEqual(send(sink, "--timeout", "300"), ("timeout", 0))

    def test_nonsense_for_a_reply(self):
        for reply in ("hello", "99 x", "2500 x", "x" * 10000):
            with self.subTest(reply=reply[:9]), SmtpSink() as sink:
                sink.fail["RCPT"] = reply
                self.assertEqual(send(sink), ("protocol", 0))

    def test_hanging_up(self):
        for verb in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY"):
            with self.subTest(verb=verb), SmtpSink() as sink:
                sink.fail[verb] = "drop"
                result, got = send(sink)
                self.assertIn(result, ("protocol", "connect"))
                self.assertEqual(got, 0)

    def test_nobody_listens(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.assertEqual(send(None, port=s.getsockname()[1]), ("connect", 0))

    def test_refusing_quit_does_not_matter(self):
        with SmtpSink() as sink:
            for reply in ("500 no", "drop", "hang"):
                sink.fail["QUIT"] = reply
                self.assertEqual(send(sink), ("ok", 250))


class Secure(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.files = cert(cls.folder.name)
        cls.ca = ("--ca", cls.files[0])

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_starttls_is_used_when_offered(self):
        with SmtpSink(starttls=self.files) as sink:
            self.assertEqual(send(sink), ("ok", 250))
            self.assertTrue(sink.mails[0].tls)

    def test_required_starttls(self):
        with SmtpSink(starttls=self.files) as sink:
            self.assertEqual(send(sink, "--require-tls", *self.ca), ("ok", 250))
            self.assertTrue(sink.mails[0].tls)

    def test_required_but_not_offered(self):
        with SmtpSink() as sink:
            result, _ = send(sink, "--require-tls")
            self.assertEqual(result, "tls")
            self.assertEqual(sink.mails, [])

    def test_required_with_a_foreign_certificate(self):
        with SmtpSink(starttls=self.files) as sink:
            self.assertEqual(send(sink, "--require-tls"), ("tls", 0))
            self.assertEqual(sink.mails, [])

    def test_tls_from_the_start(self):
        with SmtpSink(tls=self.files) as sink:
            self.assertEqual(send(sink, *self.ca, scheme="smtps"), ("ok", 250))
            self.assertTrue(sink.mails[0].tls)
            self.assertEqual(send(sink, scheme="smtps"), ("tls", 0))
            self.assertEqual(len(sink.mails), 1)

    def test_a_password_is_not_sent_to_an_unproven_relay(self):
        with SmtpSink(starttls=self.files, user="u", password="p") as sink:
            result, _ = send(sink, "--user", "u", "--password", "p")
            self.assertEqual(result, "tls")
            self.assertFalse(any(b"AUTH" in line for line in sink.lines))

    def test_login_over_starttls(self):
        with SmtpSink(starttls=self.files, user="u", password="secret") as sink:
            self.assertEqual(send(sink, "--user", "u", "--password", "secret", *self.ca),
                             ("ok", 250))
            self.assertEqual((sink.mails[0].login, sink.mails[0].tls), ("u", True))

    def test_login_by_each_mechanism(self):
        for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5 NTLM LOGIN"):
            with self.subTest(mechanism), SmtpSink(user="u", password="p",
                                                   mechanisms=mechanism) as sink:
                self.assertEqual(send(sink, "--user", "u", "--password", "p"), ("ok", 250))
                self.assertEqual(sink.mails[0].login, "u")

    def test_wrong_password(self):
        with SmtpSink(user="u", password="p") as sink:
            self.assertEqual(send(sink, "--user", "u", "--password", "x"), ("auth", 535))

    def test_login_wanted_but_not_given(self):
        with SmtpSink(user="u", password="p") as sink:
            self.assertEqual(send(sink), ("protocol", 530))


if __name__ == "__main__":
    unittest.main(verbosity=1)
