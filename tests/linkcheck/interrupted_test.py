#!/usr/bin/env python3
"""Stops `linkcheck` at work, asks it where it is, and has it go on.

usage: interrupted_test.py LINKCHECK [unittest options]
"""

import json
import os
import signal
import subprocess
import sys
import threading
import unittest

sys.dont_write_bytecode = True
from checking import LINKCHECK, InFolder, not_checked_in, run  # noqa: E402


class InterruptedTest(InFolder):
    def setUp(self):
        super().setUp()
        self.waited_for = threading.Event()
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)
        self.kept = self.beside / "kept.db"

    def slow_site(self, pages):
        """Answers for /slow only once `go_on` is set."""

        def before(path):
            if path == "/slow":
                self.waited_for.set()
                self.go_on.wait(timeout=60)

        return self.site({"/slow": "x", **pages}, before)

    def start(self, site, *options):
        """Starts a check, and waits until it waits for /slow."""
        arguments = self.arguments(site, *options)
        check = subprocess.Popen([LINKCHECK, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 env={**os.environ, "TMPDIR": str(self.beside)})
        self.addCleanup(lambda: check.poll() is None and check.kill())
        self.assertTrue(self.waited_for.wait(timeout=60))
        return check

    @staticmethod
    def arguments(site, *options):
        return [site.url, "--allow-private", "--concurrency", "1", *map(str, options)]

    def read_until(self, check, words):
        while words not in (line := check.stderr.readline()):
            self.assertNotEqual(line, "", f"it ended without: {words}")
        return line

    def front_page(self):
        return self.slow_site({"/": "<a href=slow>x</a><a href=after>x</a>", "/after": "x"})

    def test_a_signal_ends_what_is_in_flight_and_tells_what_was_found(self):
        for sent, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            self.go_on.clear()
            self.waited_for.clear()
            site = self.front_page()
            check = self.start(site)
            check.send_signal(sent)
            self.read_until(check, "stopping when 1 in flight are done")
            self.go_on.set()
            output, _ = check.communicate(timeout=60)
            self.assertEqual(check.returncode, status)
            self.assertIn(f"not checked: 1 URL\n  1 cancelled\n    {site.url}/after\n", output)
            self.assertTrue(output.splitlines()[-1].startswith("interrupted: 2 pages, "), output)
            self.assertEqual([path.name for path in self.beside.iterdir()], ["site"])

    def test_a_second_signal_ends_it_at_once(self):
        check = self.start(self.front_page())
        check.send_signal(signal.SIGINT)
        self.read_until(check, "stopping")
        check.send_signal(signal.SIGINT)
        check.communicate(timeout=60)
        self.assertEqual(check.returncode, -signal.SIGINT)

    def test_its_state_can_be_asked_for_also_while_other_hosts_are_asked(self):
        check = self.start(self.front_page())
        check.send_signal(signal.SIGUSR1)
        self.read_until(check, "URLs by outcome:")
        self.go_on.set()
        check.communicate(timeout=60)
        self.assertEqual(check.returncode, 0)
        self.go_on.clear()
        self.waited_for.clear()
        other = self.slow_site({})
        check = self.start(self.site({"/": f"<a href={other.url}/slow>x</a>"}), "--external", "--quiet")
        check.send_signal(signal.SIGUSR1)
        self.read_until(check, "asking other hosts: ")
        self.go_on.set()
        self.assertIn("1 URL of other hosts: nothing is broken", check.communicate(timeout=60)[0])
        self.assertEqual(check.returncode, 0)

    def test_other_hosts_that_were_not_asked_yet_are_told_when_it_is_interrupted(self):
        other = self.slow_site({"/after": "x"})
        site = self.site({"/": f"<a href={other.url}/slow>x</a><a href={other.url}/after>x</a>"})
        check = self.start(site, "--external", "--json")
        check.send_signal(signal.SIGINT)
        self.read_until(check, "stopping")
        self.go_on.set()
        told = json.loads(check.communicate(timeout=60)[0])
        self.assertEqual((check.returncode, told["external"], told["interrupted"]), (130, 1, True))
        self.assertEqual(told["not_checked"], [{"page": other.url + "/after", "reason": "cancelled"}])
        self.assertEqual(other.asked["/after"], 0)

    def interrupted(self, site):
        check = self.start(site, "-o", self.kept)
        check.send_signal(signal.SIGINT)
        self.read_until(check, "stopping")
        self.go_on.set()
        check.communicate(timeout=60)
        self.assertEqual(check.returncode, 130)

    def test_the_same_command_goes_on_and_asks_for_nothing_twice(self):
        site = self.front_page()
        self.interrupted(site)
        result = run(*self.arguments(site, "-o", self.kept, "--json"))
        self.assertEqual((result.returncode, not_checked_in(result)), (0, {}), result.stderr)
        self.assertEqual(json.loads(result.stdout)["pages"], 3)
        self.assertEqual({path: site.asked[path] for path in ("/", "/slow", "/after")}, {"/": 1, "/slow": 1, "/after": 1})

    def test_another_command_does_not_drop_what_is_not_complete_without_a_word(self):
        site = self.front_page()
        self.interrupted(site)
        result = run(*self.arguments(site, "-o", self.kept, "--depth", "9"))
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("it holds a crawl that is not complete", result.stderr)
        self.assertEqual(run(*self.arguments(site, "-o", self.kept, "--depth", "9", "--restart")).returncode, 0)
        self.assertEqual(site.asked["/"], 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
