#include <braid/sync/detail/biased_mutex.hpp>

#include <braid/core/job.hpp>
#include <braid/core/spawn.hpp>

#include <support/loop_thread.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

using namespace braid;
using braid_test::loop_thread;
using detail::bias;
using detail::biased_mutex;

namespace {

constexpr int rounds = 2'000;

void count(biased_mutex& m, int& counter) {
    for (int i = 0; i < rounds; ++i) {
        const detail::section inside = m.enter();
        ++counter;  // no atomic: a second one inside would be a data race
    }
}

task<> count_at_home(biased_mutex& m, int& counter, std::atomic<bool>& begun) {
    {
        const detail::section inside = m.enter();
        CHECK_FALSE(inside.by_lock());
    }
    begun = true;
    count(m, counter);
    co_return;
}

}  // namespace

TEST_SUITE("sync/biased_mutex") {
    TEST_CASE("the first home comes in without the lock, until somebody else has come") {
        biased_mutex m;
        run_blocking([](biased_mutex& mine) -> task<> {
            for (int i = 0; i < 3; ++i) {
                const detail::section inside = mine.enter();
                CHECK_FALSE(inside.by_lock());
            }
            std::thread([&mine] {
                const detail::section inside = mine.enter();
                CHECK(inside.by_lock());
            }).join();
            const detail::section inside = mine.enter();
            CHECK(inside.by_lock());
            co_return;
        }(m));
    }

    TEST_CASE("nobody is favoured when a plain thread came first") {
        bias b;
        CHECK_FALSE(b.enter());
        b.end();
        run_blocking([](bias& mine) -> task<> {
            CHECK_FALSE(mine.enter());
            co_return;
        }(b));
    }

    TEST_CASE("the favour is taken back from a home that is at it, and never are two inside, a hundred times over") {
        loop_thread loop;
        for (int i = 0; i < 100; ++i) {
            biased_mutex m;
            int counter = 0;
            std::atomic<bool> begun = false;
            auto at_home = detail::start_job(count_at_home(m, counter, begun), loop.executor());
            while (!begun) std::this_thread::yield();
            std::thread other([&] { count(m, counter); });
            count(m, counter);
            other.join();
            at_home.get_blocking();
            CHECK(counter == 3 * rounds);
        }
    }
}
