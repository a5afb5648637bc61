#!/usr/bin/env python3
"""Messages to children of node and back, over the IPC of its child_process module."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from contender import cpu_seconds, not_available, parser, report  # noqa: E402

# 64 MiB to one child and back, as structured clones: milliseconds each.
BYTES = """
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

# Numbers to two children and back, so many of them under way: numbers a second.
CALLS = """
const { fork } = require('child_process');
if (process.argv[2] === 'child') {
  process.on('message', m => process.send(m));
} else {
  const calls = Number(process.argv[2]), inFlight = Number(process.argv[3]);
  const children = [0, 1].map(() => fork(__filename, ['child']));
  let up = 0, sent = 0, ended = 0, began;
  const next = child => { if (sent < calls) child.send(sent++); };
  for (const child of children) {
    child.on('message', m => {
      if (m === -1) {
        if (++up < children.length) return;
        began = process.hrtime.bigint();
        for (let i = 0; i < inFlight; ++i) next(children[i % 2]);
        return;
      }
      if (++ended < calls) return next(child);
      console.log(calls / (Number(process.hrtime.bigint() - began) / 1e9));
      children.forEach(c => c.disconnect());
    });
    child.send(-1);
  }
}
"""

PROBLEMS = {"bytes_fresh": (BYTES, ()), "pipelined_64": (CALLS, ("64",)), "pipelined_1000": (CALLS, ("1000",))}


def main() -> None:
    arguments = parser().parse_args()
    node = shutil.which("node")
    if node is None:
        not_available("node is not installed")
    if arguments.problem not in PROBLEMS:
        not_available(f"no such problem here: {arguments.problem}")
    program, further = PROBLEMS[arguments.problem]
    with tempfile.NamedTemporaryFile("w", suffix=".js") as script:
        script.write(program)
        script.flush()
        before = cpu_seconds()
        ran = subprocess.run([node, script.name, str(arguments.operations), *further], capture_output=True, text=True)
        if ran.returncode != 0:
            sys.exit(ran.stderr)
    report(float(ran.stdout), cpu_seconds() - before)


if __name__ == "__main__":
    main()
