#!/usr/bin/env python3
"""Lets others read what the crawler archives: warcio, and wget, which reads an index of it.

usage: archive_readers_test.py CRAWL warcio|wget NODE_FOLDER

wget cannot read WARC files. It can read a CDX index (--warc-dedup), whose digests it compares with those that it makes of
what it downloads: where they are equal it writes a revisit record that names ours.
"""

import gzip
import hashlib
import http.server
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from warc_records import read_records  # noqa: E402

LARGE = b"".join(b"%d " % (i * i) for i in range(200_000))
BODIES = {
    "/": b"<title>front</title>" + b"".join(
        b"<a href=%s>x</a>" % name for name in (b"plain", b"chunked", b"zipped", b"both", b"same", b"moved", b"gone", b"large", b"empty")),
    "/plain": b"<p>plain</p>" * 200,
    "/chunked": b"<p>chunked</p>" * 300,
    "/zipped": b"<p>zipped</p>" * 400,
    "/both": b"<p>both</p>" * 500,
    "/same": b"<p>plain</p>" * 200,
    "/moved": b"moved",
    "/gone": b"there is no such page",
    "/large": LARGE,
    "/empty": b"",
}
STATUSES = {"/moved": 301, "/gone": 404}


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = BODIES.get(self.path)
        if body is None:
            self.send_error(404)
            return
        zipped = self.path in ("/zipped", "/both") and "gzip" in self.headers.get("Accept-Encoding", "")
        sent = gzip.compress(body) if zipped else body
        self.send_response(STATUSES.get(self.path, 200))
        self.send_header("Content-Type", "text/plain" if self.path == "/large" else "text/html")
        if self.path == "/moved":
            self.send_header("Location", "/plain")
        if zipped:
            self.send_header("Content-Encoding", "gzip")
        if self.path in ("/chunked", "/both"):
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(sent), 700):
                piece = sent[at:at + 700]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

    def log_message(self, *_):
        pass


def run(*command, **more):
    return subprocess.run([str(c) for c in command], check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, **more)


def check_with_warcio(archive, url, node_folder):
    output = run("node", HERE / "archive_check.mjs", node_folder, archive).stdout
    *records, index = [json.loads(line) for line in output.splitlines()]
    by_type = {}
    for record in records:
        assert record["blockFits"], record
        by_type.setdefault(record["type"], []).append(record)
    assert len(by_type["warcinfo"]) == 1, by_type.keys()
    answers = {r["url"]: r for r in by_type["response"] + by_type.get("revisit", [])}
    assert len(answers) == len(by_type["response"]) + len(by_type["revisit"]) == len(BODIES), answers.keys()
    assert len(by_type["revisit"]) == 1, by_type["revisit"]
    for path, body in BODIES.items():
        answer = answers[url + path]
        assert int(answer["status"]) == STATUSES.get(path, 200), answer
        if answer["type"] == "revisit":
            same = {url + "/plain", url + "/same"}
            assert {answer["url"], answer["refersTo"]} == same, answer
        else:
            assert answer["decoded"] == hashlib.sha1(body).hexdigest() or (not body and answer["decoded"] is None), (path, answer)
    ids = {a["id"] for a in answers.values()}
    assert {i for r in by_type["request"] for i in r["concurrentTo"]} == ids
    # Where the index says that a record is, there is one, alone in its gzip member.
    packed = archive.read_bytes()
    assert {e["url"] for e in index["entries"]} == set(answers), index
    for entry in index["entries"]:
        unpacker = zlib.decompressobj(31)
        member = unpacker.decompress(packed[entry["offset"]:entry["offset"] + entry["length"]])
        assert unpacker.eof and not unpacker.unused_data, entry
        assert f"WARC-Target-URI: {entry['url']}\r\n".encode() in member, entry


def check_with_wget(archive, url, folder):
    ours = {r.fields["WARC-Target-URI"]: r.fields for r in read_records(archive) if r.fields["WARC-Type"] == "response"}
    index = folder / "ours.cdx"
    with index.open("w") as file:
        print(" CDX a k u", file=file)
        for target, fields in ours.items():
            digest = fields["WARC-Payload-Digest"].removeprefix("sha1:")
            print(target, digest, fields["WARC-Record-ID"], file=file)
    # It digests chunks with what is around them, and asks for nothing compressed.
    asked = [url + path for path in ("/", "/plain", "/large") if url + path in ours]
    run("wget", "--quiet", f"--warc-file={folder / 'wget'}", f"--warc-dedup={index}", "-O", "/dev/null", *asked, cwd=folder)
    found = {r.fields["WARC-Target-URI"].strip("<>"): r.fields for r in read_records(folder / "wget.warc.gz")
             if r.fields["WARC-Type"] == "revisit"}
    assert set(found) == set(asked), (found.keys(), asked)
    for target, fields in found.items():
        assert fields["WARC-Refers-To"] == ours[target]["WARC-Record-ID"], (fields, ours[target])
        assert fields["WARC-Payload-Digest"] == ours[target]["WARC-Payload-Digest"], (fields, ours[target])


def main():
    crawl, reader, node_folder = sys.argv[1:]
    if reader == "warcio" and not (shutil.which("node") and (Path(node_folder) / "node_modules/warcio").is_dir()):
        print("skipped: warcio is not there")
        return
    if reader == "wget" and not shutil.which("wget"):
        print("skipped: wget is not there")
        return
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = folder / "site.warc.gz"
        run(crawl, url + "/", "--allow-private", "--quiet", "--output", folder / "site.db", "--warc", archive)
        if reader == "warcio":
            check_with_warcio(archive, url, node_folder)
        else:
            check_with_wget(archive, url, folder)
    print(f"{reader} reads {len(BODIES)} responses")


if __name__ == "__main__":
    main()
