"""Fails unless each block of code in README.md that names a file is that file, word for word.

Such a block follows a line `<!-- samples/name.cpp -->`.
"""

import pathlib
import re
import sys

root = pathlib.Path(__file__).parent.parent
readme = (root / "README.md").read_text()
blocks = re.findall(r"<!-- (\S+\.cpp) -->\n```cpp\n(.*?)```\n", readme, re.DOTALL)
if not blocks:
    sys.exit("README.md: no block of code names its file")
wrong = [name for name, code in blocks if (root / name).read_text() != code]
for name in wrong:
    print(f"README.md: the code below `<!-- {name} -->` is not that of {name}")
sys.exit(1 if wrong else 0)
