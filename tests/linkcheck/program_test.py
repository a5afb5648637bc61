#!/usr/bin/env python3
"""Runs the program `linkcheck` as a user does.

usage: program_test.py LINKCHECK [unittest options]
"""

import json
import os
import sqlite3
import sys
import threading
import unittest
import xml.etree.ElementTree

sys.dont_write_bytecode = True
from checking import NO_PLACE, InFolder, broken_in, not_checked_in, run  # noqa: E402


class FolderTest(InFolder):
    def write(self, **files):
        for name, text in files.items():
            (self.folder / f"{name}.html").write_text(text)

    def test_a_sound_folder_is_no_failure(self):
        self.write(index="<a href=b.html#p>x</a><a href='#top'>x</a><a href='#'>x</a>", b="<p id=p>")
        result = run(self.folder)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        self.assertEqual(result.stdout, "2 pages, 1 link, 1 fragment: nothing is broken\n")

    def test_broken_pages_and_fragments_are_told_also_in_pages_that_nothing_links_to(self):
        self.write(index="<a href=gone.html>x</a>", orphan="<a href=index.html#x>x</a><a href='#TOP'>x</a>")
        result = run("--json", self.folder)
        self.assertEqual(result.returncode, 1)
        expected = {("/index.html", "/gone.html"): "status 404", ("/orphan.html", "/index.html#x"): NO_PLACE}
        self.assertEqual(broken_in(result), expected)

    def test_percent_encoded_fragments_are_found_under_either_spelling(self):
        self.write(
            index="<a href='#caf%C3%A9'>x</a><a href='#café'>x</a><a href='#a%20b'>x</a><a href='#a b'>x</a>"
            "<a href='#%41'>x</a><a href='#%zz'>x</a><a href='#CAF%C3%A9'>x</a>"
            "<p id=café><p id='a b'><p id='%41'><p id='%zz'>"
        )
        self.assertEqual(broken_in(run("--json", self.folder)), {("/index.html", "/index.html#CAF%C3%A9"): NO_PLACE})

    def test_robots_txt_does_not_hide_a_folder_from_its_owner(self):
        self.write(index="<a href=gone.html>x</a>")
        (self.folder / "robots.txt").write_text("User-agent: *\nDisallow: /\n")
        self.assertEqual(run(self.folder).returncode, 1)

    def test_a_report_in_the_form_of_junit_is_written(self):
        self.write(index="<a href='gone.html?a&amp;b'>x</a>", b="")
        report = self.beside / "junit.xml"
        self.assertEqual(run(self.folder, "--junit", report).returncode, 1)
        suite = xml.etree.ElementTree.parse(report).getroot()[0]
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("2", "1"))
        failing = [case for case in suite if len(case)]
        self.assertEqual([case.get("name") for case in failing], ["/index.html"])
        self.assertEqual(failing[0][0].get("message"), "/gone.html?a&b: status 404")

    def test_nothing_is_left_behind_but_what_is_asked_for(self):
        self.write(index="x")
        temporary = self.beside / "tmp"
        temporary.mkdir()
        kept = self.beside / "kept.db"
        os.environ["TMPDIR"] = str(temporary)
        self.addCleanup(os.environ.pop, "TMPDIR")
        self.assertEqual(run(self.folder).returncode, 0)
        self.assertEqual(list(temporary.iterdir()), [])
        self.assertEqual(run(self.folder, "--output", kept).returncode, 0)
        with sqlite3.connect(kept) as database:
            self.assertEqual(database.execute("SELECT count(*) FROM pages").fetchone(), (1,))

    def test_what_cannot_be_checked_is_neither_sound_nor_broken(self):
        for what, why in (
            (self.folder, "there is no HTML file in"),
            ("no/such/folder", "neither a folder nor a URL to start from: no/such/folder\n"),
            ("localhost:1", "localhost:1; did you mean http://localhost:1 ?"),
            ("http://h:99999", "the port is not a number from 0 to 65535"),
            ("http://127.0.0.1:1/", "127.0.0.1 is a loopback address"),
        ):
            result = run(what)
            self.assertEqual((result.returncode, result.stdout), (2, ""), what)
            self.assertIn(why, result.stderr)
        self.write(index="x")
        result = run(self.folder, "--junit", self.beside / "none/junit.xml")
        self.assertEqual(result.returncode, 2)
        self.assertIn("none/junit.xml", result.stderr)


