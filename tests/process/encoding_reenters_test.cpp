// Arguments are encoded by their own functions, which may use what they are an argument to.

#include <braid/process/process_pool.hpp>

#include "support/run_counter.hpp"

#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <utility>

using namespace braid;
using namespace braid::testing;

namespace {

std::function<void()> when_encoded;

/// Calls that back, once.
struct trigger {
    template <class Archive>
    void save(Archive& archive) const {
        if (when_encoded) std::exchange(when_encoded, nullptr)();
        archive(number);
    }
    template <class Archive>
    void load(Archive& archive) {
        archive(number);
    }
    int number = 0;
};

int square(int x) { return x * x; }
int number_of(const trigger& t) { return t.number; }
int counted(const std::string& counter, std::size_t call, const trigger&) { return run_counter::ran(counter, call); }

task<> squares_are_right(process_pool& pool) {
    for (int i = 0; i != 20; ++i) CHECK(co_await pool.run(square, i) == i * i);
}

/// More at once than there is room for at a worker.
task<> pool_is_sound(process_pool& pool) {
    co_await with_task_group([&](task_group& group) -> task<> {
        for (int i = 0; i != 100; ++i) group.start(squares_are_right, std::ref(pool));
        co_return;
    });
    const pool_stats now = co_await pool.stats();
    CHECK(now.queued == 0);
}

}  // namespace

TEST_SUITE("process/process_pool: encoding that uses the pool") {
    TEST_CASE("a call that is cancelled while its own arguments are encoded never runs") {
        run_counter counter(2);
        run_blocking([](run_counter& c) -> task<> {
            process_pool pool({.workers = 1});
            co_await pool_is_sound(pool);
            bool cancelled_here = false;
            co_await with_task_group([&](task_group& group) -> task<> {
                group.start(
                    [](process_pool& p, run_counter& n, bool& seen) -> task<> {
                        try {
                            co_await p.run(counted, n.path(), 0, trigger{});
                        } catch (const cancelled&) {
                            seen = true;
                            throw;
                        }
                    },
                    std::ref(pool), std::ref(c), std::ref(cancelled_here));
                when_encoded = [&group] { group.cancel(); };
                co_return;
            });
            CHECK(cancelled_here);
            CHECK(co_await pool.run(counted, c.path(), 1, trigger{}) == 1);  // what was sent before lies before this
            co_await pool_is_sound(pool);
        }(counter));
        CHECK(counter.runs_of(0) == 0);
    }

    TEST_CASE("calls that are cancelled while another is encoded, sent already or still to be, do not disturb it") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            co_await pool_is_sound(pool);
            auto ask = [](process_pool& p, int x, int& result) -> task<> { result = co_await p.run(square, x); };
            int given_up = 0;
            int number = 0;
            int kept = 0;
            co_await with_task_group([&](task_group& group) -> task<> {
                co_await with_task_group([&](task_group& others) -> task<> {
                    for (int i = 0; i != 5; ++i) others.start(ask, std::ref(pool), 3, std::ref(given_up));
                    group.start([](process_pool& p, int& n) -> task<> { n = co_await p.run(number_of, trigger{17}); },
                                std::ref(pool), std::ref(number));
                    others.start(ask, std::ref(pool), 3, std::ref(given_up));
                    group.start(ask, std::ref(pool), 4, std::ref(kept));
                    when_encoded = [&others] { others.cancel(); };
                    co_return;
                });
            });
            CHECK(given_up == 0);
            CHECK(number == 17);
            CHECK(kept == 16);
            co_await pool_is_sound(pool);
        }());
    }

    TEST_CASE("a pool that is terminated while a call is encoded ends that call, and all others") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            co_await pool_is_sound(pool);
            when_encoded = [&pool] { pool.terminate(); };
            try {
                const int number = co_await pool.run(number_of, trigger{17});
                CHECK(number == 17);  // the worker was quicker than its end
            } catch (const cancelled& e) {
                CHECK(e.reason() == cancel_reason::shutdown);
            }
            CHECK_THROWS_AS(co_await pool.run(square, 3), closed);
            co_await pool.close();
        }());
    }
}
