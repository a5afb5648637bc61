#!/usr/bin/env python3
"""Runs the programs `crawl` and `serve` as a user does.

usage: programs_test.py CRAWL SERVE [unittest options]
"""

import ctypes
import errno
import fcntl
import http.client
import http.server
import json
import os
import platform
import pty
import re
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest
from pathlib import Path

CRAWL, SERVE = sys.argv[1:3]


class Serving:
    """`serve` on a folder."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [SERVE, "--root", str(folder), "--port", "0"], stdout=subprocess.PIPE, text=True
        )
        self.line = self.process.stdout.readline()
        self.url = self.line.split()[-1]
        self.port = int(self.url.rstrip("/").rsplit(":", 1)[1])

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.stdout.close()
        return self.process.wait(timeout=30)


def run(*arguments, **more):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **more)


def without_filters():
    """From here on this process is on a kernel without seccomp(2): a filter of system calls says so."""
    load, equal, give = 0x20, 0x15, 0x06
    set_no_new_privileges, get_seccomp, set_seccomp = 38, 21, 22
    seccomp, prctl, allow, no_such_call = 317, 157, 0x7FFF0000, 0x00050000 | errno.ENOSYS
    program = b"".join(struct.pack("=HBBI", *instruction) for instruction in (
        (load, 0, 0, 0), (equal, 5, 0, seccomp), (equal, 0, 3, prctl),
        (load, 0, 0, 16), (equal, 2, 0, get_seccomp), (equal, 1, 0, set_seccomp),
        (give, 0, 0, allow), (give, 0, 0, no_such_call),
    ))
    kept = ctypes.create_string_buffer(program)
    described = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(kept)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(set_no_new_privileges, 1, 0, 0, 0) or libc.prctl(set_seccomp, 2, described):
        raise OSError(ctypes.get_errno(), "cannot take the filters away")


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


class ServeTest(InFolder):
    def setUp(self):
        super().setUp()
        (self.folder / "sub").mkdir()
        (self.folder / "index.html").write_text("<a href=sub>sub</a>")
        (self.folder / "sub/index.html").write_text("in sub")
        (self.folder / "large.bin").write_bytes(bytes(range(256)) * 8192)
        self.server = Serving(self.folder)
        self.addCleanup(lambda: self.server.process.poll() is None and self.server.stop())
        self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        self.addCleanup(self.connection.close)

    def ask(self, method, target, **more):
        self.connection.request(method, target, **more)
        response = self.connection.getresponse()
        return response, response.read()

    def test_says_where_it_is(self):
        self.assertEqual(self.server.line, f"serving {self.folder} on http://127.0.0.1:{self.server.port}/\n")

    def test_one_connection_serves_many_requests(self):
        _, body = self.ask("GET", "/")
        first = self.connection.sock
        response, other = self.ask("GET", "/sub/index.html")
        self.assertIs(self.connection.sock, first)
        self.assertEqual((body, other), (b"<a href=sub>sub</a>", b"in sub"))
        self.assertEqual(response.getheader("Content-Type"), "text/html")

    def test_large_files_arrive_whole(self):
        _, body = self.ask("GET", "/large.bin")
        self.assertEqual(body, (self.folder / "large.bin").read_bytes())

    def test_head_gives_the_head_of_get(self):
        got, _ = self.ask("GET", "/large.bin")
        head, body = self.ask("HEAD", "/large.bin")
        self.assertEqual((head.status, head.getheaders(), body), (200, got.getheaders(), b""))
        self.assertEqual(self.ask("GET", "/sub/")[1], b"in sub")

    def test_what_is_not_there_and_what_may_not_be_done(self):
        self.assertEqual(self.ask("GET", "/missing")[0].status, 404)
        response, _ = self.ask("DELETE", "/index.html")
        self.assertEqual((response.status, response.getheader("Allow")), (405, "GET, HEAD"))
        self.assertEqual(self.ask("GET", "/sub")[0].getheader("Location"), "/sub/")

    def test_nothing_outside_the_root_is_served(self):
        for target in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/sub/../../x"):
            self.assertIn(self.ask("GET", target)[0].status, (400, 404), target)

    def test_garbage_is_a_bad_request(self):
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=30) as raw:
            raw.sendall(b"nonsense\r\n\r\n")
            received = b"".join(iter(lambda: raw.recv(4096), b""))
        self.assertTrue(received.startswith(b"HTTP/1.1 400 "), received)

    def test_ends_when_asked_though_connections_are_open(self):
        self.ask("GET", "/")
        self.assertEqual(self.server.stop(signal.SIGINT), 130)

    def test_a_port_in_use_is_told(self):
        result = run(SERVE, "--root", str(self.folder), "--port", str(self.server.port))
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"cannot listen on 127.0.0.1 port {self.server.port}", result.stderr)

    def test_a_missing_folder_is_told(self):
        result = run(SERVE, "--root", str(self.folder / "none"), "--port", "0")
        self.assertEqual(result.returncode, 1)
        self.assertIn("none", result.stderr)

    def test_its_folder_can_be_crawled(self):
        (self.folder / "sub/index.html").write_text("<img src=../large.bin><a href=/gone>gone</a>")
        result = run(CRAWL, self.server.url, "--allow-private", "--output", self.database)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("broken links: 1", result.stdout)
        self.assertIn(f"{self.server.url}gone (404)\n    from {self.server.url}sub/", result.stdout)
        again = run(CRAWL, self.server.url, "--allow-private", "--output", self.database, "--fail-on-broken",
                    "--report", str(self.folder / "report.html"))
        self.assertEqual(again.returncode, 8)
        self.assertIn("<h2>Broken links</h2>", (self.folder / "report.html").read_text())
        expected = {self.server.url + path: "fetched" for path in ("", "sub", "sub/", "large.bin", "gone")}
        self.assertEqual(outcomes(self.database), expected)


    def test_a_site_that_is_computed_can_be_crawled(self):
        server = subprocess.Popen([SERVE, "--synthetic", "300", "--port", "0"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        url = server.stdout.readline().split()[-1]
        self.assertEqual(run(CRAWL, url, "--allow-private", "--output", self.database).returncode, 0)
        expected = {url: "fetched"} | {f"{url}p/{i}": "fetched" for i in range(1, 300)}
        self.assertEqual(outcomes(self.database), expected)

    def test_no_answer_comes_before_the_delay_that_is_asked_for(self):
        late = subprocess.Popen([SERVE, "--synthetic", "2", "--port", "0", "--delay", "200"],
                                stdout=subprocess.PIPE, text=True)
        self.addCleanup(late.stdout.close)
        self.addCleanup(late.wait)
        self.addCleanup(late.terminate)
        port = int(late.stdout.readline().rstrip("/\n").rsplit(":", 1)[1])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.addCleanup(connection.close)
        for _ in range(2):
            began = time.monotonic()
            connection.request("GET", "/")
            response = connection.getresponse()
            response.read()
            self.assertEqual(response.status, 200)
            self.assertGreaterEqual(time.monotonic() - began, 0.2)

    @unittest.skipUnless(platform.machine() == "x86_64", "the filter is one for x86-64")
    def test_where_the_kernel_has_no_sandbox_pages_are_parsed_all_the_same_and_it_is_told(self):
        result = run(CRAWL, self.server.url, "--allow-private", "--output", self.database, preexec_fn=without_filters)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("note: this kernel has no filters of system calls", result.stdout)
        self.assertEqual(outcomes(self.database)[self.server.url + "sub/"], "fetched")


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


class CrawlTest(InFolder):
    def crawl_slow_server(self, *options, stderr=subprocess.PIPE, **more):
        """Starts a crawl, three fetches at a time, and waits until some wait for `Slow.go_on`."""
        Slow.asked.clear()
        Slow.go_on.clear()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
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

    def crawl_on_terminal(self, **environment):
        """What a terminal of 40 columns gets while the crawl runs and is asked for its state."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
        crawl = self.crawl_slow_server(stderr=slave, env={**os.environ, **environment})
        os.close(slave)
        seen = b""
        crawl.send_signal(signal.SIGUSR1)
        while b"fetched\r\n" not in seen:
            seen += os.read(master, 65536)
        Slow.go_on.set()
        try:
            while piece := os.read(master, 65536):
                seen += piece
        except OSError as error:  # what a terminal says when nobody writes to it any more
            self.assertEqual(error.errno, errno.EIO)
        os.close(master)
        self.assertIn("done: 21 pages", crawl.communicate(timeout=60)[0])
        return seen.decode()

    def test_on_a_terminal_lines_are_drawn_again_and_again_and_gone_at_the_end(self):
        seen = self.crawl_on_terminal(TERM="xterm", NO_COLOR="", LC_ALL="C.UTF-8")
        self.assertRegex(seen, r"^\r\x1b\[J\x1b\[\?7l\x1b\[1m[0-9]+ done, [0-9]+ known, 0:0[0-9] elapsed\x1b\[0m\x1b\[K\r")
        above = seen.index("URLs by outcome:")
        self.assertGreater(seen.rindex("\x1b[4A\x1b[J", 0, above), 0)  # it stands where the lines were
        self.assertIn(" connections, ", seen[above:])  # and they are below it
        self.assertRegex(seen, r"\x1b\[[0-9]A\x1b\[J$")
        frames = re.split(r"\x1b\[[?0-9;]*[A-Za-z]", seen[:above])
        self.assertLess(max(len(line.strip("\r\n")) for line in frames[:-1]), 40)
        self.assertNotIn("\x1b[1m", self.crawl_on_terminal(TERM="xterm", NO_COLOR="1"))

    def test_a_terminal_that_cannot_move_its_cursor_gets_plain_text(self):
        seen = self.crawl_on_terminal(TERM="dumb")
        self.assertNotIn("\x1b", seen)
        self.assertIn("URLs by outcome:", seen)

    def test_json_progress_tells_programs_the_state_until_the_end(self):
        crawl = self.crawl_slow_server("--json-progress")
        crawl.send_signal(signal.SIGUSR1)
        first = json.loads(crawl.stderr.readline())
        self.assertEqual((first["state"], first["done"], first["known"], first["pages"]), ("running", 1, 21, 1))
        self.assertEqual((first["in_flight"], first["connections"], first["hosts"]), (3, 3, 1))
        self.assertNotIn("left_ms", first)
        crawl.send_signal(signal.SIGINT)
        while json.loads(crawl.stderr.readline())["state"] != "stopping":
            pass
        Slow.go_on.set()
        last = [json.loads(line) for line in crawl.communicate(timeout=60)[1].splitlines()][-1]
        self.assertEqual((last["state"], last["pages"], last["in_flight"]), ("interrupted", 4, 0))

    def test_json_progress_ends_with_the_whole_and_the_last_error(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
            result = run(CRAWL, url, "--allow-private", "--retries", "0", "--output", self.database, "--json-progress")
        *progress, error = result.stderr.splitlines()
        last = json.loads(progress[-1])
        self.assertEqual((last["state"], last["done"], last["known"], last["errors"]), ("done", 1, 1, 1))
        self.assertEqual(last["last_error"], {"url": url, "why": "connection refused while connecting"})
        self.assertTrue(error.startswith("error: cannot fetch"), error)

    def test_a_quiet_crawl_says_nothing_but_its_summary(self):
        crawl = self.crawl_slow_server("--quiet")
        crawl.send_signal(signal.SIGINT)
        Slow.go_on.set()
        output, errors = crawl.communicate(timeout=60)
        self.assertEqual(errors, "")
        self.assertIn(": ", output.splitlines()[-1])
        self.assertIn(" pages, ", output)
        result = run(CRAWL, "http://127.0.0.1:9/", "--quiet", "--json-progress")
        self.assertEqual(result.returncode, 2)
        self.assertIn("--quiet excludes --json-progress", result.stderr)

    def test_ctrl_c_ends_what_is_in_flight_and_leaves_a_sound_database(self):
        crawl = self.crawl_slow_server()
        crawl.send_signal(signal.SIGUSR1)
        while "URLs by outcome:" not in (line := crawl.stderr.readline()):
            self.assertNotEqual(line, "", "it ended instead of telling its state")
        self.assertEqual(crawl.stderr.readline().split(), ["1", "fetched"])
        crawl.send_signal(signal.SIGINT)
        while "stopping" not in (line := crawl.stderr.readline()):
            self.assertNotEqual(line, "", "it ended without a word")
        Slow.go_on.set()
        output, _ = crawl.communicate(timeout=60)
        self.assertEqual(crawl.returncode, 130)
        self.assertIn("\ninterrupted: 4 pages", output)
        self.assertTrue(is_sound(self.database))
        ended = list(outcomes(self.database).values())
        self.assertEqual((ended.count("fetched"), ended.count("cancelled"), len(ended)), (4, 17, 21))

    def test_what_is_no_url_is_told(self):
        result = run(CRAWL, "not a url", "--output", self.database)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("not a url", result.stderr)
        self.assertFalse(os.path.exists(self.database))

    def test_a_file_that_cannot_be_written_is_told(self):
        for output in ("/proc/crawl.db", str(self.folder), str(self.folder / "none/crawl.db")):
            result = run(CRAWL, "http://127.0.0.1:9/", "--output", output)
            self.assertEqual(result.returncode, 1, output)
            self.assertIn(output, result.stderr)

    def test_an_address_that_is_not_public_is_refused_unless_allowed(self):
        url = "http://127.0.0.1:9/"
        result = run(CRAWL, url, "--output", self.database)
        self.assertEqual(result.returncode, 1)
        self.assertIn("refused: 127.0.0.1 is a loopback address; --allow-private allows those", result.stderr)
        self.assertEqual(outcomes(self.database), {url: "address refused"})

    def test_an_unreachable_server_is_told(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
            result = run(CRAWL, url, "--allow-private", "--output", self.database)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"cannot fetch {url}: connection refused while connecting", result.stderr)
        self.assertEqual(outcomes(self.database), {url: "network error"})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
