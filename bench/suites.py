"""The table of what is measured: suites of problems, and who takes part in them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Contender:
    """`program` is a C++ program below the build folder's bench/, or a script (.py) below bench/."""

    name: str
    program: str
    arguments: tuple[str, ...] = ()
    remark: str = ""  # that belongs beside its figures
    share: float = 1.0  # of a problem's operations: fewer for one that would take minutes


@dataclass(frozen=True)
class Figure:
    """What a run tells beside its value, known by its unit."""

    unit: str
    more_is_better: bool


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
    further: tuple[Figure, ...] = ()  # that a run tells beside its value
    least_runs: int = 7

    @property
    def figures(self) -> tuple[Figure, ...]:
        return (Figure(self.unit, self.more_is_better), *self.further)


FORK_CONTENDERS = (
    Contender("onetbb", "core/tbb_fork"),
    Contender("openmp", "core/openmp_fork"),
    Contender("braid", "core/braid_fork"),
)
HOP_CONTENDERS = (
    Contender("eventfd_ping_pong", "core/eventfd_ping_pong"),
    Contender("spinning_ping_pong", "core/spinning_ping_pong", remark="two CPUs, one hop at a time"),
    Contender("asio_post_hop", "core/asio_post_hop"),
    Contender("braid", "core/braid_on_thread"),
)


def python_pools(share: float) -> tuple[Contender, ...]:
    return (
        Contender("multiprocessing.Pool", "process/multiprocessing_pool.py", share=share),
        Contender("ProcessPoolExecutor", "process/process_pool_executor.py", share=share),
        Contender("joblib/loky", "process/joblib_loky.py", share=share / 4),
    )


NODE_IPC = Contender("node child_process", "process/node_ipc.py", share=0.1)

TIMERS = tuple(Contender(name, f"core/{name}_timers") for name in ("hand_rolled", "asio", "braid"))
ECHO = (
    *(Contender(name, f"core/{name}_echo") for name in ("hand_rolled", "asio", "braid")),
    Contender("braid_spawned", "core/braid_echo", ("--tasks", "spawned"), "a home for each task"),
)
TIMER_PROBLEMS = {  # and the number of operations
    "timer_due": 100_000,
    "timer_cancelled": 1_000_000,
    "timers_fired": 1_000_000,
    "timers_scattered": 1_000_000,
}

# crawl/crawlers.py knows how each is called.
CRAWLERS = (
    Contender("wget2", "crawl/crawl_site.py", ("--crawler", "wget2"), "stores no titles, links or text lengths"),
    *(
        Contender(name, "crawl/crawl_site.py", ("--crawler", name))
        for name in ("scrapy", "aiohttp", "braid_inline", "braid")
    ),
)
CRAWL_FIGURES = (Figure("pages/s", True), Figure("MiB", False))  # MiB: the most memory of all processes together


def crawl_of(site: str, operations: int, quick_operations: int | None = None) -> Problem:
    return Problem(
        site, "pages/CPU s", True, operations, floor="wget2", placements=("free",), contenders=CRAWLERS,
        quick_operations=quick_operations, further=CRAWL_FIGURES, least_runs=5,
    )


