#!/usr/bin/env python3
"""Crawls a site of many small computed pages, and tells whether the crawl slows down and how much memory it takes.

usage: crawl_synthetic.py [--pages N] [--build FOLDER] [-- CRAWL OPTIONS]

Prints one JSON line: pages per second of the first and the last tenth, pages per CPU second of crawler and workers in the
same tenths, the most memory that all processes of the crawler had together (Pss, so that what they share counts once),
and the seconds that completing the database took. The server's time and memory do not count.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for parent in found:
        try:
            for thread in Path(f"/proc/{parent}/task").iterdir():
                found += [int(child) for child in (thread / "children").read_text().split()]
        except OSError:
            pass  # it has ended meanwhile
    return found


def memory_of(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def cpu_of(pid: int) -> float:
    """Of the process, and of children that it has waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(ticks) for ticks in fields[11:15]) / TICKS
    except OSError:
        return 0.0


class Watch(threading.Thread):
    """Looks at the crawler's processes twice a second."""

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = 0
        self.cpu: list[tuple[float, float]] = []  # (time, CPU seconds so far)
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.5):
            pids = family(self.pid)
            self.peak = max(self.peak, sum(memory_of(pid) for pid in pids))
            self.cpu.append((time.time(), sum(cpu_of(pid) for pid in pids)))

    def cpu_between(self, begin: float, end: float) -> float:
        inside = [cpu for when, cpu in self.cpu if begin <= when <= end]
        return inside[-1] - inside[0] if len(inside) > 1 else float("nan")

    def span_between(self, begin: float, end: float) -> float:
        inside = [when for when, _ in self.cpu if begin <= when <= end]
        return inside[-1] - inside[0] if len(inside) > 1 else float("nan")


def seconds_of(database: str) -> list[float]:
    """When each page was fetched, in order."""
    with sqlite3.connect(database) as result:
        query = "SELECT strftime('%s', fetched_at) + substr(fetched_at, 20, 4) FROM pages WHERE status = 200 ORDER BY 1"
        return [row[0] for row in result.execute(query)]


def describe(when: list[float], watch: Watch, began: float, ended: float) -> dict[str, float]:
    tenth = len(when) // 10
    told = {"pages": len(when), "seconds": ended - began, "pages_per_s": len(when) / (when[-1] - when[0])}
    for name, (first, last) in {"first": (when[0], when[tenth]), "last": (when[-tenth - 1], when[-1])}.items():
        rate = tenth / (last - first)
        told[f"{name}_tenth_per_s"] = rate
        told[f"{name}_tenth_per_cpu_s"] = rate * watch.span_between(first, last) / watch.cpu_between(first, last)
    told["last_to_first"] = told["last_tenth_per_s"] / told["first_tenth_per_s"]
    told["last_to_first_by_cpu"] = told["last_tenth_per_cpu_s"] / told["first_tenth_per_cpu_s"]
    told["peak_mib"] = watch.peak / 2**20
    told["completing_s"] = ended - when[-1]
    return told


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pages", type=int, default=1_000_000)
    arguments.add_argument("--build", type=Path, default=HERE.parents[1] / "build/release")
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
            watch = Watch(crawler.pid)
            watch.start()
            code = crawler.wait()
            ended = time.time()
            watch.ended.set()
            watch.join()
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
    print(json.dumps({name: round(value, 2) for name, value in told.items()}))


if __name__ == "__main__":
    main()
