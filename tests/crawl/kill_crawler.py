#!/usr/bin/env python3
"""Kills the crawler with SIGKILL at random moments, starts it again with the same command, and in the end compares.

usage: kill_crawler.py CRAWL [--kills N] [--seed N] [--site FOLDER --truth TRUTH -- SERVER...]

After every kill, what the database holds as done must not be asked for again; in the end the set of pages must be the
one that is known, in the database, in the JSON Lines and in the WARC file. Without --site it is a site of 1,000 pages
that refer to each other. SERVER is a command that takes --root and --log as samples/serve and tools/serve_with_nginx.py
do; TRUTH is as for compare_with_truth.py.
"""

import argparse
import contextlib
import http.server
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from warc_records import read_records  # noqa: E402
from compare_with_truth import ALIASES_OF_THE_FRONT_PAGE, canonical, differences, read_paths, read_result  # noqa: E402

PAGES = 1000
MOST_COMPLAINTS = 50  # told


class Requests:
    """What was asked for since `forget`; `wait_for` so many."""

    def __init__(self):
        self.changed = threading.Condition()
        self.targets = []

    def forget(self):
        with self.changed:
            self.targets = []

    def add(self, target):
        with self.changed:
            self.targets.append(target)
            self.changed.notify_all()

    def wait_for(self, number, timeout):
        with self.changed:
            return self.changed.wait_for(lambda: len(self.targets) >= number, timeout)


class LoggedRequests(Requests):
    """Those of a server that writes each one to a log, not after its answer has gone out."""

    def __init__(self, log):
        super().__init__()
        self.lines = log
        self.url = None
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.lines:
            self.add(canonical(line.rstrip("\n")))

    def forget(self):
        """What the crawler had answers for is read, once a request after them is."""
        mark = f"/mark-{random.randrange(1 << 64)}"
        with contextlib.suppress(urllib.error.HTTPError):  # it is not there
            urllib.request.urlopen(self.url + mark[1:], timeout=60).close()
        with self.changed:
            if not self.changed.wait_for(lambda: mark in self.targets, timeout=60):
                sys.exit("the server does not log what it is asked for")
            self.targets = []


class Synthetic(http.server.BaseHTTPRequestHandler):
    """Page i refers to a hundred others, and some to what is not there."""

    protocol_version = "HTTP/1.1"

    def __init__(self, requests, *arguments, **more):
        self.requests = requests
        super().__init__(*arguments, **more)

    def do_GET(self):
        self.requests.add(self.path)
        name = self.path.strip("/") or "0"
        found = name.isdigit() and int(name) < PAGES
        body = b"not found"
        if found:
            targets = [(int(name) * k + k * k + 1) % PAGES for k in range(1, 100)] + [(int(name) + 1) % PAGES]
            body = "".join(f"<a href=/{t}>{t}</a>" for t in targets).encode() + b"<a href=/missing/%d>" % (int(name) % 9)
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # a client that is killed is gone in the middle of anything


@contextlib.contextmanager
def computed_site() -> Iterator[tuple[str, Requests]]:
    requests = Requests()
    server = Server(("127.0.0.1", 0), partial(Synthetic, requests))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", requests
    server.shutdown()
    server.server_close()


@contextlib.contextmanager
def folder_served_by(command: list[str], folder: str) -> Iterator[tuple[str, Requests]]:
    with tempfile.TemporaryDirectory() as scratch:
        pipe = Path(scratch) / "requests"
        os.mkfifo(pipe)
        requests = LoggedRequests(open(os.open(pipe, os.O_RDWR)))  # also to write: it has no end before it has begun
        server = subprocess.Popen([*command, "--root", folder, "--log", str(pipe)], stdout=subprocess.PIPE, text=True)
        try:
            line = server.stdout.readline()  # "serving FOLDER on URL", once it listens
            if not line:
                sys.exit(f"the server ended with {server.wait()}: {command}")
            requests.url = line.split()[-1]
            yield requests.url, requests
        finally:
            server.terminate()
            server.wait()
            server.stdout.close()


def done_so_far(database: Path) -> set[str]:
    """The paths that the database holds as done. Read from a copy, so that the crawler finds what it left itself."""
    with tempfile.TemporaryDirectory() as folder:
        for file in database.parent.glob(database.name + "*"):
            shutil.copy(file, folder)
        with sqlite3.connect(Path(folder) / database.name) as result:
            if not result.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'pages'").fetchone()[0]:
                return set()
            query = "SELECT url FROM pages WHERE outcome NOT IN ('pending', 'cancelled') AND fetched_at IS NOT NULL"
            return {canonical("/" + url.split("/", 3)[3]) for (url,) in result.execute(query)}


def wrong_lines(lines: Path, database: Path) -> list[str]:
    """Complaints, unless the JSON Lines tell of each URL that was asked for once, and of all its links."""
    with lines.open() as file:
        written = [json.loads(line) for line in file]
    told = {page["url"]: len({(link["url"], link["kind"]) for link in page["links"]}) for page in written}
    with sqlite3.connect(database) as result:
        query = """SELECT url, (SELECT count(*) FROM page_links WHERE from_id = id) FROM pages
                   WHERE took_ms IS NOT NULL"""
        known = dict(result.execute(query))
    complaints = [f"{len(written)} lines tell of {len(told)} URLs"] if len(written) != len(told) else []
    for url in sorted(known.keys() | told.keys()):
        if known.get(url) != told.get(url):
            complaints.append(f"{url}: {told.get(url)} links in the lines, {known.get(url)} in the database")
    return complaints


