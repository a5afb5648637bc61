#!/usr/bin/env python3
"""Crawls the documentation of Python, served on loopback by our own server, with one of several crawlers.

Unit: pages (HTML only) for each CPU second of the crawler and its children; the server's CPU time does not count.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from contender import not_available, parser, report  # noqa: E402

SITE = HERE.parents[1] / "build/corpus/python3.11-doc/usr/share/doc/python3.11/html"
HTML_PAGES = 526
SAMPLES = Path(os.environ["BENCH_BUILD"]) / "samples"


def command_of(crawler: str, url: str, folder: str) -> list[str]:
    if crawler == "braid":
        return [str(SAMPLES / "crawl/crawl"), url, "--output", f"{folder}/crawl.db", "--quiet", "--allow-private"]
    return ["wget2", "--quiet", "--recursive", "--level=inf", "--no-robots", f"--directory-prefix={folder}", url]


def crawl(command: list[str]) -> float:
    """The CPU seconds it took, workers included."""
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    except FileNotFoundError:
        not_available(f"{command[0]} is not installed")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    # wget2 says 8 when some link is broken, and three of this site are.
    if process.returncode not in ((0, 8) if command[0] == "wget2" else (0,)):
        sys.exit(f"ended with {process.returncode}: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime


def pages_found(crawler: str, folder: str) -> int:
    if crawler == "braid":
        import sqlite3

        with sqlite3.connect(f"{folder}/crawl.db") as result:
            query = "SELECT count(*) FROM pages WHERE status = 200 AND type LIKE 'text/html%'"
            return result.execute(query).fetchone()[0]
    return sum(1 for _ in Path(folder).rglob("*.html"))


def main() -> None:
    arguments = parser()
    arguments.add_argument("--crawler", choices=["braid", "wget2"], required=True)
    crawler = arguments.parse_args().crawler

    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [str(SAMPLES / "serve/serve"), "--root", str(SITE), "--port", "0"], stdout=subprocess.PIPE, text=True
        )
        try:
            url = server.stdout.readline().split()[-1]  # "serving FOLDER on URL", once it listens
            cpu = crawl(command_of(crawler, url, folder))
        finally:
            server.terminate()
            server.wait()
            server.stdout.close()
        pages = pages_found(crawler, folder)
    if pages < HTML_PAGES:
        sys.exit(f"{crawler} found {pages} pages of {HTML_PAGES}")
    report(pages / cpu, cpu)


if __name__ == "__main__":
    main()
