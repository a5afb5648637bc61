#include <braid/core/job.hpp>

#include <braid/core/deadline.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <support/loop_thread.hpp>

#include <boost/asio/post.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>

using namespace braid;
using namespace std::chrono_literals;
using braid_test::loop_thread;

namespace {

task<int> give(int value) { co_return value; }
task<> fail(std::string message) {
    co_await checkpoint();
    throw std::runtime_error(message);
}
/// Runs until it is cancelled, and then needs a few turns to unwind.
task<> stop_late(std::atomic<bool>& stopped) {
    std::exception_ptr why;
    try {
        co_await sleep_for(1h);
    } catch (const cancelled&) {
        why = std::current_exception();
    }
    stopped = true;
    std::rethrow_exception(why);
}
task<> hold(job<> held) {
    co_await checkpoint();
    CHECK_FALSE(held.done());
}

}  // namespace

TEST_SUITE("core/job") {
    TEST_CASE("a job gives the value of its work, which began before anybody awaited it") {
        run_blocking([]() -> task<> {
            bool began = false;
            auto work = [](bool& flag) -> task<int> {
                flag = true;
                co_return 7;
            };
            auto j = detail::start_job(work(began));
            CHECK_FALSE(began);
            co_await checkpoint();
            CHECK(began);
            CHECK(co_await j == 7);
            CHECK(j.done());
        }());
    }

    TEST_CASE("an exception of the work arrives where the job is awaited") {
        run_blocking([]() -> task<> {
            auto j = detail::start_job(fail("from the job"));
            CHECK_THROWS_WITH_AS(co_await j, "from the job", std::runtime_error);
        }());
    }

    TEST_CASE("awaiting a job twice, or an empty one, is an error") {
        run_blocking([]() -> task<> {
            auto j = detail::start_job(give(1));
            CHECK(co_await j == 1);
            CHECK_THROWS_AS(co_await j, usage_error);
            CHECK_THROWS_AS(co_await job<int>(), usage_error);
        }());
    }

    TEST_CASE("a job started outside of coroutines without an executor is an error") {
        CHECK_THROWS_AS(static_cast<void>(detail::start_job(give(1))), usage_error);
    }

    TEST_CASE("a cancelled job ends with cancelled, and nothing of it runs any more") {
        std::atomic<bool> stopped = false;
        run_blocking([](std::atomic<bool>& flag) -> task<> {
            auto j = detail::start_job(stop_late(flag));
            co_await checkpoint();
            j.cancel();
            CHECK_THROWS_AS(co_await j, cancelled);
            CHECK(flag);
        }(stopped));
    }

    TEST_CASE("a deadline around the wait for a job stops the job") {
        std::atomic<bool> stopped = false;
        run_blocking([](std::atomic<bool>& flag) -> task<> {
            auto j = detail::start_job(stop_late(flag));
            CHECK_THROWS_AS(co_await fail_after(1ms, std::move(j)), timed_out);
            CHECK(flag);
        }(stopped));
    }

    TEST_CASE("awaiting a job in a scope that is already cancelled stops the job and throws") {
        std::atomic<bool> stopped = false;
        run_blocking([](std::atomic<bool>& flag) -> task<> {
            auto j = detail::start_job(stop_late(flag));
            co_await checkpoint();
            co_await with_task_group([&](task_group& g) -> task<> {
                g.cancel();
                CHECK_THROWS_AS(co_await j, cancelled);
                CHECK(flag);
            });
        }(stopped));
    }

    TEST_CASE("a scope ends only after the jobs that were dropped in it") {
        std::atomic<bool> stopped = false;
        run_blocking([](std::atomic<bool>& flag) -> task<> {
            co_await with_task_group([&](task_group&) -> task<> {
                auto j = detail::start_job(stop_late(flag));
                co_await checkpoint();
            });
            CHECK(flag);
        }(stopped));
    }

    TEST_CASE("a job that is an argument of a group's child ends before the group does") {
        std::atomic<bool> stopped = false;
        run_blocking([](std::atomic<bool>& flag) -> task<> {
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start(hold, detail::start_job(stop_late(flag)));
                co_return;
            });
            CHECK(flag);
        }(stopped));
    }

    TEST_CASE("a job that is an argument of a root ends before the root does") {
        loop_thread other;
        std::atomic<bool> stopped = false;
        run_blocking(hold(detail::start_job(stop_late(stopped), other.executor())));
        CHECK(stopped);
    }

    TEST_CASE("a job of another loop is awaited, and one that is dropped here ends before its new scope") {
        loop_thread other;
        std::atomic<bool> stopped = false;
        run_blocking([](loop_thread& o, std::atomic<bool>& flag) -> task<> {
            CHECK(co_await detail::start_job(give(3), o.executor()) == 3);
            co_await with_task_group([&](task_group&) -> task<> {
                auto j = detail::start_job(stop_late(flag), o.executor());
                co_return;
            });
        }(other, stopped));
        // Cancelled before it began: `stop_late` is refused at its first await, and says so all the same.
        CHECK(stopped);
    }

    TEST_CASE("a plain thread waits for a job, and dropping one there blocks until it is done") {
        loop_thread other;
        CHECK(detail::start_job(give(4), other.executor()).get_blocking() == 4);
        std::atomic<bool> stopped = false;
        {
            auto j = detail::start_job(stop_late(stopped), other.executor());
        }
        CHECK(stopped);
    }

    TEST_CASE("a job dropped by a handler on its own loop does not stop the loop") {
        std::atomic<bool> stopped = false;
        std::promise<void> dropped;
        {
            loop_thread other;
            auto j = std::make_shared<job<>>(detail::start_job(stop_late(stopped), other.executor()));
            boost::asio::post(other.executor(), [held = std::exchange(j, nullptr), &dropped]() mutable {
                held.reset();
                dropped.set_value();
            });
            dropped.get_future().wait();
        }
        CHECK(stopped);
    }

    TEST_CASE("a job outlives the loop on which it ended") {
        job<int> kept;
        run_blocking([](job<int>& j) -> task<> {
            j = detail::start_job(give(5));
            co_return;
        }(kept));
        kept.cancel();
        CHECK(kept.get_blocking() == 5);
    }

    TEST_CASE("a cancellation that races the end of the work from another thread gives one outcome each time") {
        loop_thread other;
        int values = 0;
        int stops = 0;
        run_blocking([](loop_thread& o, int& v, int& s) -> task<> {
            for (int i = 0; i < 10'000; ++i) {
                auto j = detail::start_job(
                    []() -> task<int> {
                        co_await checkpoint();
                        co_return 1;
                    }(),
                    o.executor());
                if (i % 3 == 0) co_await checkpoint();
                j.cancel();
                try {
                    v += co_await j;
                } catch (const cancelled&) {
                    ++s;
                }
            }
        }(other, values, stops));
        CHECK(values + stops == 10'000);
    }
}
