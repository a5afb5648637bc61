// No wait for a primitive asks for memory: whoever waits stands in the queue with its own frame. So a thousand waits
// ask for no more than ten do.

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/sync/barrier.hpp>
#include <braid/sync/channel.hpp>
#include <braid/sync/condition.hpp>
#include <braid/sync/event.hpp>
#include <braid/sync/latch.hpp>
#include <braid/sync/mutex.hpp>
#include <braid/sync/once.hpp>
#include <braid/sync/recursive_mutex.hpp>
#include <braid/sync/semaphore.hpp>
#include <braid/sync/shared_mutex.hpp>
#include <braid/sync/work_queue.hpp>

#include <support/count_allocations.hpp>

#include <doctest/doctest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>

using namespace braid;
using braid_test::allocations_of_this_thread;

namespace {

constexpr int few = 10;
constexpr int many = 1'000;

/// Three tasks beside each other that all do `step(thing, round)`, in which they wait for each other.
template <class Thing, class Step>
std::size_t allocations_of(Thing& thing, Step step, int rounds) {
    const std::size_t before = allocations_of_this_thread();
    run_blocking([](Thing& what, Step& one, int times) -> task<> {
        co_await with_task_group([&](task_group& g) -> task<> {
            for (int i = 0; i < 3; ++i) {
                g.start(
                    [](Thing& shared, Step& again, int n) -> task<> {
                        for (int round = 0; round < n; ++round) co_await again(shared, round);
                    },
                    std::ref(what), std::ref(one), times);
            }
            co_return;
        });
    }(thing, step, rounds));
    return allocations_of_this_thread() - before;
}

template <class Thing, class Step>
void asks_for_no_memory(Thing& thing, Step step) {
    allocations_of(thing, step, few);  // frames are kept from here on
    CHECK(allocations_of(thing, step, many) == allocations_of(thing, step, few));
}

/// The same for what can be waited for once only. The first waits then make the frames that are kept.
template <class Thing, class Step>
void asks_for_no_memory_at_once(Thing& thing, Step step) {
    const auto nothing = [](Thing&, int) -> task<> { co_await checkpoint(); };
    allocations_of(thing, nothing, few);
    const std::size_t around_it = allocations_of(thing, nothing, few);
    CHECK(allocations_of(thing, step, many) < around_it + few);
}

/// One for each round.
template <class T>
struct each_round {
    template <class... Args>
    explicit each_round(Args... args) {
        for (int i = 0; i < many; ++i) things.emplace_back(args...);
    }
    std::deque<T> things;
};

}  // namespace

TEST_SUITE("sync/allocation") {
    TEST_CASE("what counts allocations sees those of new and of malloc") {
        const std::size_t before = allocations_of_this_thread();
        auto made = std::make_unique<std::string>(100, 'x');
        CHECK(allocations_of_this_thread() == before + 2);
    }

    TEST_CASE("to wait for a mutex asks for no memory, whichever kind it is") {
        mutex plain;
        asks_for_no_memory(plain, [](mutex& m, int) -> task<> {
            const auto lock = co_await m.lock();
            co_await checkpoint();
        });
        recursive_mutex recursive;
        asks_for_no_memory(recursive, [](recursive_mutex& m, int) -> task<> {
            const auto lock = co_await m.lock();
            co_await checkpoint();
            const auto again = co_await m.lock();
        });
        shared_mutex shared;
        asks_for_no_memory(shared, [](shared_mutex& m, int) -> task<> {
            {
                const auto lock = co_await m.lock_shared();
                co_await checkpoint();
            }
            const auto lock = co_await m.lock();
            co_await checkpoint();
        });
    }

    TEST_CASE("nor does to wait for a semaphore, an event, a barrier, a latch or the end of a once") {
        semaphore s(1);
        asks_for_no_memory(s, [](semaphore& one, int) -> task<> {
            const auto permit = co_await one.acquire();
            co_await checkpoint();
        });
        barrier b(3);
        asks_for_no_memory(b, [](barrier& all, int) -> task<> { co_await all.arrive_and_wait(); });
        each_round<latch> latches(3);
        asks_for_no_memory_at_once(latches, [](each_round<latch>& l, int round) -> task<> {
            co_await l.things[static_cast<std::size_t>(round)].arrive_and_wait();
        });
        each_round<once> tries;
        asks_for_no_memory_at_once(tries, [](each_round<once>& o, int round) -> task<> {
            co_await o.things[static_cast<std::size_t>(round)].call([]() -> task<> { co_await checkpoint(); });
        });
        struct relay {
            event done;
            int turn = 0;
        } r;
        asks_for_no_memory(r, [](relay& mine, int) -> task<> {
            if (++mine.turn % 3 == 0) {
                mine.done.set();
                mine.done.clear();
                co_await checkpoint();
            } else {
                co_await mine.done.wait();
            }
        });
    }

    TEST_CASE("nor does to wait for a condition") {
        struct guarded {
            mutex m;
            condition changed;
            int turn = 0;
        } g;
        asks_for_no_memory(g, [](guarded& mine, int) -> task<> {
            auto lock = co_await mine.m.lock();
            if (++mine.turn % 3 == 0) {
                mine.changed.notify_all();
            } else {
                const int until = mine.turn - mine.turn % 3 + 3;
                co_await mine.changed.wait(lock, [&mine, until] { return mine.turn >= until; });
            }
        });
    }

    TEST_CASE("nor does to wait for a channel that is full or empty, and for a queue to be drained") {
        for (const std::size_t capacity : {0U, 1U}) {
            struct pipe {
                channel<int> values;
                int turn = 0;
            } p{channel<int>(capacity)};
            asks_for_no_memory(p, [](pipe& mine, int) -> task<> {
                // Two of three push into what one of them pops from, twice.
                if (++mine.turn % 3 == 0) {
                    co_await mine.values.pop();
                    co_await mine.values.pop();
                } else {
                    co_await mine.values.push(1);
                }
            });
        }
        struct work {
            work_queue<int> items{1};
            int turn = 0;
        } w;
        asks_for_no_memory(w, [](work& mine, int) -> task<> {
            if (++mine.turn % 3 == 0) {
                for (int i = 0; i < 2; ++i) {
                    const auto item = co_await mine.items.pop();
                    co_await checkpoint();
                }
            } else {
                co_await mine.items.push(1);
                co_await mine.items.drained();
            }
        });
    }

    TEST_CASE("nor does a plain thread that waits") {
        barrier b(2);
        std::size_t asked = 1;
        std::thread other([&] {
            const std::size_t before = allocations_of_this_thread();
            b.arrive_and_wait_blocking();
            asked = allocations_of_this_thread() - before;
        });
        while (b.waiting() == 0) std::this_thread::yield();
        b.arrive_and_wait_blocking();
        other.join();
        CHECK(asked == 0);
    }
}
