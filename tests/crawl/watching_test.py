#!/usr/bin/env python3
"""Watches `crawl` at work: on a terminal, by a program, and not at all.

usage: watching_test.py CRAWL SERVE [unittest options]
"""

import errno
import fcntl
import json
import os
import pty
import re
import signal
import socket
import struct
import sys
import termios
import unittest

sys.dont_write_bytecode = True
from programs import CRAWL, Slow, SlowCrawl, run  # noqa: E402


class WatchingTest(SlowCrawl):
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
        self.assertGreater(seen.rindex("\x1b[5A\x1b[J", 0, above), 0)  # it stands where the lines were
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
        self.assertEqual((first["in_flight"], first["hosts"]), (3, 1))
        host = first["busiest"][0]
        self.assertEqual((host["in_flight"], host["limit"], host["queued"], host["delay_ms"]), (3, 3, 17, 0))
        self.assertGreaterEqual(first["connections"], 1)
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


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
