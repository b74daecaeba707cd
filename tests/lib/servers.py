"""Starting and ending servers in tests and benchmarks: ours, and nginx for comparison."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

NGINX = "/usr/sbin/nginx"


def have_nginx():
    return os.access(NGINX, os.X_OK)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("nothing listens on port %d" % port)


class Program:
    """A program that prints its port as its first line."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("%s did not start" % command[0])
        self.port = int(line)
        self.pids = [self.process.pid]

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Nginx:
    """nginx with its own prefix and configuration on a free port; `server` is the body of the
    server block, `http` what stands beside it. workers=1: master and worker in one process."""

    def __init__(self, server, http="", workers=1):
        self.folder = tempfile.mkdtemp(prefix="nginx-")
        self.port = free_port()
        for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
            os.mkdir(os.path.join(self.folder, name))
        config = os.path.join(self.folder, "nginx.conf")
        with open(config, "w", encoding="ascii") as f:
            f.write("""
daemon off;
%s
worker_processes %d;
pid %s/pid;
error_log %s/error.log error;
events { worker_connections 16384; }
http {
    access_log off;
    server_tokens off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    keepalive_requests 1000000000;
    %s
    server {
        listen 127.0.0.1:%d;
        %s
    }
}
""" % ("master_process off;" if workers == 1 else "user root;" if os.getuid() == 0 else "", workers,
                self.folder, self.folder, http, self.port, server))
        self.process = subprocess.Popen(
            [NGINX, "-p", self.folder, "-c", config, "-e", os.path.join(self.folder, "error.log")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for_port(self.port)
        except RuntimeError:
            with open(os.path.join(self.folder, "error.log"), encoding="utf-8") as f:
                log = f.read()
            self.close()
            raise RuntimeError("nginx did not start: " + log) from None
        children = "/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)
        with open(children, encoding="ascii") as f:
            self.pids = [self.process.pid] + [int(p) for p in f.read().split()]

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def cpu_seconds(pids):
    """User and system time these processes have used so far."""
    total = 0
    for pid in pids:
        with open("/proc/%d/stat" % pid, encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")