SUITES: dict[str, tuple[Problem, ...]] = {
    "core": (
        *(
            Problem(
                name, "ns", False, 10_000_000, floor="hand_rolled", placements=("pinned",),
                contenders=(
                    Contender("hand_rolled", "core/hand_rolled_nested"),
                    Contender("asio_awaitable", "core/asio_awaitable_nested"),
                    Contender("braid", "core/braid_nested"),
                ),
            )
            for name in ("nested_await", "chain")
        ),
        *(
            Problem(
                name, "ns", False, 2_000_000, floor="hand_rolled", placements=("pinned",),
                contenders=(
                    Contender("hand_rolled", "core/hand_rolled_group"),
                    Contender("asio_co_spawn", "core/asio_group"),
                    Contender("braid", "core/braid_group"),
                ),
            )
            for name in ("start_join", "fan_out")
        ),
        Problem(
            "suspended_task", "bytes", False, 100_000, floor=None, placements=("free",),
            contenders=(
                Contender("asio_co_spawn", "core/asio_suspended"),
                Contender("braid", "core/braid_suspended"),
            ),
        ),
        *(
            Problem(name, "ns", False, operations, floor="hand_rolled", placements=("pinned",), contenders=TIMERS)
            for name, operations in TIMER_PROBLEMS.items()
        ),
        *(
            Problem(name, "us", False, 100_000, floor="hand_rolled", placements=("pinned",), contenders=ECHO)
            for name in ("tcp_echo_20", "tcp_echo_1000")
        ),
        *(
            Problem(
                name, "ns", False, operations, floor="hand_rolled", placements=("pinned",),
                contenders=(
                    Contender("hand_rolled", "core/hand_rolled_channel"),
                    Contender("asio_channel", "core/asio_channel"),
                    Contender("braid", "core/braid_channel"),
                ),
            )
            for name, operations in (("channel_buffered", 3_000_000), ("channel_rendezvous", 2_000_000))
        ),
        *(
            Problem(
                name, "ns", False, 2_000_000, floor="vyukov_queue",
                contenders=(
                    Contender("vyukov_queue", "core/vyukov_queue"),
                    Contender("asio_channel", "core/asio_channel"),
                    Contender("braid", "core/braid_channel"),
                ),
            )
            for name in ("channel_threads_1_1", "channel_threads_4_4")
        ),
        *(
            Problem(
                name, "ns", False, operations, floor="std_mutex", placements=placements,
                contenders=(
                    Contender("std_mutex", "core/std_mutex"),
                    Contender("braid", "core/braid_mutex"),
                ),
            )
            for name, operations, placements in (
                ("mutex_uncontended", 10_000_000, ("pinned",)),
                ("mutex_contended_1000", 2_000_000, ("pinned", "free")),
            )
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
            "round_trip", "us, p50", False, 20_000, floor="pipe_ping_pong",
            contenders=(
                Contender("pipe_ping_pong", "process/pipe_ping_pong"),
                *python_pools(0.25),
                Contender("braid", "process/braid_process"),
            ),
        ),
        # Both sides look out for each other instead of sleeping.
        Problem(
            "round_trip_spinning", "us, p50", False, 20_000, floor="spinning_echo", placements=("free",),
            contenders=(
                Contender("spinning_echo", "process/spinning_echo"),
                Contender("braid", "process/braid_process"),
            ),
        ),
        # Calls that do nothing, each awaited on its own.
        *(
            Problem(
                name, "calls/s", True, 1_000_000, floor="pipe_batches",
                contenders=(
                    Contender("pipe_batches", "process/pipe_batches"),
                    Contender("bare_pool", "process/bare_pool", remark="one worker, no arguments, no errors"),
                    *python_pools(0.02),
                    NODE_IPC,
                    Contender("braid", "process/braid_process"),
                ),
            )
            for name in ("pipelined_64", "pipelined_1000")
        ),
        Problem(
            "map", "items/s", True, 10_000_000, floor=None,
            contenders=(*python_pools(0.2), Contender("braid", "process/braid_process")),
        ),
        # 64 MiB there and back: through memory that both have, copied in and out or used in place, and as vectors.
        *(
            Problem(
                name, "ms", False, 20, floor="mapped_echo", placements=("free",), quick_operations=2,
                contenders=(
                    Contender("mapped_echo", "process/mapped_echo"),
                    Contender("braid", "process/braid_bytes"),
                ),
            )
            for name in ("bytes_existing", "bytes_shared")
        ),
        Problem(
            "bytes_fresh", "ms", False, 10, floor=None, placements=("free",), quick_operations=2,
            contenders=(*python_pools(0.2), NODE_IPC, Contender("braid", "process/braid_bytes")),
        ),
        Problem(
            "records", "records/s", True, 200_000, floor=None,
            contenders=(*python_pools(0.05), Contender("braid", "process/braid_bytes")),
        ),
        # A new pool of two, in a parent of 10 MiB and of 1 GiB.
        *(
            Problem(
                name, "ms", False, 1, floor="bare_processes", placements=("free",),
                contenders=(
                    Contender("bare_processes", "process/bare_processes"),
                    Contender("braid", "process/braid_pool_life"),
                ),
            )
            for name in ("first_results_10m", "first_results_1g", "first_results_zygote")
        ),
        Problem(
            "long_calls", "calls/s", True, 200, floor="bare_processes", placements=("free",), quick_operations=10,
            contenders=(
                Contender("bare_processes", "process/bare_processes"),
                Contender("braid", "process/braid_pool_life"),
            ),
        ),
        Problem(
            "queued_call", "bytes", False, 100_000, floor=None, placements=("free",),
            contenders=(Contender("braid", "process/braid_pool_life"),),
        ),
        # From SIGKILL of a worker with 1,000 calls in flight. Of the peers one hangs then, and one breaks for good.
        *(
            Problem(
                name, "ms", False, 1, floor="bare_processes", placements=("free",),
                contenders=(
                    Contender("bare_processes", "process/bare_processes"),
                    Contender("braid", "process/braid_pool_life"),
                ),
            )
            for name in ("kill_to_error", "kill_to_result")
        ),
    ),
    "crawl": (
        # One operation is the crawl of the whole site.
        *(crawl_of(site, operations=1) for site in ("python3.11-doc", "cppreference-doc-en-html")),
        # One operation is a page, of a site that is computed.
        crawl_of("answers_after_50_ms", operations=20_000, quick_operations=2_000),
    ),
}
