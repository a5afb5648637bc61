// What calls of a pool do to each other, and what they must not.

#include <braid/process/process_pool.hpp>

#include "support/gate.hpp"
#include "support/run_counter.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/stop.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/when_all.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

// What the workers run, and what travels there.
namespace {

int square(int x) { return x * x; }
int pid() { return ::getpid(); }
int counted(const std::string& counter, std::size_t call) {
    run_counter::ran(counter, call);
    return ::getpid();
}
void write_down(const std::string& path, int number) { std::ofstream(path, std::ios::app) << number << ' '; }
int deaf(const std::string& path) {
    ::signal(SIGTERM, SIG_IGN);
    gate::pass(path);
    for (;;) ::pause();
}
int obedient(const std::string& path) {
    gate::pass(path);
    while (!stop_requested()) ::usleep(100);
    return ::getpid();
}

/// Refuses to be encoded or decoded where it is told to.
struct fragile {
    enum class where : int { nowhere, at_save, at_load };
    where breaks = where::nowhere;

    template <class Archive>
    void save(Archive& archive) const {
        if (breaks == where::at_save) throw std::runtime_error("this cannot be written");
        archive(breaks);
    }
    template <class Archive>
    void load(Archive& archive) {
        archive(breaks);
        if (breaks == where::at_load) throw std::runtime_error("this cannot be read");
    }
};

int takes(const fragile&) { return ::getpid(); }
fragile gives(int breaks) { return {static_cast<fragile::where>(breaks)}; }

task<int> pass(process_pool& pool, const gate& g) { co_return co_await pool.run(gate::pass, g.path()); }

/// So many that the pool sends several ahead.
task<> show_that_calls_are_short(process_pool& pool) {
    std::vector<task<int>> calls;
    for (int i = 0; i < 400; ++i) {
        calls.push_back([](process_pool& p, int x) -> task<int> { co_return co_await p.run(square, x); }(pool, i));
    }
    co_await when_all(std::move(calls));
}

/// The message with which a call fails; empty if it does not.
template <class Error, class Call>
task<std::string> failure_of(Call call) {
    try {
        co_await std::move(call);
    } catch (const Error& e) {
        co_return e.what();
    }
    co_return std::string();
}

/// The process that the error of a call names.
template <class Error, class Call>
task<int> origin_of(Call call) {
    try {
        co_await std::move(call);
    } catch (const Error& e) {
        const wire::remote_origin& from = e;
        co_return from.call().empty() ? 0 : from.pid();
    }
    co_return 0;
}

}  // namespace

