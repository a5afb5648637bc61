#!/usr/bin/env python3
"""Runs a suite of benchmarks: prints a table, and writes JSON lines if asked. README.md says how, suites.py says what."""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from suites import SUITES, Contender, Problem

HERE = Path(__file__).resolve().parent
NOT_AVAILABLE = 77
OURS = "braid"


@dataclass
class Series:
    """What the runs of one contender in one placement gave."""

    values: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


class ContenderFailed(Exception):
    pass


class NotAvailable(Exception):
    pass


def command_of(contender: Contender, problem: Problem, placement: str, operations: int, build: Path) -> list[str]:
    command = ["taskset", "-c", "0"] if placement == "pinned" else []
    if contender.program.endswith(".py"):
        command += [sys.executable, str(HERE / contender.program)]
    else:
        command += [str(build / "bench" / contender.program)]
    return command + [*contender.arguments, "--problem", problem.name, "--operations", str(operations)]


def run_once(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """The value, and the CPU seconds that the contender says it took, or else those of its processes."""
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=environment, text=True)
    except OSError as failure:
        raise ContenderFailed(f"{command[0]}: {failure.strerror}") from failure
    with process.stdout as output:
        printed = output.read()
    # Not Popen.wait(): it throws the resource usage away.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode == NOT_AVAILABLE:
        raise NotAvailable
    if process.returncode != 0:
        raise ContenderFailed(f"ended with {process.returncode}: {' '.join(command)}")
    try:
        value, *cpu = [float(word) for word in printed.split()]
    except ValueError as failure:
        raise ContenderFailed(f"printed {printed!r} instead of a value: {' '.join(command)}") from failure
    return value, cpu[0] if cpu else usage.ru_utime + usage.ru_stime


def measure(problem: Problem, placement: str, runs: int, operations: int, build: Path) -> dict[str, Series]:
    series = {contender.name: Series() for contender in problem.contenders}
    environment = os.environ | {"BENCH_BUILD": str(build)}
    for turn in range(runs):
        for contender in problem.contenders:
            if contender.name not in series:
                continue
            progress(f"{problem.name}, {placement}: run {turn + 1} of {runs}, {contender.name}")
            try:
                value, cpu = run_once(command_of(contender, problem, placement, operations, build), environment)
            except NotAvailable:
                del series[contender.name]
                continue
            series[contender.name].values.append(value)
            series[contender.name].cpu.append(cpu)
    progress("")
    return series


def progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def times(value: float, other: Series | None) -> str:
    return "-" if other is None else f"{value / median(other.values):.2f}"


def print_table(problem: Problem, placement: str, measured: dict[str, Series]) -> None:
    wish = "more is better" if problem.more_is_better else "less is better"
    print(f"\n{problem.name}, {placement} ({problem.unit}, {wish})")
    print(f"  {'contender':22} {'min':>12} {'median':>12} {'max':>12} {'CPU s':>8} {'x floor':>8} {'x ' + OURS:>8}")
    for name, series in measured.items():
        middle = median(series.values)
        print(
            f"  {name:22} {number(min(series.values))} {number(middle)} {number(max(series.values))}"
            f" {median(series.cpu):8.3f}"
            f" {times(middle, measured.get(problem.floor)):>8} {times(middle, measured.get(OURS)):>8}"
            + ("  (floor)" if name == problem.floor else "")
        )
    for contender in problem.contenders:
        if contender.name not in measured:
            print(f"  {contender.name:22} not available here")


def number(value: float) -> str:
    return f"{value:12,.0f}" if value >= 1000 else f"{value:12.2f}"


def json_lines(suite: str, problem: Problem, placement: str, measured: dict[str, Series]) -> list[str]:
    return [
        json.dumps({
            "suite": suite, "problem": problem.name, "contender": name, "placement": placement, "unit": problem.unit,
            "runs": len(series.values), "min": min(series.values), "median": median(series.values),
            "max": max(series.values), "cpu": median(series.cpu),
        })
        for name, series in measured.items()
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there, as JSON lines")
    parser.add_argument("--runs", type=int, default=7, help="of each contender (default 7)")
    parser.add_argument("--quick", action="store_true", help="two short runs each, to see that all of it works")
    parser.add_argument("--problem", help="this problem only")
    parser.add_argument("--build", type=Path, required=True, help="the folder where the C++ contenders were built")
    arguments = parser.parse_args()

    problems = [p for p in SUITES[arguments.suite] if arguments.problem in (None, p.name)]
    if not problems:
        parser.error(f"no such problem in {arguments.suite}: {arguments.problem}")
    if arguments.runs < 7:
        parser.error("--runs: at least 7, or the median means little; --quick for a trial")
    runs = 2 if arguments.quick else arguments.runs

    lines = []
    for problem in problems:
        operations = problem.operations
        if arguments.quick:
            operations = problem.quick_operations or max(1, problem.operations // 100)
        for placement in problem.placements:
            try:
                measured = measure(problem, placement, runs, operations, arguments.build.resolve())
            except ContenderFailed as failure:
                print(f"bench: {problem.name}, {placement}: {failure}", file=sys.stderr)
                return 1
            print_table(problem, placement, measured)
            lines += json_lines(arguments.suite, problem, placement, measured)
    if arguments.json:
        arguments.json.write_text("".join(line + "\n" for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
