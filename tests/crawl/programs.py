"""What the tests of the programs have in common."""

import http.server
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

CRAWL, SERVE = sys.argv[1:3]


def run(*arguments, **more):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **more)


def is_sound(database):
    with sqlite3.connect(database) as result:
        return result.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def outcomes(database):
    with sqlite3.connect(database) as result:
        return dict(result.execute("SELECT url, outcome FROM pages"))


class InFolder(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.database = str(self.folder / "result.db")


class Serving:
    """`serve` on a folder."""

    def __init__(self, folder, *options):
        self.process = subprocess.Popen(
            [SERVE, "--root", str(folder), "--port", "0", *options], stdout=subprocess.PIPE, text=True
        )
        self.line = self.process.stdout.readline()
        self.url = self.line.split()[-1]
        self.port = int(self.url.rstrip("/").rsplit(":", 1)[1])

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.stdout.close()
        return self.process.wait(timeout=30)


class Slow(http.server.BaseHTTPRequestHandler):
    """A front page of twenty links, whose answers wait for `go_on`."""

    protocol_version = "HTTP/1.1"
    asked = threading.Event()
    go_on = threading.Event()

    def do_GET(self):
        body = b"<title>slow</title>"
        if self.path == "/robots.txt":
            body = b""
        elif self.path == "/":
            body = b"".join(b"<a href=/%d>x</a>" % i for i in range(20))
        else:
            Slow.asked.set()
            Slow.go_on.wait(timeout=60)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class SlowServer(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # a client that was stopped is gone in the middle of anything


class SlowCrawl(InFolder):
    def crawl_slow_server(self, *options, stderr=subprocess.PIPE, **more):
        """Starts a crawl, three fetches at a time, and waits until some wait for `Slow.go_on`."""
        Slow.asked.clear()
        Slow.go_on.clear()
        server = SlowServer(("127.0.0.1", 0), Slow)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.addCleanup(Slow.go_on.set)
        url = f"http://127.0.0.1:{server.server_port}/"
        crawl = subprocess.Popen(
            [CRAWL, url, "--allow-private", "--output", self.database, "--concurrency", "3", *options],
            stdout=subprocess.PIPE, stderr=stderr, text=True, **more,
        )
        self.addCleanup(lambda: crawl.poll() is None and crawl.kill())
        self.assertTrue(Slow.asked.wait(timeout=60))
        return crawl
