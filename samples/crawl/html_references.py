#!/usr/bin/env python3
"""Writes the named character references of HTML, sorted, as initialisers of C++.

usage: html_references.py OUTPUT

Python's library has the standard's own table: https://html.spec.whatwg.org/entities.json
"""

import html.entities
import sys
from pathlib import Path


def bytes_of(characters: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in characters.encode())


# std::lower_bound goes by bytes: all names are ASCII.
names = sorted(html.entities.html5)
Path(sys.argv[1]).write_text("".join(f'{{"{name}", "{bytes_of(html.entities.html5[name])}"}},\n' for name in names))
