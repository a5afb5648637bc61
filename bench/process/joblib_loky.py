#!/usr/bin/env python3
"""joblib's executor of processes, loky. It maps in chunks of 1 unless told otherwise: of 10,000 here."""

from python_pool import WORKERS, PoolUnderTest, main, not_available

CHUNK = 10_000


def make_pool() -> PoolUnderTest:
    try:
        from joblib.externals.loky import get_reusable_executor
    except ImportError as failure:
        not_available(f"joblib is not installed: {failure}")
    executor = get_reusable_executor(max_workers=WORKERS)
    return PoolUnderTest(
        begin=executor.submit,
        end=lambda call: call.result(),
        map=lambda function, items: list(executor.map(function, items, chunksize=CHUNK)),
        close=executor.shutdown,
    )


if __name__ == "__main__":
    main(make_pool)
