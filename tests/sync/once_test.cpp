#include <braid/sync/once.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <support/crowd.hpp>

#include <braid/testing/co_test_case.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <thread>

using namespace braid;
using namespace std::chrono_literals;
using braid_test::crowd;
using braid_test::many;

namespace {

task<> slowly(int& runs) {
    co_await checkpoint();
    ++runs;
}

task<> call(once& o, int& runs, int& returned) {
    co_await o.call(slowly, std::ref(runs));
    CHECK(o.is_done());
    ++returned;
}

}  // namespace

TEST_SUITE("sync/once") {
    TEST_CASE("one runs, the others wait until it is done, and later calls return at once") {
        run_blocking([]() -> task<> {
            once o;
            int runs = 0;
            int returned = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 10; ++i) g.start(call, std::ref(o), std::ref(runs), std::ref(returned));
                co_return;
            });
            CHECK(runs == 1);
            CHECK(returned == 10);
            co_await o.call([](int& n) { ++n; }, std::ref(runs));
            CHECK(runs == 1);
        }());
    }

    TEST_CASE("if it throws, that is told to whoever tried, and the next tries") {
        run_blocking([]() -> task<> {
            once o;
            int tries = 0;
            int failed = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 5; ++i) {
                    g.start(
                        [](once& mine, int& t, int& f) -> task<> {
                            try {
                                co_await mine.call(
                                    [](int& n) -> task<> {
                                        co_await checkpoint();
                                        if (++n < 3) throw std::runtime_error("not yet");
                                    },
                                    std::ref(t));
                            } catch (const std::runtime_error&) {
                                ++f;
                            }
                        },
                        std::ref(o), std::ref(tries), std::ref(failed));
                }
                co_return;
            });
            CHECK(tries == 3);
            CHECK(failed == 2);
            CHECK(o.is_done());
        }());
    }

    CO_TEST_CASE("whoever is cancelled while trying leaves it to the next") {
        once o;
        int runs = 0;
        int returned = 0;
        co_await with_task_group([&](task_group& g) -> task<> {
            g.start(
                [](once& mine) -> task<> {
                    const bool in_time =
                        co_await move_on_after(1ms, mine.call([]() -> task<> { co_await sleep_for(1h); }));
                    CHECK_FALSE(in_time);
                },
                std::ref(o));
            co_await checkpoint();
            g.start(call, std::ref(o), std::ref(runs), std::ref(returned));
        });
        CHECK(runs == 1);
        CHECK(returned == 1);
    }

    TEST_CASE("plain threads and coroutines: one of them runs") {
        once o;
        std::atomic<int> runs = 0;
        std::thread other([&] { o.call_blocking([&] { ++runs; }); });
        run_blocking([](once& mine, std::atomic<int>& n) -> task<> {
            co_await mine.call([](std::atomic<int>& count) { ++count; }, std::ref(n));
        }(o, runs));
        other.join();
        CHECK(runs == 1);
    }

    TEST_CASE("of a crowd on four loops, half of it cancelled at random, one gets it done and none is lost") {
        once o;
        std::size_t tries = 0;  // by one at a time
        std::atomic<std::size_t> failed = 0;
        std::atomic<std::size_t> returned = 0;
        crowd c;
        c.start([&](std::size_t) {
            return [](once& mine, std::size_t& n, std::atomic<std::size_t>& f, std::atomic<std::size_t>& r) -> task<> {
                try {
                    co_await mine.call(
                        [](std::size_t& mine_too) {
                            if (++mine_too < many / 4) throw std::runtime_error("not yet");
                        },
                        std::ref(n));
                    ++r;
                } catch (const std::runtime_error&) {
                    ++f;
                }
            }(o, tries, failed, returned);
        });
        c.cancel_half(8, [] {});
        const std::size_t stopped = c.join();
        CHECK(o.is_done());
        CHECK(tries == many / 4);
        CHECK(failed == tries - 1);
        CHECK(returned + failed + stopped == many);
    }
}
