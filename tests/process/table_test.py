#!/usr/bin/env python3
"""The table in README.md names tests that exist."""

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TEST_NAME = re.compile(r'TEST_CASE\(\s*"((?:[^"\\]|\\.)*)"')


def main() -> int:
    existing = {name for file in HERE.glob("*.cpp") for name in TEST_NAME.findall(file.read_text())}
    cells = [line.split("|")[2] for line in (HERE / "README.md").read_text().splitlines() if line.startswith("| ")]
    named = [name for cell in cells for name in re.findall(r'"([^"]{20,})"', cell)]
    missing = [name for name in named if name not in existing]
    for name in missing:
        print(f"README.md names a test that does not exist: {name}")
    print(f"{len(named)} tests named, {len(missing)} missing")
    return 1 if missing or len(named) < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
