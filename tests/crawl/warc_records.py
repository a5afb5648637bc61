"""Reads WARC files, for the tests."""

import gzip
from collections import namedtuple

Record = namedtuple("Record", "fields block")


def read_records(path):
    """Yields every record; what is not as it should be is an AssertionError."""
    opened = gzip.open(path) if str(path).endswith(".gz") else open(path, "rb")
    with opened as file:
        while version := file.readline():
            assert version.startswith(b"WARC/1."), version
            fields = {}
            while (line := file.readline()) != b"\r\n":
                name, _, value = line.decode().partition(":")
                fields[name] = value.strip()
            block = file.read(int(fields["Content-Length"]))
            assert file.read(4) == b"\r\n\r\n", fields
            yield Record(fields, block)
