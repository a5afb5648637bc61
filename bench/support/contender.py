"""What contenders written in Python share; the protocol is described in bench/README.md."""

import argparse
import resource
import sys
import time
from typing import NoReturn

NOT_AVAILABLE = 77


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    made.add_argument("--problem", required=True)
    made.add_argument("--operations", type=int, required=True)
    return made


def not_available(reason: str) -> NoReturn:
    print(reason, file=sys.stderr)
    sys.exit(NOT_AVAILABLE)


def cpu_seconds() -> float:
    """Of this process and of the children it has waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class Stopwatch:
    def __init__(self) -> None:
        self.start = time.perf_counter()

    def seconds(self) -> float:
        return time.perf_counter() - self.start


def report(value: float, cpu: float | None = None, further: dict[str, float] | None = None) -> None:
    """`further` figures of the problem by their units."""
    print(value if cpu is None else f"{value} {cpu}")
    for unit, figure in (further or {}).items():
        print(figure, unit)
