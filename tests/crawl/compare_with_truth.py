#!/usr/bin/env python3
"""Compares what the crawler found with what is known to be there.

usage: compare_with_truth.py RESULT.db SITE_URL TRUTH

TRUTH.ok.txt and TRUTH.broken.txt list, a path a line, what answers 200 and what answers 404 below SITE_URL.
Prints every difference; ends with 0 if there is none, with 1 otherwise.
"""

import sqlite3
import sys
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

# Two URLs of one page: a crawler may report both.
ALIASES_OF_THE_FRONT_PAGE = {"/", "/index.html"}

# What a crawler that reads a backslash in a reference as itself takes for broken. A browser reads it as a slash.
READ_AS_NO_BROWSER_DOES = {"/%5C"}


def canonical(path: str) -> str:
    """One spelling for all ways to percent-encode a path, which may have a query."""
    path, question_mark, query = path.partition("?")
    return quote(unquote(path), safe="/") + question_mark + query


def read_paths(file: Path) -> set[str]:
    return {canonical(line) for line in file.read_text().splitlines() if line} - READ_AS_NO_BROWSER_DOES


def read_result(database: str, site_url: str) -> tuple[set[str], set[str], list[str]]:
    """The paths of the site that answered 200 and 404, and a complaint for each one that ended in another way."""
    site = urlsplit(site_url)
    found, broken, complaints = set(), set(), []
    with sqlite3.connect(f"file:{quote(database)}?mode=ro", uri=True) as result:
        for url, status, outcome, detail in result.execute("SELECT url, status, outcome, detail FROM pages"):
            parts = urlsplit(url)
            if (parts.scheme, parts.netloc) != (site.scheme, site.netloc):
                continue
            path = canonical(parts.path + (f"?{parts.query}" if parts.query else ""))
            if outcome == "fetched" and status == 200:
                found.add(path)
            elif outcome == "fetched" and status == 404:
                broken.add(path)
            else:
                complaints.append(f"{path}: {outcome}, status {status}{': ' + detail if detail else ''}")
    return found, broken, complaints


def differences(kind: str, expected: set[str], actual: set[str], tolerated: set[str]) -> list[str]:
    missing = [f"{kind}, but not reported so: {path}" for path in sorted(expected - actual)]
    extra = [f"not {kind}, but reported so: {path}" for path in sorted(actual - expected - tolerated)]
    return missing + extra


def main() -> int:
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    database, site_url, truth = sys.argv[1:]
    ok = read_paths(Path(truth + ".ok.txt"))
    missing = read_paths(Path(truth + ".broken.txt"))
    found, broken, complaints = read_result(database, site_url)

    complaints += differences("there", ok, found, ALIASES_OF_THE_FRONT_PAGE)
    complaints += differences("broken", missing, broken, set())
    if complaints:
        print(f"{len(complaints)} differences")
        print("\n".join(f"  {complaint}" for complaint in complaints))
        return 1
    print(f"{len(found)} paths and {len(broken)} broken targets, as known")
    return 0


if __name__ == "__main__":
    sys.exit(main())
