#include <braid/flow/retry.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <braid/testing/co_test_case.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>

using namespace braid;
using namespace std::chrono_literals;

namespace {

/// Fails so many times, then gives how often it was called.
task<int> fails_at_first(int failures, int& calls) {
    co_await checkpoint();
    if (++calls <= failures) throw std::runtime_error("attempt " + std::to_string(calls));
    co_return calls;
}

constexpr retry_options at_once{.first_delay = 0ns};

}  // namespace

TEST_SUITE("flow/retry") {
    TEST_CASE("work that fails at first is done again until it gives a value") {
        run_blocking([]() -> task<> {
            int calls = 0;
            const int value = co_await retry(at_once, fails_at_first, 3, std::ref(calls));
            CHECK(value == 4);
        }());
    }

    TEST_CASE("after exactly so many attempts the last error is thrown") {
        run_blocking([]() -> task<> {
            int calls = 0;
            CHECK_THROWS_WITH_AS(co_await retry(at_once, fails_at_first, 1000, std::ref(calls)), "attempt 5",
                                 std::runtime_error);
            CHECK(calls == 5);
        }());
    }

    TEST_CASE("options may be written in the call, and say which errors are worth another attempt") {
        run_blocking([]() -> task<> {
            int calls = 0;
            CHECK_THROWS_WITH_AS(co_await retry({.attempts = 3, .first_delay = 0ns, .retry_if = is_one_of<timed_out>},
                                                fails_at_first, 1000, std::ref(calls)),
                                 "attempt 1", std::runtime_error);
            CHECK(calls == 1);
            auto misused = [](int& n) -> task<> {
                ++n;
                throw usage_error("misused");
                co_return;
            };
            calls = 0;
            CHECK_THROWS_AS(co_await retry(at_once, misused, std::ref(calls)), usage_error);
            CHECK(calls == 1);
        }());
    }

    TEST_CASE("cancelled is never retried, though the predicate would") {
        run_blocking([]() -> task<> {
            int calls = 0;
            auto stops = [](int& n) -> task<> {
                ++n;
                throw cancelled(cancel_reason::shutdown);
                co_return;
            };
            retry_options everything = at_once;
            everything.retry_if = [](const std::exception_ptr&) { return true; };
            bool told = false;
            try {
                co_await retry(everything, stops, std::ref(calls));
            } catch (const cancelled& c) {
                told = c.reason() == cancel_reason::shutdown;
            }
            CHECK(told);
            CHECK(calls == 1);
        }());
    }

    CO_TEST_CASE("a deadline ends the pause between two attempts") {
        int calls = 0;
        retry_options patient;
        patient.first_delay = 1h;
        patient.longest_delay = 1h;
        patient.jitter = false;
        const auto value = co_await move_on_after(5ms, retry(patient, fails_at_first, 1, std::ref(calls)));
        CHECK_FALSE(value.has_value());
        CHECK(calls == 1);
    }

    TEST_CASE("a predicate that throws ends the attempts with that") {
        run_blocking([]() -> task<> {
            int calls = 0;
            retry_options odd = at_once;
            odd.retry_if = [](const std::exception_ptr&) -> bool { throw std::logic_error("odd"); };
            CHECK_THROWS_WITH_AS(co_await retry(odd, fails_at_first, 1, std::ref(calls)), "odd", std::logic_error);
        }());
    }

    TEST_CASE("pauses grow by the factor up to the longest, and never overflow") {
        retry_options options{.first_delay = 100ms, .factor = 2, .longest_delay = 1s, .jitter = false};
        CHECK(detail::pause_after(options, 1) == 100ms);
        CHECK(detail::pause_after(options, 2) == 200ms);
        CHECK(detail::pause_after(options, 4) == 800ms);
        CHECK(detail::pause_after(options, 5) == 1s);
        CHECK(detail::pause_after(options, std::numeric_limits<unsigned>::max()) == 1s);
        options.factor = std::numeric_limits<double>::infinity();
        CHECK(detail::pause_after(options, 2) == 1s);
        options.first_delay = 0ns;
        CHECK(detail::pause_after(options, 2) == 0ns);
    }

    TEST_CASE("with jitter a pause lies anywhere between zero and its limit") {
        const retry_options options{.first_delay = 1000ns};
        int low = 0, high = 0;
        for (int i = 0; i < 1000; ++i) {
            const auto pause = detail::pause_after(options, 1);
            REQUIRE(pause >= 0ns);
            REQUIRE(pause <= 1000ns);
            low += pause < 250ns;
            high += pause > 750ns;
        }
        CHECK(low > 100);
        CHECK(high > 100);
    }

    TEST_CASE("options that make no sense are refused") {
        run_blocking([]() -> task<> {
            int calls = 0;
            for (retry_options bad :
                 {retry_options{.attempts = 0}, retry_options{.first_delay = -1ns}, retry_options{.factor = 0.5},
                  retry_options{.factor = std::nan("")}, retry_options{.retry_if = nullptr}}) {
                CHECK_THROWS_AS(co_await retry(bad, fails_at_first, 0, std::ref(calls)), usage_error);
            }
            CHECK(calls == 0);
        }());
    }
}
