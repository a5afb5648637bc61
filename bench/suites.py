"""The table of what is measured: suites of problems, and who takes part in them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Contender:
    """`program` is a C++ program below the build folder's bench/, or a script (.py) below bench/."""

    name: str
    program: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    name: str
    unit: str
    more_is_better: bool
    operations: int  # of one run, for each contender
    contenders: tuple[Contender, ...]
    floor: str | None  # the contender that does the least that could do
    placements: tuple[str, ...] = ("pinned", "free")
    quick_operations: int | None = None  # of a trial, where a hundredth of the operations makes no sense


FORK_CONTENDERS = (
    Contender("onetbb", "core/tbb_fork"),
    Contender("openmp", "core/openmp_fork"),
    Contender("braid", "core/braid_fork"),
)
HOP_CONTENDERS = (
    Contender("eventfd_ping_pong", "core/eventfd_ping_pong"),
    Contender("asio_post_hop", "core/asio_post_hop"),
    Contender("braid", "core/braid_on_thread"),
)
MULTIPROCESSING_POOL = Contender("multiprocessing.Pool", "process/multiprocessing_pool.py")


SUITES: dict[str, tuple[Problem, ...]] = {
    "core": (
        Problem(
            "nested_await", "ns", False, 10_000_000, floor="hand_rolled", placements=("pinned",),
            contenders=(
                Contender("hand_rolled", "core/hand_rolled_nested"),
                Contender("asio_awaitable", "core/asio_awaitable_nested"),
                Contender("braid", "core/braid_nested"),
            ),
        ),
        # Fork and join on two threads. An operation is the size of the problem: fork_problems.hpp.
        Problem(
            "fib", "CPU ns a node", False, 30, floor=None, placements=("free",), contenders=FORK_CONTENDERS,
            quick_operations=20,
        ),
        Problem(
            "skynet", "ms", False, 1_000_000, floor=None, placements=("free",), contenders=FORK_CONTENDERS,
            quick_operations=10_000,
        ),
        Problem(
            "nqueens", "ms", False, 11, floor=None, placements=("free",), contenders=FORK_CONTENDERS,
            quick_operations=8,
        ),
        # A call on another thread and back, so many in flight.
        Problem("on_thread_1", "ns", False, 20_000, floor="eventfd_ping_pong", contenders=HOP_CONTENDERS),
        Problem("on_thread_64", "ns", False, 200_000, floor="eventfd_ping_pong", contenders=HOP_CONTENDERS),
        Problem("on_thread_1000", "ns", False, 1_000_000, floor="eventfd_ping_pong", contenders=HOP_CONTENDERS),
    ),
    "process": (
        Problem(
            "round_trip", "us", False, 20_000, floor="pipe_ping_pong",
            contenders=(
                Contender("pipe_ping_pong", "process/pipe_ping_pong"),
                MULTIPROCESSING_POOL,
                Contender("braid", "process/braid_process"),
            ),
        ),
        Problem(
            "pipelined_calls", "calls/s", True, 100_000, floor="pipe_batches",
            contenders=(
                Contender("pipe_batches", "process/pipe_batches"),
                MULTIPROCESSING_POOL,
                Contender("braid", "process/braid_process"),
            ),
        ),
        Problem(
            "map", "items/s", True, 1_000_000, floor=None,
            contenders=(MULTIPROCESSING_POOL,),
        ),
    ),
    "crawl": (
        Problem(
            # One operation is the crawl of the whole site.
            "python3.11-doc", "pages/CPU s", True, 1, floor="wget2", placements=("free",),
            contenders=(
                Contender("wget2", "crawl/crawl_site.py", ("--crawler", "wget2")),
                Contender("braid", "crawl/crawl_site.py", ("--crawler", "braid")),
            ),
        ),
    ),
}
