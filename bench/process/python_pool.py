"""What Python's pools of two processes are measured with: each is given as a `PoolUnderTest`."""

import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from contender import Stopwatch, cpu_seconds, not_available, parser, report  # noqa: E402

WORKERS = 2
RECORD = {"id": 17, "weight": 2.5, "name": "a record", "lines": [f"{i}" + "l" * 189 for i in range(5)]}


def identity(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class PoolUnderTest:
    begin: Callable  # (function, argument) -> a call that is under way
    end: Callable  # (that call) -> its result
    map: Callable  # (function, range) -> list
    close: Callable  # and wait for the workers, so that their CPU time counts


def round_trip(pool: PoolUnderTest, operations: int) -> float:
    """Microseconds for a call, one after the other: the median of all."""
    times = []
    for i in range(operations):
        watch = Stopwatch()
        pool.end(pool.begin(identity, i))
        times.append(watch.seconds() * 1e6)
    return median(times)


def calls_a_second(pool: PoolUnderTest, arguments, in_flight: int) -> float:
    """Each is a call of its own, with so many of them under way."""
    watch = Stopwatch()
    calls = deque()
    for argument in arguments:
        if len(calls) == in_flight:
            pool.end(calls.popleft())
        calls.append(pool.begin(identity, argument))
    for call in calls:
        pool.end(call)
    return len(arguments) / watch.seconds()


def pipelined_64(pool: PoolUnderTest, operations: int) -> float:
    return calls_a_second(pool, range(operations), 64)


def pipelined_1000(pool: PoolUnderTest, operations: int) -> float:
    return calls_a_second(pool, range(operations), 1_000)


def records(pool: PoolUnderTest, operations: int) -> float:
    """Of 1 KiB, there and back."""
    return calls_a_second(pool, [RECORD] * operations, 1_000)


def map_items(pool: PoolUnderTest, operations: int) -> float:
    """Items a second."""
    watch = Stopwatch()
    if pool.map(identity, range(operations))[-1] != operations - 1:
        sys.exit("map gave a wrong result")
    return operations / watch.seconds()


def bytes_fresh(pool: PoolUnderTest, operations: int) -> float:
    """Milliseconds for 64 MiB there and back."""
    sent = bytes(64 << 20)
    watch = Stopwatch()
    for _ in range(operations):
        if len(pool.end(pool.begin(identity, sent))) != len(sent):
            sys.exit("the bytes are not those that were sent")
    return watch.seconds() * 1e3 / operations


PROBLEMS = {
    "round_trip": round_trip,
    "pipelined_64": pipelined_64,
    "pipelined_1000": pipelined_1000,
    "map": map_items,
    "bytes_fresh": bytes_fresh,
    "records": records,
}


def main(make_pool: Callable[[], PoolUnderTest]) -> None:
    arguments = parser().parse_args()
    if arguments.problem not in PROBLEMS:
        not_available(f"no such problem here: {arguments.problem}")
    pool = make_pool()
    for call in [pool.begin(identity, i) for i in range(WORKERS * 10)]:  # all workers are up
        pool.end(call)
    before = cpu_seconds()
    value = PROBLEMS[arguments.problem](pool, arguments.operations)
    pool.close()
    report(value, cpu_seconds() - before)
