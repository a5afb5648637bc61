#!/usr/bin/env python3
"""Runs a command and, as long as it runs, kills one of its child processes every so often.

usage: kill_workers.py --every SECONDS -- COMMAND...

The first kill comes as soon as there is a child. Ends with the status of the command, or with 1 if no child was killed:
then the command was not put to the test.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path


def children_of(pid: int) -> list[int]:
    """Every child of any thread: the kernel lists them by the thread that started them."""
    children = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children += [int(child) for child in listing.read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            pass  # the thread has ended since the folder was read
    return children


def kill_one_child(pid: int) -> bool:
    children = children_of(pid)
    if not children:
        return False
    victim = random.choice(children)
    try:
        handle = os.pidfd_open(victim)
    except ProcessLookupError:
        return False
    try:
        if victim not in children_of(pid):  # the number was given to another process meanwhile
            return False
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)


def main() -> int:
    parser = argparse.ArgumentParser(usage="kill_workers.py --every SECONDS -- COMMAND...")
    parser.add_argument("--every", type=float, required=True)
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # ends the command, too
    command = subprocess.Popen(arguments.command)
    killed = 0
    next_kill = time.monotonic()
    try:
        while True:
            try:
                # Looks again soon while there is nothing to kill.
                status = command.wait(timeout=max(0.005, next_kill - time.monotonic()))
                break
            except subprocess.TimeoutExpired:
                if kill_one_child(command.pid):
                    killed += 1
                    next_kill = time.monotonic() + arguments.every
    finally:
        if command.poll() is None:
            command.terminate()
            command.wait()

    print(f"kill_workers: killed {killed}", file=sys.stderr)
    if status == 0 and killed == 0:
        print("kill_workers: no worker was there to be killed", file=sys.stderr)
        return 1
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
