"""What a process and its descendants take, seen from outside."""

import os
import threading
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for parent in found:
        try:
            for thread in Path(f"/proc/{parent}/task").iterdir():
                found += [int(child) for child in (thread / "children").read_text().split()]
        except OSError:
            pass  # it has ended meanwhile
    return found


def memory_of(pid: int) -> int:
    """Pss, so that what processes share counts once."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def cpu_of(pid: int) -> float:
    """Of the process, and of children that it has waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(ticks) for ticks in fields[11:15]) / TICKS
    except OSError:
        return 0.0


class Watch(threading.Thread):
    """Looks at a process and its descendants now and then, for as long as a `with` lasts.

    It takes a fiftieth of one CPU at most: the walk through their memory disturbs those who are measured.
    """

    SHARE = 1 / 50

    def __init__(self, pid: int, interval: float):
        super().__init__(daemon=True)
        self.pid = pid
        self.interval = interval
        self.peak = 0  # bytes that all of them had at one time
        self.cpu: list[tuple[float, float]] = []  # (time, CPU seconds so far)
        self.ended = threading.Event()

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()

    def run(self) -> None:
        pause = self.interval
        while not self.ended.wait(pause):
            before = time.thread_time()
            pids = family(self.pid)
            self.peak = max(self.peak, sum(memory_of(pid) for pid in pids))
            self.cpu.append((time.time(), sum(cpu_of(pid) for pid in pids)))
            pause = max(self.interval, (time.thread_time() - before) / self.SHARE)

    def rate_by_cpu(self, begin: float, end: float, rate: float) -> float | None:
        """Of a rate by the clock. None if the time is too short for the CPU time of it to be seen."""
        inside = [(when, cpu) for when, cpu in self.cpu if begin <= when <= end]
        if len(inside) < 2 or inside[-1][1] <= inside[0][1]:
            return None
        return rate * (inside[-1][0] - inside[0][0]) / (inside[-1][1] - inside[0][1])
