// Every operation of core, cancelled at each of its steps.

#include "support/cancel_everywhere.hpp"

#include <braid/core/as_result.hpp>
#include <braid/core/deadline.hpp>
#include <braid/core/named.hpp>
#include <braid/core/shield.hpp>
#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/this_executor.hpp>
#include <braid/core/use_task.hpp>
#include <braid/core/when_all.hpp>
#include <braid/core/when_any.hpp>
#include <braid/flow/as_completed.hpp>
#include <braid/flow/map_concurrent.hpp>
#include <braid/flow/retry.hpp>
#include <braid/trace/dump.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect_pipe.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/writable_pipe.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <functional>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;
using braid_test::cancel_everywhere;
using braid_test::ending;
using braid_test::witness;
namespace asio = boost::asio;

namespace {

/// Several steps of each kind.
task<int> steps(int& alive) {
    const witness here(alive);
    co_await checkpoint();
    co_await sleep_for(50us);
    co_await checkpoint();
    co_return 1;
}

task<> fails(int& alive) {
    co_await steps(alive);
    throw std::runtime_error("failed");
}

task<> serve(int& alive) {
    const witness here(alive);
    co_await sleep_for(1h);
}

task<> nested_groups(int& alive) {
    const witness here(alive);
    co_await with_task_group([&](task_group& outer) -> task<> {
        const witness body(alive);
        outer.start(steps, std::ref(alive));
        outer.start(
            [](int& n) -> task<> {
                const witness child(n);
                co_await with_task_group([&](task_group& inner) -> task<> {
                    inner.start(steps, std::ref(n));
                    inner.start(steps, std::ref(n));
                    co_await steps(n);
                });
            },
            std::ref(alive));
        co_await steps(alive);
    });
}

}  // namespace