TEST_SUITE("process/process_pool: calls") {
    TEST_CASE("an argument that cannot be encoded, twenty times, fails its own call and loses no worker") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const int worker = co_await pool.run(pid);
            for (int i = 0; i < 20; ++i) {
                const auto why =
                    co_await failure_of<std::runtime_error>(pool.run(takes, fragile{fragile::where::at_save}));
                CHECK(why == "this cannot be written");
            }
            for (int i = 0; i < 100; ++i) CHECK(co_await pool.run(takes, fragile{}) == worker);
        }());
    }

    TEST_CASE("an argument that cannot be decoded, twenty times, fails its own call and loses no worker") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const int worker = co_await pool.run(pid);
            for (int i = 0; i < 20; ++i) {
                const auto why =
                    co_await failure_of<wire::argument_error>(pool.run(takes, fragile{fragile::where::at_load}));
                CHECK(why.find("this cannot be read") != std::string::npos);
            }
            CHECK(co_await pool.run(takes, fragile{}) == worker);
            CHECK(co_await origin_of<wire::argument_error>(pool.run(takes, fragile{fragile::where::at_load})) ==
                  worker);
        }());
    }

    TEST_CASE("a result that cannot be encoded or decoded, twenty times, fails its own call and loses no worker") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const int worker = co_await pool.run(pid);
            for (int i = 0; i < 20; ++i) {
                const auto not_sent = co_await failure_of<wire::result_error>(pool.run(gives, 1));
                CHECK(not_sent.find("this cannot be written") != std::string::npos);
                CHECK(co_await origin_of<wire::result_error>(pool.run(gives, 1)) == worker);
                const auto not_read = co_await failure_of<std::runtime_error>(pool.run(gives, 2));
                CHECK(not_read == "this cannot be read");
            }
            CHECK(co_await pool.run(pid) == worker);
        }());
    }

    TEST_CASE("a call that waits when its deadline passes, or when it is cancelled, never runs") {
        run_counter counter(60);
        gate door;
        run_blocking([](run_counter& c, gate& g) -> task<> {
            process_pool pool({.workers = 1});
            co_await show_that_calls_are_short(pool);
            auto waiting = [](process_pool& p, run_counter& n, gate& d) -> task<> {
                // Some wait behind the long call at the worker, some in the pool.
                co_await with_task_group([&](task_group& inner) -> task<> {
                    for (std::size_t i = 0; i < 50; ++i) {
                        inner.start([](process_pool& q, std::string path,
                                       std::size_t k) -> task<> { co_await q.run(counted, path, k); },
                                    std::ref(p), n.path(), i);
                    }
                    co_await d.arrival();
                    inner.cancel();
                });
                for (std::size_t i = 50; i < 60; ++i) {
                    CHECK_THROWS_AS(co_await fail_after(i % 2 ? 0ms : 1ms, p.run(counted, n.path(), i)), timed_out);
                }
                d.open();
            };
            co_await when_all(pass(pool, g), waiting(pool, c, g));
            co_await pool.run(pid);  // whatever was still in the pipe lies before this
        }(counter, door));
        for (std::size_t i = 0; i < 60; ++i) CHECK(counter.runs_of(i) == 0);
    }

    TEST_CASE("a worker that ignores SIGTERM is killed after the grace period, one that obeys its flag survives") {
        gate door;
        run_blocking([](gate& g) -> task<> {
            process_pool patient({.workers = 1, .grace = 1h});
            const int worker = co_await patient.run(pid);
            int value = 0;
            co_await with_task_group([&](task_group& group) -> task<> {
                group.start([](process_pool& p, gate& d, int& v) -> task<> { v = co_await p.run(obedient, d.path()); },
                            std::ref(patient), std::ref(g), std::ref(value));
                co_await g.arrival();
                g.open();
                group.cancel();
            });
            CHECK(value == worker);  // a value that is there beats the cancellation
            CHECK(co_await patient.run(pid) == worker);

            process_pool strict({.workers = 1, .grace = 5ms});
            const int before = co_await strict.run(pid);
            g.open();
            auto ignoring = strict.submit(deaf, g.path());
            co_await g.arrival();
            CHECK_THROWS_AS(co_await fail_after(5ms, std::move(ignoring)), timed_out);
            CHECK(::kill(before, 0) == -1);
            CHECK(co_await strict.run(pid) != before);
        }(door));
    }

    TEST_CASE("a short call's reply is not held back by a long call behind it in the same worker") {
        gate door;
        run_blocking([](gate& g) -> task<> {
            process_pool pool({.workers = 1});
            co_await show_that_calls_are_short(pool);
            co_await when_all(
                [](process_pool& p, gate& d) -> task<> {
                    CHECK(co_await p.run(square, 4) == 16);
                    d.open();  // only now: the long call cannot have ended
                }(pool, g),
                pass(pool, g));
        }(door));
    }

    TEST_CASE("a call that is done but not heard of yet can be cancelled without harm to the long one behind it") {
        gate door;
        run_blocking([](gate& g) -> task<> {
            process_pool pool({.workers = 1, .grace = 0ms});
            for (int round = 0; round < 30; ++round) {
                co_await show_that_calls_are_short(pool);
                auto [short_one, long_one] =
                    co_await when_all(move_on_after(std::chrono::microseconds(100 + 20 * round), pool.run(square, 4)),
                                      [](process_pool& p, gate& d) -> task<int> {
                                          auto [who, nothing] = co_await when_all(pass(p, d), [](gate& e) -> task<> {
                                              co_await e.arrival();
                                              e.open();
                                          }(d));
                                          co_return who;
                                      }(pool, g));
                CHECK(short_one.value_or(16) == 16);
                CHECK(long_one > 0);
            }
        }(door));
    }

    TEST_CASE("calls that were sent ahead behind a long one move to an idle worker") {
        gate door;
        run_blocking([](gate& g) -> task<> {
            process_pool pool({.workers = 2});
            co_await show_that_calls_are_short(pool);
            co_await when_all(pass(pool, g), [](process_pool& p, gate& d) -> task<> {
                co_await show_that_calls_are_short(p);  // all of them, while one worker stands at the gate
                co_await d.arrival();
                co_await show_that_calls_are_short(p);
                d.open();
            }(pool, g));
        }(door));
    }

    TEST_CASE("calls that are taken back from behind a long one keep their order") {
        gate door;
        const std::string path = door.path() + ".order";
        run_blocking([](gate& g, const std::string& file) -> task<> {
            process_pool pool({.workers = 1});
            co_await show_that_calls_are_short(pool);
            co_await with_task_group([&](task_group& group) -> task<> {
                group.start([](process_pool& p, gate& d) -> task<> { co_await pass(p, d); }, std::ref(pool),
                            std::ref(g));
                for (int i = 0; i < 20; ++i) {
                    group.start(
                        [](process_pool& p, std::string f, int k) -> task<> { co_await p.run(write_down, f, k); },
                        std::ref(pool), file, i);
                }
                co_await g.arrival();
                co_await sleep_for(20ms);  // for the pool to find that it is long, which no other thing shows
                g.open();
            });
        }(door, path));
        std::ifstream in(path);
        for (int i = 0, read = -1; i < 20; ++i) {
            in >> read;
            CHECK(read == i);
        }
        ::unlink(path.c_str());
    }
}
