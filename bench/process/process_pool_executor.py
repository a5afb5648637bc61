#!/usr/bin/env python3
"""Python's concurrent.futures.ProcessPoolExecutor. It maps in chunks of 1 unless told otherwise: of 10,000 here."""

from concurrent.futures import ProcessPoolExecutor

from python_pool import WORKERS, PoolUnderTest, main

CHUNK = 10_000


def make_pool() -> PoolUnderTest:
    executor = ProcessPoolExecutor(WORKERS)
    return PoolUnderTest(
        begin=executor.submit,
        end=lambda call: call.result(),
        map=lambda function, items: list(executor.map(function, items, chunksize=CHUNK)),
        close=executor.shutdown,
    )


if __name__ == "__main__":
    main(make_pool)
