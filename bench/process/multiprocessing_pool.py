#!/usr/bin/env python3
"""Calls of a function that does nothing, through Python's multiprocessing.Pool with two workers."""

import sys
from collections import deque
from multiprocessing import Pool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from contender import Stopwatch, cpu_seconds, parser, report  # noqa: E402

WORKERS = 2
IN_FLIGHT = 1_000


def identity(value: int) -> int:
    return value


def round_trip(pool, operations: int) -> float:
    """Microseconds for each call, one after the other."""
    watch = Stopwatch()
    for i in range(operations):
        pool.apply(identity, (i,))
    return watch.seconds() * 1e6 / operations


def pipelined_calls(pool, operations: int) -> float:
    """Calls a second, each a call of its own, with IN_FLIGHT of them under way."""
    watch = Stopwatch()
    calls = deque()
    for i in range(operations):
        if len(calls) == IN_FLIGHT:
            calls.popleft().get()
        calls.append(pool.apply_async(identity, (i,)))
    for call in calls:
        call.get()
    return operations / watch.seconds()


def map_items(pool, operations: int) -> float:
    """Items a second, in chunks of the pool's own choice."""
    watch = Stopwatch()
    if pool.map(identity, range(operations))[-1] != operations - 1:
        sys.exit("map gave a wrong result")
    return operations / watch.seconds()


def bytes_fresh(pool, operations: int) -> float:
    """Milliseconds for 64 MiB there and back."""
    sent = bytes(64 << 20)
    watch = Stopwatch()
    for _ in range(operations):
        if len(pool.apply(identity, (sent,))) != len(sent):
            sys.exit("the bytes are not those that were sent")
    return watch.seconds() * 1e3 / operations


def records(pool, operations: int) -> float:
    """Records of 1 KiB there and back, a second, each a call of its own, with IN_FLIGHT of them under way."""
    record = {"id": 17, "weight": 2.5, "name": "a record", "lines": [f"{i}" + "l" * 189 for i in range(5)]}
    watch = Stopwatch()
    calls = deque()
    for _ in range(operations):
        if len(calls) == IN_FLIGHT:
            calls.popleft().get()
        calls.append(pool.apply_async(identity, (record,)))
    for call in calls:
        call.get()
    return operations / watch.seconds()


PROBLEMS = {
    "round_trip": round_trip,
    "pipelined_calls": pipelined_calls,
    "map": map_items,
    "bytes_fresh": bytes_fresh,
    "records": records,
}


def main() -> None:
    arguments = parser().parse_args()
    measure = PROBLEMS[arguments.problem]
    with Pool(WORKERS) as pool:
        pool.map(identity, range(WORKERS * 10))  # all workers are up
        before = cpu_seconds()
        value = measure(pool, arguments.operations)
        pool.close()
        pool.join()
    report(value, cpu_seconds() - before)


if __name__ == "__main__":
    main()
