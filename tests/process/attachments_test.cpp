// Calls with descriptors and shared memory, and what may happen to such calls: cancelled, taken back, died of, too much
// for somebody. (What they are for: shared_bytes_test.cpp. Workers that lie: hostile_attachments_test.cpp.)

#include <braid/process/descriptor.hpp>
#include <braid/process/on_process.hpp>
#include <braid/process/process_pool.hpp>
#include <braid/process/shared_bytes.hpp>

#include "support/leftovers.hpp"
#include "support/workers_ready.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/when_all.hpp>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

// What the workers run.
namespace {

int square(int x) { return x * x; }
int pid() { return ::getpid(); }

struct ends {
    descriptor read;
    descriptor write;
};
ends make_pipe() {
    int both[2];
    if (::pipe2(both, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "make a pipe");
    return {descriptor(both[0]), descriptor(both[1])};
}
void write_byte(const descriptor& to, char byte) {
    if (::write(to.get(), &byte, 1) != 1) throw std::runtime_error("no write");
}
char read_byte(const descriptor& from) {
    char byte = 0;
    if (::read(from.get(), &byte, 1) != 1) throw std::runtime_error("no read");
    return byte;
}
descriptor pipe_with(char byte) {
    ends both = make_pipe();
    write_byte(both.write, byte);
    return std::move(both.read);
}
bool is_closed_on_exec(const descriptor& fd) { return (::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0; }

[[noreturn]] void die(const descriptor& when) {
    read_byte(when);
    ::raise(SIGKILL);
    std::abort();
}
int wait_here(const descriptor& when) {
    read_byte(when);
    return ::getpid();
}
int answer_there(const descriptor& to) {
    write_byte(to, 'x');
    return ::getpid();
}
std::ptrdiff_t open_there(const descriptor&) { return belongings().descriptors; }

shared_bytes numbered(int i) {
    shared_bytes bytes(4'096);
    bytes.as<int>()[0] = i;
    return bytes;
}
shared_bytes same(shared_bytes bytes) { return bytes; }
int number_of(const shared_bytes& bytes) { return bytes.as<int>()[0]; }
/// The same memory for every call, with one more in it.
shared_bytes counted() {
    static const shared_bytes bytes(4'096);
    ++bytes.as<int>()[0];
    return bytes;
}
/// Keeps the first it gets.
shared_bytes first_of(shared_bytes bytes) {
    static const shared_bytes first = std::move(bytes);
    return first;
}
int throws_at(const shared_bytes& bytes) { throw std::runtime_error(std::to_string(number_of(bytes))); }
/// Its memory is there only while it is written.
struct momentary {
    shared_bytes bytes;

    template <class Archive>
    void save(Archive& archive) const {
        archive(numbered(5));
    }
    template <class Archive>
    void load(Archive& archive) {
        archive(bytes);
    }
};
shared_bytes bytes_of(const momentary& given) { return given.bytes; }

// What the parent does.
/// So that the next calls are sent ahead.
task<> make_quick(process_pool& pool) {
    for (int i = 0; i < 1'000; ++i) co_await pool.run(square, i);
}

template <class Error, class Call>
task<std::string> message_of(Call call) {
    try {
        static_cast<void>(co_await std::move(call));
    } catch (const Error& e) {
        co_return e.what();
    }
    co_return "";
}

}  // namespace

TEST_SUITE("process/process_pool with attachments") {
    TEST_CASE("a descriptor is closed on exec, on both sides") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            CHECK(co_await pool.run(is_closed_on_exec, pipe_with('x')));
            const auto made_there = co_await pool.run(pipe_with, 'y');
            CHECK(is_closed_on_exec(made_there));
        }());
    }

    TEST_CASE("on_process takes them along as well") {
        run_blocking([]() -> task<> {
            CHECK(co_await on_process(read_byte, pipe_with('d')) == 'd');
            const auto back = co_await on_process(same, numbered(5));
            CHECK(number_of(back) == 5);
        }());
    }

    TEST_CASE("a call that is killed for its deadline leaves no descriptor, and no memory, with anybody") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .grace = 1ms});
            co_await pool.run(pid);
            const belongings before;
            const ends never = make_pipe();
            for (int i = 0; i < 3; ++i) {
                auto wait_with = [](process_pool& p, int from) -> task<> {
                    co_await fail_after(20ms, p.run(wait_here, descriptor(::dup(from))));
                };
                CHECK_THROWS_AS(co_await wait_with(pool, never.read.get()), timed_out);
                CHECK(co_await pool.run(square, 3) == 9);
            }
            CHECK(belongings().descriptors == before.descriptors + 2);
        }());
    }

    TEST_CASE("a call that was only queued at a worker that dies brings its descriptor and memory to the next") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            for (int round = 0; round < 5; ++round) {
                co_await make_quick(pool);
                ends gate = make_pipe();
                auto dying = pool.submit(die, std::move(gate.read));
                auto reading = pool.submit(read_byte, pipe_with('q'));
                auto looking = pool.submit(number_of, numbered(round));
                co_await checkpoint();
                write_byte(gate.write, 'x');
                CHECK_THROWS_AS(co_await dying, worker_died);
                CHECK(co_await reading == 'q');
                CHECK(co_await looking == round);
            }
        }());
    }

    TEST_CASE("a call that is taken back from a busy worker has its descriptor at the next one") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            co_await make_quick(pool);
            ends gate = make_pipe();
            auto busy = pool.submit(wait_here, std::move(gate.read));
            auto queued = pool.submit(answer_there, std::move(gate.write));
            co_await checkpoint();
            pool.resize(2);
            // The first ends only if the second, which was sent to the same worker, runs elsewhere.
            const int here = co_await busy;
            const int there = co_await queued;
            CHECK(here != there);
        }());
    }

    TEST_CASE("what a worker had finished before it died is kept, with its descriptor") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            co_await make_quick(pool);
            ends gate = make_pipe();
            auto finished = pool.submit(pipe_with, 'k');
            auto made = pool.submit(numbered, 17);
            auto dying = pool.submit(die, std::move(gate.read));
            auto unread = pool.submit(read_byte, pipe_with('u'));
            co_await checkpoint();
            write_byte(gate.write, 'x');
            CHECK_THROWS_AS(co_await dying, worker_died);
            const auto kept = co_await finished;
            CHECK(read_byte(kept) == 'k');
            const auto bytes = co_await made;
            CHECK(number_of(bytes) == 17);
            CHECK(co_await unread == 'u');
        }());
    }

    TEST_CASE("thousands of calls at once, with descriptors there and back, all end, and leave none open") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2, .min_workers = 2});
            co_await when_all(make_quick(pool), make_quick(pool));
            co_await workers_ready(pool, 2);
            const belongings before;
            for (int round = 0; round < 4; ++round) {
                std::vector<job<descriptor>> back;
                std::vector<job<char>> there;
                for (int i = 0; i < 500; ++i) {
                    back.push_back(pool.submit(pipe_with, static_cast<char>('a' + i % 26)));
                    if (i % 2 == 0) there.push_back(pool.submit(read_byte, pipe_with(static_cast<char>('A' + i % 26))));
                }
                int wrong = 0;
                for (std::size_t i = 0; i < back.size(); ++i) {
                    const auto fd = co_await back[i];
                    wrong += read_byte(fd) != static_cast<char>('a' + i % 26);
                }
                for (std::size_t i = 0; i < there.size(); ++i) {
                    const char got = co_await there[i];
                    wrong += got != static_cast<char>('A' + 2 * i % 26);
                }
                CHECK(wrong == 0);
            }
            CHECK(belongings().descriptors == before.descriptors);
            const auto open = co_await pool.run(open_there, pipe_with('x'));
            CHECK(open < 30);
        }());
    }

    TEST_CASE("memory that a worker gives with every call arrives with every call, dropped or kept") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            co_await make_quick(pool);
            std::vector<job<shared_bytes>> calls;
            for (int i = 0; i < 200; ++i) calls.push_back(pool.submit(counted));
            std::optional<shared_bytes> kept;
            for (std::size_t i = 0; i < calls.size(); ++i) {
                auto bytes = co_await calls[i];
                CHECK(number_of(bytes) >= static_cast<int>(i) + 1);
                if (i == 100) kept = std::move(bytes);
            }
            const auto last = co_await pool.run(counted);
            CHECK(number_of(last) == 201);
            CHECK(number_of(*kept) == 201);
        }());
    }

    TEST_CASE("memory that a worker keeps of an earlier call may be given back when nobody else has it any more") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            for (int i = 1; i < 20; ++i) {
                const auto first = co_await pool.run(first_of, numbered(i));
                CHECK(number_of(first) == 1);
            }
        }());
    }

    TEST_CASE("a result that is memory which nobody has any more is an error that names its worker") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const int worker = co_await pool.run(pid);
            int named = 0;
            try {
                co_await pool.run(bytes_of, momentary());
            } catch (const wire::result_error& e) {
                named = e.pid();
            }
            CHECK(named == worker);
            CHECK(co_await pool.run(pid) == worker);
        }());
    }

    TEST_CASE("a call that throws takes nothing of its memory away from later ones") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const auto bytes = numbered(33);
            co_await pool.run(pid);
            const belongings before;
            for (int i = 0; i < 50; ++i) {
                auto failing = pool.run(throws_at, bytes);
                const std::string why = co_await message_of<std::runtime_error>(std::move(failing));
                CHECK(why == "33");
                const auto back = co_await pool.run(same, bytes);
                CHECK(back.data() == bytes.data());
            }
            CHECK(belongings().descriptors == before.descriptors);
        }());
    }
}
