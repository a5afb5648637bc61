#!/usr/bin/env python3
"""Runs the programs `crawl` and `serve` as a user does.

usage: programs_test.py CRAWL SERVE [unittest options]
"""

import ctypes
import errno
import http.client
import os
import platform
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
from programs import CRAWL, SERVE, InFolder, Serving, Slow, SlowCrawl, is_sound, outcomes, run  # noqa: E402


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
    install_filter(program, set_no_new_privileges, set_seccomp)


def install_filter(program, set_no_new_privileges, set_seccomp):
    kept = ctypes.create_string_buffer(program)
    described = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(kept)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(set_no_new_privileges, 1, 0, 0, 0) or libc.prctl(set_seccomp, 2, described):
        raise OSError(ctypes.get_errno(), "cannot install a filter of system calls")


def without_new_filters():
    """This process is on a kernel that has filters of system calls, and may not have one more."""
    load, equal, give = 0x20, 0x15, 0x06
    set_no_new_privileges, set_seccomp = 38, 22
    seccomp, prctl, allow, denied = 317, 157, 0x7FFF0000, 0x00050000 | errno.EACCES
    program = b"".join(struct.pack("=HBBI", *instruction) for instruction in (
        (load, 0, 0, 0), (equal, 0, 2, seccomp), (load, 0, 0, 16), (equal, 4, 3, 1),
        (equal, 0, 2, prctl), (load, 0, 0, 16), (equal, 1, 0, set_seccomp),
        (give, 0, 0, allow), (give, 0, 0, denied),
    ))
    install_filter(program, set_no_new_privileges, set_seccomp)


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

    def test_the_log_has_every_request_once_it_is_answered(self):
        log = self.folder / "log"
        log.write_text("/before\n")
        server = Serving(self.folder, "--log", str(log))
        self.addCleanup(server.stop)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self.addCleanup(connection.close)
        expected = "/before\n"
        for target in ("/", "/missing?x=%20", "/"):
            connection.request("GET", target)
            connection.getresponse().read()
            expected += target + "\n"
            self.assertEqual(log.read_text(), expected)

    def test_a_log_that_cannot_be_written_is_told(self):
        log = str(self.folder / "none/log")
        result = run(SERVE, "--root", str(self.folder), "--port", "0", "--log", log)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"cannot write the log {log}: No such file or directory", result.stderr)

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

    def test_an_answer_that_is_delayed_keeps_nobody_else_waiting(self):
        log = self.folder / "log"
        os.mkfifo(log)
        asked = os.open(log, os.O_RDWR)
        self.addCleanup(os.close, asked)
        server = Serving(self.folder, "--delay", "60000", "--log", str(log))
        self.addCleanup(server.stop)
        for i in range(5):  # nobody has an answer, and each is heard all the same
            client = socket.create_connection(("127.0.0.1", server.port), timeout=30)
            self.addCleanup(client.close)
            client.sendall(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % i)
            ready, _, _ = select.select([asked], [], [], 30)
            self.assertTrue(ready, f"request {i} waits for those before it")
            self.assertEqual(os.read(asked, 100), b"/%d\n" % i)

    @unittest.skipUnless(platform.machine() == "x86_64", "the filter is one for x86-64")
    def test_where_the_kernel_has_no_sandbox_pages_are_parsed_all_the_same_and_it_is_told(self):
        result = run(CRAWL, self.server.url, "--allow-private", "--output", self.database, preexec_fn=without_filters)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("note: this kernel has no filters of system calls", result.stdout)
        self.assertEqual(outcomes(self.database)[self.server.url + "sub/"], "fetched")

    @unittest.skipUnless(platform.machine() == "x86_64", "the filter is one for x86-64")
    def test_a_sandbox_that_the_kernel_refuses_is_told(self):
        result = run(CRAWL, self.server.url, "--allow-private", "--output", self.database,
                     preexec_fn=without_new_filters)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("note: pages were parsed without a sandbox: the kernel refuses", result.stdout)
        self.assertEqual(outcomes(self.database)[self.server.url + "sub/"], "fetched")


class CrawlTest(SlowCrawl):
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