class SiteTest(InFolder):
    def test_fragments_go_along_with_redirects_and_every_page_is_fetched_once(self):
        site = self.site({
            "/": "<a href=old#here>x</a><a href=old#gone>x</a><a href=to-part>x</a><a href=to-nowhere#here>x</a>"
                 "<a href=page#here>x</a><a href=missing#x>x</a><a href=circle>x</a>",
            "/old": "->/page",
            "/to-part": "->/page#here",
            "/to-nowhere": "->/page#lost",
            "/page": "<p id=here>",
            "/circle": "->/circle",
        })
        result = run(site.url, "--allow-private", "--json")
        self.assertEqual(result.returncode, 1)
        start = site.url + "/"
        self.assertEqual(broken_in(result), {
            (start, site.url + "/page#gone"): NO_PLACE,
            (start, site.url + "/page#lost"): NO_PLACE,
            (start, site.url + "/missing"): "status 404",
            (start, site.url + "/circle"): "redirects in a circle",
        })
        self.assertEqual(set(site.asked.values()), {1}, site.asked)

    def test_other_hosts_are_asked_only_if_told_to_and_their_pages_not_read(self):
        other = self.site({"/good": "<a href=unread>x</a>", "/moved": "->/good", "/lost": "->/gone"})
        site = self.site({
            "/": "".join(f"<a href={other.url}/{page}#x>x</a>" for page in ("good", "moved", "lost", "gone"))
        })
        quiet = run(site.url, "--allow-private")
        self.assertEqual(quiet.returncode, 0, quiet.stdout)
        self.assertEqual(sum(other.asked.values()), 0)
        result = run(site.url, "--allow-private", "--external", "--json")
        self.assertEqual(result.returncode, 1)
        start = site.url + "/"
        expected = {(start, other.url + "/lost"): "status 404", (start, other.url + "/gone"): "status 404"}
        self.assertEqual(broken_in(result), expected)
        self.assertEqual(json.loads(result.stdout)["external"], 4)
        self.assertEqual(other.asked["/unread"], 0)

    def test_a_start_that_leads_elsewhere_is_neither_sound_nor_broken_unless_that_is_taken_in(self):
        other = self.site({"/": "<p id=x>"})
        site = self.site({"/": f"->{other.url}/"})
        result = run(site.url, "--allow-private")
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn(f"no HTML page was read: {site.url}/ redirects to {other.url}/, which is on another host: start "
                      f"there, or take that in by --include-hosts {other.host}\n", result.stderr)
        self.assertEqual(run(site.url, "--allow-private", "--external").returncode, 2)
        result = run(site.url, "--allow-private", "--include-hosts", other.host)
        self.assertEqual((result.returncode, result.stdout),
                         (0, "1 page, 1 link, 0 fragments: nothing is broken\n"))

    def test_a_start_without_a_page_is_neither_sound_nor_broken(self):
        site = self.site({"/": (200, {"Content-Type": "image/png"}, b"x"), "/busy": (429, {}, b""), "/round": "->/round"})
        for path, why in (("/", "/ is image/png: links are looked for in HTML"),
                          ("/busy", "/busy answered with status 429"),
                          ("/round", "/round redirects in a circle")):
            result = run(site.url + path, "--allow-private", "--retries", "0")
            self.assertEqual((result.returncode, result.stdout), (2, ""), path)
            self.assertIn(f"no HTML page was read: {site.url}{why}\n", result.stderr)
        self.assertEqual(run(site.url + "/gone", "--allow-private").returncode, 1)

    def test_what_could_not_be_read_is_told_and_no_success(self):
        coded = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
        site = self.site({
            "/robots.txt": "User-agent: *\nDisallow: /private",
            "/": "<a href=private>x</a><a href=large>x</a><a href=busy>x</a>" + "<a href=coded>x</a>",
            "/large": "x" * 5000,
            "/busy": (429, {}, b""),
            "/coded": (200, coded, b"this is no gzip"),
        })
        left = {site.url + "/private": "disallowed", site.url + "/large": "too large", site.url + "/busy": "status 429"}
        report = self.beside / "junit.xml"
        options = ("--allow-private", "--max-body", "4K", "--retries", "0")
        result = run(site.url, *options, "--json", "--junit", report)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertEqual(broken_in(result), {})
        self.assertEqual(not_checked_in(result), left | {site.url + "/coded": "bad encoding"})
        suite = xml.etree.ElementTree.parse(report).getroot()[0]
        self.assertEqual([suite.get(count) for count in ("tests", "failures", "errors", "skipped")], ["5", "0", "1", "3"])
        self.assertEqual([case.get("name") for case in suite if case.find("error") is not None], [site.url + "/coded"])
        site.pages["/coded"] = "x"
        result = run(site.url, *options)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("not checked: 3 URLs\n  1 disallowed\n    " + site.url + "/private: ", result.stdout)
        self.assertIn(": nothing is broken, 3 not checked\n", result.stdout)

    def test_another_host_is_asked_as_politely_as_the_site(self):
        lock = threading.Lock()
        pair = threading.Barrier(2)
        now = most = 0

        def in_pairs(path):
            nonlocal now, most
            if path == "/robots.txt":
                return
            with lock:
                now += 1
                most = max(most, now)
            pair.wait(timeout=60)
            with lock:
                now -= 1

        paths = [f"/{i}" for i in range(12)]
        other = self.site({path: "x" for path in paths} | {"/robots.txt": "User-agent: *\nDisallow: /private"}, in_pairs)
        site = self.site({"/": "".join(f"<a href={other.url}{path}>x</a>" for path in [*paths, "/private"])})
        result = run(site.url, "--allow-private", "--external", "--per-host", "2", "--no-throttle", "--json")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertEqual(most, 2)
        self.assertEqual(not_checked_in(result), {other.url + "/private": "disallowed"})
        self.assertEqual((other.asked["/private"], other.asked["/robots.txt"]), (0, 1))

    def test_another_host_that_is_asked_too_often_is_not_broken(self):
        other = self.site({"/busy": (429, {}, b""), "/moved": "->/busy"})
        site = self.site({"/": f"<a href={other.url}/busy>x</a><a href={other.url}/moved>x</a>"})
        result = run(site.url, "--allow-private", "--external", "--retries", "0", "--json")
        self.assertEqual((result.returncode, broken_in(result)), (0, {}))
        busy = {other.url + "/busy": "status 429", other.url + "/moved": "status 429"}
        self.assertEqual(not_checked_in(result), busy)

    def test_links_of_a_page_that_sends_its_readers_on_are_followed(self):
        site = self.site({"/": "<meta http-equiv=refresh content='0; url=real'>", "/real": "<img srcset='gone 2x'>"})
        result = run(site.url, "--allow-private", "--json")
        self.assertEqual(broken_in(result), {(site.url + "/real", site.url + "/gone"): "status 404"})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
