#pragma once
// CO_TEST_CASE: a doctest test case whose body is a coroutine on a loop in virtual time.
//     CO_TEST_CASE("an hour is short") {
//         co_await sleep_for(1h);
//         CHECK(..);
//     }

#include <braid/testing/seeds.hpp>
#include <braid/testing/virtual_loop.hpp>

#include <doctest/doctest.h>

#include <cstdint>

namespace braid::testing {

/// Runs the body of a test once.
inline void run_co_test(task<> (*body)()) { run_virtual(body()); }

/// Runs it once for each seed. Whatever fails tells the seed.
inline void run_shuffled_co_test(task<> (*body)()) {
    for (const std::uint64_t seed : test_seeds()) {
        INFO("to see this order again: BRAID_TEST_SEED=", seed);
        run_virtual(body(), {.seed = seed});
    }
}

}  // namespace braid::testing

#define BRAID_CO_TEST_CASE(run, body, name)                  \
    static ::braid::task<> body();                           \
    DOCTEST_TEST_CASE(name) { ::braid::testing::run(body); } \
    static ::braid::task<> body()

/// In the order in which things became ready, once.
#define CO_TEST_CASE(name) BRAID_CO_TEST_CASE(run_co_test, DOCTEST_ANONYMOUS(braid_co_test_), name)

/// In many random orders, one for each of `test_seeds()`: for what has to be right in any of them. Not with SUBCASE.
#define CO_TEST_CASE_SHUFFLED(name) BRAID_CO_TEST_CASE(run_shuffled_co_test, DOCTEST_ANONYMOUS(braid_co_test_), name)
