#!/usr/bin/env python3
"""The tables of a README.md name tests that exist.

usage: table_test.py FOLDER [FOLDER...]

The README.md is that of the first folder. In the second column a name in double quotes is that of a TEST_CASE, and one that begins
with `test_`, in backticks, that of a function in Python; both may be in any of the folders.
"""

import re
import sys
from pathlib import Path

TEST_CASE = re.compile(r'TEST_CASE\(\s*"((?:[^"\\]|\\.)*)"')
TEST_FUNCTION = re.compile(r"^\s*def (test_\w+)\(", re.MULTILINE)
FEWEST = 50  # fewer are a sign that the tables are not read as they are written


def all_in(folders: list[Path], files: str, pattern: re.Pattern[str]) -> set[str]:
    return {name for folder in folders for file in folder.glob(files) for name in pattern.findall(file.read_text())}


def main() -> int:
    folders = [Path(argument) for argument in sys.argv[1:]]
    if not folders:
        print(__doc__, file=sys.stderr)
        return 2
    readme = folders[0] / "README.md"
    cells = [line.split("|")[2] for line in readme.read_text().splitlines() if line.startswith("| ")]
    # What else is in backticks is a command, with quotes of its own.
    cases = [name for cell in cells for name in re.findall(r'"([^"]+)"', re.sub(r"`[^`]*`", "", cell))]
    functions = [name for cell in cells for name in re.findall(r"`(test_\w+)`", cell)]
    existing_cases = all_in(folders, "*.cpp", TEST_CASE)
    existing_functions = all_in(folders, "*.py", TEST_FUNCTION)
    missing = [name for name in cases if name not in existing_cases]
    missing += [name for name in functions if name not in existing_functions]
    for name in missing:
        print(f"{readme} names a test that does not exist: {name}")
    print(f"{len(cases) + len(functions)} tests named, {len(missing)} missing")
    return 1 if missing or len(cases) + len(functions) < FEWEST else 0


if __name__ == "__main__":
    sys.exit(main())
