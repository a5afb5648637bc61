#!/usr/bin/env python3
"""Runs the program `linkcheck` as a user does.

usage: program_test.py LINKCHECK [unittest options]
"""

import collections
import http.server
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest
import xml.etree.ElementTree
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


class Site:
    """Pages by path, a redirect where there is a string beginning with `->`; counts what it is asked for."""

    def __init__(self, pages):
        asked = self.asked = collections.Counter()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                asked[self.path] += 1
                page = pages.get(self.path)
                moved = page is not None and page.startswith("->")
                self.send_response(404 if page is None else 302 if moved else 200)
                if moved:
                    self.send_header("Location", page[2:])
                body = (page or "").encode()
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

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

    def site(self, pages):
        site = Site(pages)
        self.addCleanup(site.close)
        return site


class FolderTest(InFolder):
    def write(self, **files):
        for name, text in files.items():
            (self.folder / f"{name}.html").write_text(text)

    def test_a_sound_folder_is_no_failure(self):
        self.write(index="<a href=b.html#p>x</a><a href='#top'>x</a><a href='#'>x</a>", b="<p id=p>")
        result = run(self.folder)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        self.assertEqual(result.stdout, "2 pages, 1 links, 1 fragments: nothing is broken\n")

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
            ("no/such/folder", "neither a folder nor a URL"),
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


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
