#include <braid/trace/stall_watch.hpp>

#include <braid/core/spawn.hpp>
#include <braid/core/task.hpp>

#include <doctest/doctest.h>

#include <future>
#include <string>

using namespace braid;
using namespace std::chrono_literals;

namespace {

/// Holds its loop until the watch has reported.
task<> computes_for_long(std::future<stall>& reported, stall& seen) {
    co_await checkpoint();
    seen = reported.get();
}
task<> caller(std::future<stall>& reported, stall& seen) { co_await computes_for_long(reported, seen); }

}  // namespace

TEST_SUITE("trace/stall_watch") {
    TEST_CASE("a step that holds its loop is reported while it lasts, with the awaits that it went on from") {
        std::promise<stall> promise;
        auto reported = promise.get_future();
        stall seen{};
        {
            const stall_watch watch(5ms, [&promise](const stall& s) { promise.set_value(s); });
            run_blocking(caller(reported, seen));
        }
        CHECK(seen.held >= 5ms);
        CHECK(seen.text().find("computes_for_long (stall_watch_test.cpp:") != std::string::npos);
        CHECK(seen.text().find("caller (stall_watch_test.cpp:") != std::string::npos);
        CHECK(seen.text().find("computes_for_long") < seen.text().find("caller"));
    }

    TEST_CASE("a step is reported once, however long it lasts, and a loop that waits not at all") {
        int reports = 0;
        std::promise<stall> promise;
        auto reported = promise.get_future();
        {
            const stall_watch watch(2ms, [&](const stall& s) {
                if (++reports == 1) promise.set_value(s);
            });
            stall seen{};
            run_blocking([](std::future<stall>& first, stall& s) -> task<> {
                co_await sleep_for(20ms);  // waits: not a stall
                co_await computes_for_long(first, s);
                co_await sleep_for(20ms);
            }(reported, seen));
        }
        CHECK(reports == 1);
    }

    TEST_CASE("a program has one at most, and it has a limit") {
        {
            const stall_watch watch(1h);
            CHECK_THROWS_AS(stall_watch(1h), usage_error);
        }
        CHECK_THROWS_AS(stall_watch(0ms), usage_error);
        const stall_watch again(1h);
    }
}