def wrong_archive(archive: Path, database: Path) -> list[str]:
    """Complaints, unless each URL that answered is in the archive once, with its request."""
    answers, requests = [], set()
    for record in read_records(archive):
        if record.fields["WARC-Type"] in ("response", "revisit"):
            answers.append(record.fields)
        elif record.fields["WARC-Type"] == "request":
            requests.add(record.fields["WARC-Concurrent-To"])
    archived = [fields["WARC-Target-URI"] for fields in answers]
    complaints = [f"{len(archived)} responses of {len(set(archived))} URLs"] if len(set(archived)) != len(archived) else []
    if requests != {fields["WARC-Record-ID"] for fields in answers}:
        complaints.append(f"{len(requests)} requests for {len(answers)} responses")
    with sqlite3.connect(database) as result:
        known = {url for (url,) in result.execute("SELECT url FROM pages WHERE status IS NOT NULL")}
    return complaints + [f"not in both archive and database: {url}" for url in sorted(known ^ set(archived))]


def run_and_kill(command, requests, after, delay) -> bool:
    """True if it was killed; False if it came to its end before."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as crawl:
        while crawl.poll() is None and not requests.wait_for(after, timeout=0.1):
            pass
        try:
            status = crawl.wait(timeout=delay)
        except subprocess.TimeoutExpired:
            crawl.kill()
            crawl.wait()
            return True
    if status != 0:
        sys.exit(f"the crawl ended with {status}")
    return False


def crawl_and_kill(command, database, requests, kills, total) -> list[str]:
    """Kills it so often on its way, and lets it come to its end. Gives complaints."""
    killed, progress, in_vain, done, complaints = 0, 0, 0, set(), []
    while killed < kills:
        # So that the kills are spread over the whole: it gets further each time that nothing had been written yet.
        left = total - len(done)
        most = max(10, min(left // 2, 2 * left // (kills - killed + 1) + in_vain))
        requests.forget()
        if not run_and_kill(command, requests, random.randint(5, most), random.uniform(0, 0.03)):
            complaints.append(f"it came to its end after {killed} kills")
            break
        killed += 1
        complaints += [f"asked for again: {path}" for path in done & set(requests.targets)]
        now_done = done_so_far(database)
        complaints += [f"lost: {path}" for path in done - now_done]
        in_vain = in_vain + len(requests.targets) if now_done == done else 0
        progress += now_done != done
        done = now_done
    else:
        requests.forget()
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    complaints += [f"asked for again: {path}" for path in done & set(requests.targets)]
    print(f"killed {killed} times, {progress} of them after progress, at last with {len(done)} of {total} done")
    if progress < 3:
        complaints.append("the crawl was seldom killed on its way")
    return complaints


def wrong_database(database: Path, url: str, ok: set[str], missing: set[str]) -> list[str]:
    """Complaints, unless it has what is there and what is broken, and each link once."""
    found, broken, complaints = read_result(str(database), url)
    complaints += differences("there", ok, found, ALIASES_OF_THE_FRONT_PAGE)
    complaints += differences("broken", missing, broken, set())
    query = "SELECT count(*), from_id, to_id, kind_id FROM page_links GROUP BY 2, 3, 4 HAVING count(*) > 1 LIMIT 3"
    with sqlite3.connect(database) as result:
        for row in result.execute(query):
            complaints.append(f"a link that is there {row[0]} times: from {row[1]} to {row[2]}")
    print(f"{len(found)} paths, {len(broken)} broken targets")
    return complaints


def main() -> int:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("crawl")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--site")
    parser.add_argument("--truth")
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    arguments, server = parser.parse_args(sys.argv[1:end]), sys.argv[end + 1 :]
    if len({bool(arguments.site), bool(arguments.truth), bool(server)}) > 1:
        parser.error("--site, --truth and SERVER go together")
    random.seed(arguments.seed)
    print(f"seed {arguments.seed}")

    if arguments.site:
        ok, missing = (read_paths(Path(arguments.truth + end)) for end in (".ok.txt", ".broken.txt"))
        serving = folder_served_by(server, arguments.site)
    else:
        ok = {"/"} | {f"/{i}" for i in range(PAGES)}
        missing = {f"/missing/{i}" for i in range(9)}
        serving = computed_site()
    with serving as (url, requests), tempfile.TemporaryDirectory() as folder:
        database, lines, archive = (Path(folder) / name for name in ("result.db", "result.jsonl", "result.warc.gz"))
        command = [arguments.crawl, url, "--allow-private", "--quiet", "--output", str(database), "--concurrency", "8"]
        command += ["--workers", "1", "--jsonl", str(lines), "--warc", str(archive)]
        complaints = crawl_and_kill(command, database, requests, arguments.kills, len(ok) + len(missing))
        complaints += wrong_database(database, url, ok, missing)
        complaints += wrong_lines(lines, database) + wrong_archive(archive, database)
    for complaint in complaints[:MOST_COMPLAINTS]:
        print(complaint)
    if len(complaints) > MOST_COMPLAINTS:
        print(f"and {len(complaints) - MOST_COMPLAINTS} more")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
