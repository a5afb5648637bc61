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

from suites import SUITES, Contender, Figure, Problem

HERE = Path(__file__).resolve().parent
NOT_AVAILABLE = 77
OURS = "braid"


@dataclass(frozen=True)
class Run:
    value: float
    cpu: float  # seconds
    further: dict[str, float]  # values by their units


@dataclass
class Series:
    """What the runs of one contender in one placement gave."""

    runs: list[Run] = field(default_factory=list)

    def of(self, figure: Figure, problem: Problem) -> list[float]:
        if figure.unit == problem.unit:
            return [run.value for run in self.runs]
        return [run.further[figure.unit] for run in self.runs]

    def cpu(self, contender: Contender) -> float:
        """Of all the operations, though it may have done a share of them."""
        return median(run.cpu for run in self.runs) / contender.share


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
    own = max(1, round(operations * contender.share))
    return command + [*contender.arguments, "--problem", problem.name, "--operations", str(own)]


def run_once(command: list[str], environment: dict[str, str], figures: tuple[Figure, ...]) -> Run:
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
        return read_run(printed, usage.ru_utime + usage.ru_stime, figures)
    except ValueError as failure:
        raise ContenderFailed(f"printed {printed!r} ({failure}): {' '.join(command)}") from failure


def read_run(printed: str, cpu_of_process: float, figures: tuple[Figure, ...]) -> Run:
    """VALUE [CPU], and a line VALUE UNIT for each further figure. Throws: ValueError if anything else was printed."""
    first, *lines = printed.splitlines() or [""]
    value, *cpu = [float(word) for word in first.split()]
    further = {}
    for line in lines:
        figure, unit = line.split(maxsplit=1)
        further[unit] = float(figure)
    expected = {figure.unit for figure in figures[1:]}
    if further.keys() != expected:
        raise ValueError(f"expected further figures in {sorted(expected)}")
    return Run(value, cpu[0] if cpu else cpu_of_process, further)


def measure(problem: Problem, placement: str, runs: int, operations: int, build: Path) -> dict[str, Series]:
    series = {contender.name: Series() for contender in problem.contenders}
    environment = os.environ | {"BENCH_BUILD": str(build)}
    for turn in range(runs):
        for contender in problem.contenders:
            if contender.name not in series:
                continue
            progress(f"{problem.name}, {placement}: run {turn + 1} of {runs}, {contender.name}")
            try:
                command = command_of(contender, problem, placement, operations, build)
                series[contender.name].runs.append(run_once(command, environment, problem.figures))
            except NotAvailable:
                del series[contender.name]
    progress("")
    return series


def progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def times(value: float, others: list[float] | None) -> str:
    return "-" if others is None else f"{value / median(others):.2f}"


def print_table(problem: Problem, figure: Figure, placement: str, measured: dict[str, Series]) -> None:
    wish = "more is better" if figure.more_is_better else "less is better"
    values = {name: series.of(figure, problem) for name, series in measured.items()}
    print(f"\n{problem.name}, {placement} ({figure.unit}, {wish})")
    print(f"  {'contender':22} {'min':>12} {'median':>12} {'max':>12} {'CPU s':>8} {'x floor':>8} {'x ' + OURS:>8}")
    for contender in problem.contenders:
        if contender.name not in measured:
            print(f"  {contender.name:22} not available here")
            continue
        own = values[contender.name]
        remarks = [contender.remark] if contender.remark else []
        if contender.name == problem.floor:
            remarks.insert(0, "floor")
        print(
            f"  {contender.name:22} {number(min(own))} {number(median(own))} {number(max(own))}"
            f" {measured[contender.name].cpu(contender):8.3f}"
            f" {times(median(own), values.get(problem.floor)):>8} {times(median(own), values.get(OURS)):>8}"
            + (f"  ({'; '.join(remarks)})" if remarks else "")
        )


def number(value: float) -> str:
    return f"{value:12,.0f}" if value >= 1000 else f"{value:12.2f}"


def json_lines(suite: str, problem: Problem, placement: str, measured: dict[str, Series]) -> list[str]:
    lines = []
    for figure in problem.figures:
        for contender in problem.contenders:
            if contender.name not in measured:
                continue
            series = measured[contender.name]
            values = series.of(figure, problem)
            lines.append(json.dumps({
                "suite": suite, "problem": problem.name, "contender": contender.name, "placement": placement, "unit": figure.unit,
                "runs": len(values), "min": min(values), "median": median(values), "max": max(values),
                "cpu": series.cpu(contender),
            }))
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there, as JSON lines")
    parser.add_argument("--runs", type=int, help="of each contender (default: as many as the problem needs, 5 or 7)")
    parser.add_argument("--quick", action="store_true", help="two short runs each, to see that all of it works")
    parser.add_argument("--problem", help="this problem only")
    parser.add_argument("--build", type=Path, required=True, help="the folder where the C++ contenders were built")
    arguments = parser.parse_args()

    problems = [p for p in SUITES[arguments.suite] if arguments.problem in (None, p.name)]
    if not problems:
        parser.error(f"no such problem in {arguments.suite}: {arguments.problem}")
    least = max(problem.least_runs for problem in problems)
    if arguments.runs is not None and arguments.runs < least:
        parser.error(f"--runs: at least {least}, or the median means little; --quick for a trial")

    lines = []
    for problem in problems:
        operations = problem.operations
        if arguments.quick:
            operations = problem.quick_operations or max(1, problem.operations // 100)
        runs = 2 if arguments.quick else arguments.runs or problem.least_runs
        for placement in problem.placements:
            try:
                measured = measure(problem, placement, runs, operations, arguments.build.resolve())
            except ContenderFailed as failure:
                print(f"bench: {problem.name}, {placement}: {failure}", file=sys.stderr)
                return 1
            for figure in problem.figures:
                print_table(problem, figure, placement, measured)
            lines += json_lines(arguments.suite, problem, placement, measured)
    if arguments.json:
        arguments.json.write_text("".join(line + "\n" for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
