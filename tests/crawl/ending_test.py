#!/usr/bin/env python3
"""Crawls that are cut short when little, or all, is done.

usage: ending_test.py CRAWL SERVE [unittest options]
"""

import signal
import sys
import unittest

sys.dont_write_bytecode = True
from programs import CRAWL, InFolder, Serving, Slow, SlowCrawl, is_sound, outcomes, run  # noqa: E402


class ReportTest(InFolder):
    def test_a_report_that_could_not_be_written_is_made_by_the_same_command_without_a_fetch(self):
        (self.folder / "site").mkdir()
        (self.folder / "site/index.html").write_text("<a href=gone>gone</a>")
        log = self.folder / "log"
        server = Serving(self.folder / "site", "--log", str(log))
        self.addCleanup(server.stop)
        crawl = [CRAWL, server.url, "--allow-private", "--output", self.database, "--report"]
        report = self.folder / "made/later/report.html"
        first = run(*crawl, str(report))
        self.assertEqual(first.returncode, 1)
        self.assertIn(f"cannot write {report}", first.stderr)
        asked = log.read_text()
        report.parent.mkdir(parents=True)
        self.assertEqual(run(*crawl, str(report)).returncode, 0)
        self.assertEqual(log.read_text(), asked)
        self.assertIn("<h2>Broken links</h2>", report.read_text())
        self.assertNotIn("The crawl is not complete", report.read_text())
        self.assertEqual(run(*crawl, str(report)).returncode, 0)
        self.assertEqual(sorted(log.read_text().splitlines()), sorted(2 * asked.splitlines()))


class InterruptTest(SlowCrawl):
    def test_a_second_ctrl_c_ends_it_at_once_and_the_same_command_goes_on(self):
        crawl = self.crawl_slow_server()
        crawl.send_signal(signal.SIGINT)
        while "stopping" not in (line := crawl.stderr.readline()):
            self.assertNotEqual(line, "", "it ended without a word")
        crawl.send_signal(signal.SIGINT)
        crawl.communicate(timeout=60)
        self.assertEqual(crawl.returncode, -signal.SIGINT)
        self.assertTrue(is_sound(self.database))
        Slow.go_on.set()
        self.assertEqual(run(*crawl.args).returncode, 0)
        ended = list(outcomes(self.database).values())
        self.assertEqual((ended.count("fetched"), len(ended)), (21, 21))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
