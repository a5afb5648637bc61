"""What the tests of the program `linkcheck` have in common."""

import collections
import http.server
import json
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

LINKCHECK = sys.argv[1]

NO_PLACE = "no such place in the page"


def run(*arguments):
    return subprocess.run(
        [LINKCHECK, *map(str, arguments)], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )


def broken_in(result):
    """(page, link) -> problem of everything that a run with --json told."""
    return {(b["page"], b["link"]): b["problem"] for b in json.loads(result.stdout)["broken"]}


def not_checked_in(result):
    """page -> reason of everything that a run with --json told."""
    return {u["page"]: u["reason"] for u in json.loads(result.stdout)["not_checked"]}


def answer_of(page):
    """Status, headers and body."""
    if page is None:
        return 404, {}, b""
    if isinstance(page, tuple):
        return page
    if page.startswith("->"):
        return 302, {"Location": page[2:]}, b""
    return 200, {"Content-Type": "text/html; charset=utf-8"}, page.encode()


class Site:
    """Pages by path: HTML, a redirect where it begins with `->`, or status, headers and body. `before` is called with each path that
    is asked for, before the answer. Counts what it is asked for."""

    def __init__(self, pages, before=lambda path: None):
        asked = self.asked = collections.Counter()
        self.pages = pages

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                asked[self.path] += 1
                before(self.path)
                status, headers, body = answer_of(pages.get(self.path))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # a check that is stopped hangs up
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.host}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class InFolder(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name) / "site"
        self.folder.mkdir()
        self.beside = Path(scratch.name)

    def site(self, pages, *more):
        site = Site(pages, *more)
        self.addCleanup(site.close)
        return site
