#!/usr/bin/env python3
"""Crawls a site on loopback with one of several crawlers: ../README.md says what each of them does.

Tells pages (HTML that answered 200) for each CPU second of the crawler and its children, and for each second; and the most
memory that they had together. What the server takes does not count. A crawler that finds too few pages, or too many, fails.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from contender import parser, report  # noqa: E402
from crawlers import NAMES, crawler_of  # noqa: E402
from processes import Watch  # noqa: E402
from sites import served, site_of  # noqa: E402


@dataclass(frozen=True)
class Cost:
    seconds: float
    cpu: float  # children included
    peak: int  # bytes


def crawl(command: list[str], accepted: tuple[int, ...]) -> Cost:
    began = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    with Watch(process.pid, interval=0.02) as watch:
        # Not Popen.wait(): it throws the resource usage away.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in accepted:
        sys.exit(f"ended with {process.returncode}: {' '.join(command)}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, watch.peak)


def main() -> None:
    arguments = parser()
    arguments.add_argument("--crawler", choices=NAMES, required=True)
    wanted = arguments.parse_args()
    build = Path(os.environ["BENCH_BUILD"])
    crawler = crawler_of(wanted.crawler, build)
    site = site_of(wanted.problem, wanted.operations)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with served(site, build) as url:
            cost = crawl(crawler.command(url, folder, site.connections), crawler.accepted)
        pages = crawler.pages(folder, site.page_names)
    if pages != site.pages:
        sys.exit(f"{wanted.crawler} found {pages} pages, and there are {site.pages}")
    report(pages / cost.cpu, cost.cpu, {"pages/s": pages / cost.seconds, "MiB": cost.peak / 2**20})


if __name__ == "__main__":
    main()