TEST_SUITE("core/cancellation") {
    TEST_CASE("a task unwinds from wherever it is cancelled") {
        cancel_everywhere([](int& alive) -> task<> { co_await steps(alive); });
    }

    TEST_CASE("nested groups unwind with all their children") { cancel_everywhere(nested_groups); }

    TEST_CASE("a group that is failing unwinds: the failure, or the cancellation, but nothing left") {
        cancel_everywhere(
            [](int& alive) -> task<> {
                co_await with_task_group([&](task_group& g) -> task<> {
                    g.start(fails, std::ref(alive));
                    g.start(steps, std::ref(alive));
                    co_await sleep_for(1h);
                });
            },
            ending::failed);
        cancel_everywhere(
            [](int& alive) -> task<> {
                co_await with_task_group([&](task_group& g) -> task<> {
                    g.start(steps, std::ref(alive));
                    co_await fails(alive);
                });
            },
            ending::failed);
    }

    TEST_CASE("when_all unwinds, of several types and of one") {
        cancel_everywhere([](int& alive) -> task<> {
            co_await when_all(steps(alive), sleep_for(100us), nested_groups(alive));
            std::vector<task<int>> many;
            for (int i = 0; i < 3; ++i) many.push_back(steps(alive));
            co_await when_all(std::move(many));
        });
    }

    TEST_CASE("when_any unwinds, of several types and of one") {
        cancel_everywhere([](int& alive) -> task<> {
            co_await checkpoint();
            co_await when_any(steps(alive), sleep_for(1h));
            std::vector<task<int>> many;
            for (int i = 0; i < 3; ++i) many.push_back(steps(alive));
            co_await when_any(std::move(many));
            co_await checkpoint();
        });
    }

    TEST_CASE("handles, daemons, joins and starts that wait unwind") {
        cancel_everywhere([](int& alive) -> task<> {
            co_await with_task_group([&](task_group& g) -> task<> {
                const witness body(alive);
                g.start_daemon(serve, std::ref(alive));
                co_await g.start_ready<int>(
                    [](ready_signal<int> ready, int& n) -> task<> {
                        const witness child(n);
                        const int value = co_await steps(n);
                        ready(value);
                        co_await steps(n);
                    },
                    std::ref(alive));
                auto one = g.submit(steps, std::ref(alive));
                auto other = g.submit(steps, std::ref(alive));
                auto dropped = g.submit(serve, std::ref(alive));
                dropped = {};
                co_await one;
                co_await g.join();
                co_await other;
            });
            co_await checkpoint();
        });
    }

    TEST_CASE("outcomes, streams of results and repeated attempts unwind") {
        cancel_everywhere([](int& alive) -> task<> {
            const auto result = co_await as_result(steps(alive));
            CHECK((result.has_value() || result.cancelled()));
            co_await when_all_settled(steps(alive), sleep_for(50us));
            std::vector<task<int>> many;
            for (int i = 0; i < 3; ++i) many.push_back(steps(alive));
            co_await as_completed(std::move(many)).collect();
            const auto step = [](int, int* n) -> task<int> { co_return co_await steps(*n); };
            std::vector<std::tuple<int, int*>> items;
            for (int i = 0; i < 3; ++i) items.emplace_back(i, &alive);
            co_await map_concurrent(2, items, step).collect();
            co_await map_concurrent_unordered(2, items, step).collect();
            retry_options thrice;
            thrice.attempts = 3;
            thrice.first_delay = 50us;
            int failures = 2;
            co_await retry(
                thrice,
                [](int& n, int& left) -> task<> {
                    const witness here(n);
                    co_await checkpoint();
                    if (left-- > 0) throw std::runtime_error("again");
                },
                std::ref(alive), std::ref(failures));
            co_await checkpoint();
        });
    }

    TEST_CASE("deadlines around deadlines unwind") {
        cancel_everywhere([](int& alive) -> task<> {
            co_await fail_after(1h, move_on_after(1h, fail_at(time_point::max(), steps(alive))));
            const bool in_time = co_await move_on_after(50us, sleep_for(1h));
            CHECK_FALSE(in_time);
            co_await steps(alive);
        });
    }

    TEST_CASE("what is shielded is seen through wherever the cancellation comes, and what follows it is not") {
        cancel_everywhere([](int& alive) -> task<> {
            const witness here(alive);
            int begun = 0;
            int ended = 0;
            try {
                co_await shield(named("to be seen through", [](int& n, int& b, int& e) -> task<> {
                    const witness child(n);
                    ++b;
                    co_await steps(n);
                    co_await with_task_group([&](task_group& g) -> task<> {
                        g.start(steps, std::ref(n));
                        co_return;
                    });
                    ++e;
                }(alive, begun, ended)));
                co_await steps(alive);
            } catch (...) {
                CHECK(ended == begun);
                throw;
            }
            CHECK(ended == 1);
        });
    }

    TEST_CASE("tasks that were spawned beside, and looks at all tasks, are stopped") {
        cancel_everywhere([](int& alive) -> task<> {
            const witness here(alive);
            co_await spawn(co_await this_executor(), steps(alive), use_task);
            static_cast<void>(co_await dump_tasks());
            co_await checkpoint();
        });
    }

    TEST_CASE("Asio's timers, sockets and pipes are stopped") {
        cancel_everywhere([](int& alive) -> task<> {
            const witness here(alive);
            const auto executor = co_await this_executor();
            asio::steady_timer timer(executor, 50us);
            co_await timer.async_wait(use_task);

            asio::local::stream_protocol::socket a(executor), b(executor);
            asio::local::connect_pair(a, b);
            asio::readable_pipe from(executor);
            asio::writable_pipe to(executor);
            asio::connect_pipe(from, to);
            // More than the kernel keeps, so that both sides wait for each other.
            std::vector<char> out(1 << 20, 'x'), in(1 << 20);
            co_await when_all(asio::async_write(a, asio::buffer(out), use_task),
                              asio::async_read(b, asio::buffer(in), use_task));
            std::array<char, 1> byte{};
            co_await when_any(asio::async_read(from, asio::buffer(byte), use_task), checkpoint());
            co_await asio::async_write(to, asio::buffer(byte), use_task);
            co_await asio::async_read(from, asio::buffer(byte), use_task);
        });
    }

    TEST_CASE("each operation is refused when its scope is cancelled already, again and again") {
        run_blocking([]() -> task<> {
            int refused = 0;
            const auto count = [&](auto make) -> task<> {
                try {
                    co_await make();
                } catch (const cancelled& c) {
                    CHECK(c.reason() == cancel_reason::shutdown);
                    ++refused;
                }
            };
            asio::steady_timer timer(co_await this_executor(), 1h);
            int alive = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                g.cancel(cancel_reason::shutdown);
                for (int i = 0; i < 2; ++i) {
                    co_await count([] { return sleep_for(1h); });
                    co_await count([] { return checkpoint(); });
                    co_await count([&] { return timer.async_wait(use_task); });
                    co_await count([&] { return when_all(steps(alive), steps(alive)); });
                    co_await count([&] { return when_any(steps(alive), steps(alive)); });
                    co_await count([&] { return fail_after(1h, steps(alive)); });
                    co_await count([&] { return move_on_after(1h, steps(alive)); });
                    co_await count([&] { return g.join(); });
                    co_await count([&] { return retry(retry_options(), steps, std::ref(alive)); });
                    co_await count([&] {
                        return g.start_ready([](ready_signal<> ready) -> task<> {
                            ready();
                            co_return;
                        });
                    });
                    co_await count([&] { return nested_groups(alive); });
                }
            });
            CHECK(refused == 22);
            CHECK(alive == 0);
        }());
    }
}
