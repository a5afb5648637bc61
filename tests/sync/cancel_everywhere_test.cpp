// Every wait of sync, cancelled at each of its steps.

#include "support/cancel_everywhere.hpp"

#include <braid/core/sleep.hpp>
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

#include <functional>
#include <thread>

using namespace braid;
using braid_test::cancel_everywhere;
using braid_test::witness;

namespace {

/// Three tasks beside each other that all do `step(thing)` again and again.
template <class Thing, class Step>
task<> three(int& alive, Thing& thing, Step step) {
    const witness here(alive);
    co_await with_task_group([&](task_group& g) -> task<> {
        for (int i = 0; i < 3; ++i) {
            g.start(
                [](int& n, Thing& what, Step again) -> task<> {
                    const witness child(n);
                    for (int round = 0; round < 3; ++round) co_await again(what);
                },
                std::ref(alive), std::ref(thing), step);
        }
        co_return;
    });
}

}  // namespace

TEST_SUITE("sync/cancellation") {
    TEST_CASE("locks: whoever is cancelled leaves them free") {
        cancel_everywhere([](int& alive) -> task<> {
            mutex m;
            co_await three(alive, m, [](mutex& mine) -> task<> {
                const auto lock = co_await mine.lock();
                co_await checkpoint();
            });
            CHECK_FALSE(m.is_locked());
        });
        cancel_everywhere([](int& alive) -> task<> {
            recursive_mutex m;
            co_await three(alive, m, [](recursive_mutex& mine) -> task<> {
                const auto lock = co_await mine.lock();
                co_await checkpoint();
                const auto again = co_await mine.lock();
                co_await checkpoint();
            });
            CHECK(m.try_lock());
        });
        cancel_everywhere([](int& alive) -> task<> {
            shared_mutex m;
            co_await three(alive, m, [](shared_mutex& mine) -> task<> {
                {
                    const auto lock = co_await mine.lock_shared();
                    co_await checkpoint();
                }
                const auto lock = co_await mine.lock();
                co_await checkpoint();
            });
            CHECK(m.try_lock());
        });
        cancel_everywhere([](int& alive) -> task<> {
            semaphore s(2);
            co_await three(alive, s, [](semaphore& mine) -> task<> {
                const auto permit = co_await mine.acquire();
                co_await checkpoint();
            });
            CHECK(s.available() == 2);
        });
    }

    TEST_CASE("a condition gives the mutex back to whoever is cancelled") {
        struct guarded {
            mutex m;
            condition changed;
            int turn = 0;
        };
        cancel_everywhere([](int& alive) -> task<> {
            guarded g;
            try {
                co_await three(alive, g, [](guarded& mine) -> task<> {
                    auto lock = co_await mine.m.lock();
                    if (++mine.turn % 3 == 0) {
                        mine.changed.notify_all();
                    } else {
                        const int until = mine.turn - mine.turn % 3 + 3;
                        co_await mine.changed.wait(lock, [&mine, until] { return mine.turn >= until; });
                    }
                    CHECK(lock);
                    co_await checkpoint();
                });
            } catch (...) {
                CHECK_FALSE(g.m.is_locked());
                throw;
            }
        });
    }

    TEST_CASE("events, latches and barriers let go of whoever is cancelled") {
        cancel_everywhere([](int& alive) -> task<> {
            const witness here(alive);
            event e;
            latch l(2);
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start(
                    [](event& mine, latch& last, int& n) -> task<> {
                        const witness child(n);
                        co_await mine.wait();
                        co_await last.arrive_and_wait();
                    },
                    std::ref(e), std::ref(l), std::ref(alive));
                co_await checkpoint();
                e.set();
                co_await checkpoint();
                co_await l.arrive_and_wait();
            });
        });
        cancel_everywhere([](int& alive) -> task<> {
            barrier b(3);
            try {
                co_await three(alive, b, [](barrier& mine) -> task<> {
                    co_await checkpoint();
                    static_cast<void>(co_await mine.arrive_and_wait());
                });
            } catch (...) {
                CHECK(b.waiting() == 0);
                throw;
            }
        });
    }

    TEST_CASE("once can be tried again after whoever tried was cancelled") {
        cancel_everywhere([](int& alive) -> task<> {
            once o;
            try {
                co_await three(alive, o, [](once& mine) -> task<> {
                    co_await mine.call([]() -> task<> {
                        co_await checkpoint();
                        co_await checkpoint();
                    });
                });
                CHECK(o.is_done());
            } catch (...) {
                std::thread([&o] {
                    o.call_blocking([] {});  // does not wait for anybody
                    CHECK(o.is_done());
                }).join();
                throw;
            }
        });
    }

    TEST_CASE("what was pushed into a channel comes out, or is still there") {
        for (const std::size_t capacity : {0U, 1U}) {
            cancel_everywhere([capacity](int& alive) -> task<> {
                const witness here(alive);
                channel<int> ch(capacity);
                int pushed = 0;
                int popped = 0;
                try {
                    co_await with_task_group([&](task_group& g) -> task<> {
                        g.start(
                            [](channel<int>& to, int& in, int& n) -> task<> {
                                const witness child(n);
                                for (int i = 0; i < 5; ++i) {
                                    co_await to.push(i);
                                    ++in;
                                    co_await checkpoint();
                                }
                                to.close();
                            },
                            std::ref(ch), std::ref(pushed), std::ref(alive));
                        while (co_await ch.pop()) {
                            ++popped;
                            co_await checkpoint();
                        }
                    });
                } catch (...) {
                    while (ch.try_pop()) ++popped;
                    CHECK(pushed == popped);
                    throw;
                }
                CHECK(pushed == popped);
            });
        }
    }

    TEST_CASE("a work queue counts neither what did not get in nor what was in the hands of whoever was cancelled") {
        cancel_everywhere([](int& alive) -> task<> {
            const witness here(alive);
            work_queue<int> q(1);
            try {
                co_await with_task_group([&](task_group& g) -> task<> {
                    g.start(
                        [](work_queue<int>& mine, int& n) -> task<> {
                            const witness child(n);
                            while (const auto item = co_await mine.pop()) co_await checkpoint();
                        },
                        std::ref(q), std::ref(alive));
                    for (int i = 0; i < 5; ++i) co_await q.push(i);
                    co_await q.drained();
                    q.close();
                });
            } catch (...) {
                while (q.try_pop()) {
                }
                CHECK(q.pending() == 0);
                throw;
            }
            CHECK(q.pending() == 0);
        });
    }
}
