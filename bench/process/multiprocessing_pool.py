#!/usr/bin/env python3
"""Python's multiprocessing.Pool, with chunks of its own choice."""

from multiprocessing import Pool

from python_pool import WORKERS, PoolUnderTest, main


def make_pool() -> PoolUnderTest:
    pool = Pool(WORKERS)

    def close() -> None:
        pool.close()
        pool.join()

    return PoolUnderTest(
        begin=lambda function, argument: pool.apply_async(function, (argument,)),
        end=lambda call: call.get(),
        map=pool.map,
        close=close,
    )


if __name__ == "__main__":
    main(make_pool)
