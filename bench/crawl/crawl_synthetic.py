#!/usr/bin/env python3
"""Crawls a site of many small computed pages, and tells whether the crawl slows down and how much memory it takes.

usage: crawl_synthetic.py [--pages N] [--memory MIB] [--build FOLDER] [-- CRAWL OPTIONS]

Prints one JSON line: pages per second of the first and the last tenth, pages per CPU second of crawler and workers in the
same tenths (null where those are too short to tell), the most memory that all processes of the crawler had together (Pss,
so that what they share counts once), and the seconds that completing the database took. The server's time and memory do
not count.

It fails if that memory is more than MIB, or if a page is missing. It does not fail for being slow, which says as much of the
machine: the rate of the last tenth should be at least 0.9 of that of the first, and standard error has what it is.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from processes import Watch

HERE = Path(__file__).resolve().parent


def seconds_of(database: str) -> list[float]:
    """When each page was fetched, in order."""
    with sqlite3.connect(database) as result:
        query = "SELECT strftime('%s', fetched_at) + substr(fetched_at, 20, 4) FROM pages WHERE status = 200 ORDER BY 1"
        return [row[0] for row in result.execute(query)]


def describe(when: list[float], watch: Watch, began: float, ended: float) -> dict[str, float | None]:
    tenth = len(when) // 10
    told = {"pages": len(when), "seconds": ended - began, "pages_per_s": len(when) / (when[-1] - when[0])}
    for name, (first, last) in {"first": (when[0], when[tenth]), "last": (when[-tenth - 1], when[-1])}.items():
        rate = tenth / (last - first)
        told[f"{name}_tenth_per_s"] = rate
        told[f"{name}_tenth_per_cpu_s"] = watch.rate_by_cpu(first, last, rate)
    told["last_to_first"] = told["last_tenth_per_s"] / told["first_tenth_per_s"]
    by_cpu = told["last_tenth_per_cpu_s"], told["first_tenth_per_cpu_s"]
    told["last_to_first_by_cpu"] = by_cpu[0] / by_cpu[1] if None not in by_cpu else None
    told["peak_mib"] = watch.peak / 2**20
    told["completing_s"] = ended - when[-1]
    return told


def judge(told: dict[str, float | None], most_mib: int) -> None:
    """Says how the end compares with the beginning, and ends the program if the crawl took too much memory."""
    by_cpu = told["last_to_first_by_cpu"]
    print(f"the last tenth came at {told['last_to_first']:.2f} of the rate of the first, and for each CPU second at "
          + ("what is too short to tell" if by_cpu is None else f"{by_cpu:.2f}") + "; wanted: 0.9", file=sys.stderr)
    if told["peak_mib"] > most_mib:
        sys.exit(f"the crawl of {told['pages']} pages took {told['peak_mib']:.0f} MiB, "
                 f"more than the {most_mib} MiB that it may")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pages", type=int, default=1_000_000)
    arguments.add_argument("--build", type=Path, default=HERE.parents[1] / "build/release")
    arguments.add_argument("--memory", type=int, default=1024, metavar="MIB",
                           help="that may be taken (default: %(default)s)")
    arguments.add_argument("--folder", help="where the database goes for the time of the crawl")
    arguments.add_argument("options", nargs="*", help="of the crawler, after --")
    wanted = arguments.parse_args()
    if wanted.pages < 100:
        arguments.error("--pages: at least 100")

    with tempfile.TemporaryDirectory(dir=wanted.folder) as folder:
        server = subprocess.Popen(
            [str(wanted.build / "samples/serve/serve"), "--synthetic", str(wanted.pages), "--port", "0"],
            stdout=subprocess.PIPE, text=True,
        )
        try:
            url = server.stdout.readline().split()[-1]  # "serving N pages on URL", once it listens
            database = f"{folder}/crawl.db"
            began = time.time()
            crawler = subprocess.Popen(
                [str(wanted.build / "samples/crawl/crawl"), url, "--output", database, "--quiet", "--allow-private",
                 *wanted.options], stdin=subprocess.DEVNULL, stdout=sys.stderr)
            with Watch(crawler.pid, interval=0.5) as watch:
                code = crawler.wait()
                ended = time.time()
        finally:
            server.terminate()
            server.wait()
            server.stdout.close()
        if code != 0:
            sys.exit(f"the crawler ended with {code}")
        when = seconds_of(database)
        size = os.path.getsize(database)
    if len(when) != wanted.pages:
        sys.exit(f"{len(when)} pages of {wanted.pages} were found")
    told = describe(when, watch, began, ended) | {"database_mib": size / 2**20}
    print(json.dumps({name: value if value is None else round(value, 2) for name, value in told.items()}), flush=True)
    judge(told, wanted.memory)


if __name__ == "__main__":
    main()
