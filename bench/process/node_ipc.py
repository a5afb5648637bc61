#!/usr/bin/env python3
"""64 MiB to a child of node and back, over the IPC of its child_process module, as structured clones."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from contender import cpu_seconds, not_available, parser, report  # noqa: E402

PROGRAM = """
const { fork } = require('child_process');
if (process.argv[2] === 'child') {
  process.on('message', m => process.send(m));
} else {
  const times = Number(process.argv[2]);
  const child = fork(__filename, ['child'], { serialization: 'advanced' });
  const bytes = Buffer.alloc(64 << 20, 120);
  let left = times + 1, began;
  child.on('message', m => {
    if (m.length !== bytes.length) process.exit(1);
    if (left === times + 1) began = process.hrtime.bigint();
    if (--left > 0) return child.send(bytes);
    console.log(Number(process.hrtime.bigint() - began) / 1e6 / times);
    child.disconnect();
  });
  child.send(bytes);
}
"""


def main() -> None:
    arguments = parser().parse_args()
    node = shutil.which("node")
    if node is None:
        not_available("node is not installed")
    with tempfile.NamedTemporaryFile("w", suffix=".js") as script:
        script.write(PROGRAM)
        script.flush()
        before = cpu_seconds()
        ran = subprocess.run([node, script.name, str(arguments.operations)], capture_output=True, text=True)
        if ran.returncode != 0:
            sys.exit(ran.stderr)
    report(float(ran.stdout), cpu_seconds() - before)


if __name__ == "__main__":
    main()
