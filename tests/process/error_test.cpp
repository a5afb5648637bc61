#include <braid/process/error.hpp>

#include "process/crash_handler.hpp"
#include "process/oom_watch.hpp"

#include <braid/core/await_chain.hpp>
#include <braid/core/spawn.hpp>
#include <braid/process/on_process.hpp>
#include <braid/process/process_pool.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

using namespace braid;
using namespace std::chrono_literals;

// Sanitizers take the signals of a crash over, so there is no report of ours.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BRAID_TEST_SANITIZED 1
#endif
#endif

// What the workers run.
namespace {

[[maybe_unused]] void writes_to_null() {
    volatile int* volatile nowhere = nullptr;
    *nowhere = 1;
}
[[gnu::noinline]] int goes_deeper(int n) {
    volatile char filling[4096] = {static_cast<char>(n)};
    return n < 0 ? 0 : goes_deeper(n + 1) + filling[0];
}
[[maybe_unused]] void overflows_its_stack() { goes_deeper(0); }
void throws_on_another_thread() {
    std::thread([] { throw std::runtime_error("nobody catches this"); }).join();
}
void exits(int code) { ::_exit(code); }
void kills_itself(int signal) {
    ::signal(signal, SIG_DFL);
    ::raise(signal);
}
void computes_for_ever() {
    rlimit limit{.rlim_cur = 1, .rlim_max = 2};
    ::setrlimit(RLIMIT_CPU, &limit);
    for (volatile bool go = true; go;) {  // volatile: or Clang takes the loop away
    }
}
void naps_and_exits() {
    ::usleep(20'000);
    ::_exit(1);
}

void throws_here() { throw std::runtime_error("here"); }

task<> inner_caller(process_pool& pool, bool dies) {
    if (dies) {
        co_await pool.run(exits, 1);
    } else {
        co_await pool.run(throws_here);
    }
}
task<> outer_caller(process_pool& pool, bool dies) { co_await inner_caller(pool, dies); }

/// How a call died. It must die.
template <class F, class... Args>
task<worker_died> death_of(F function, Args... args) {
    process_pool pool({.workers = 1});
    std::optional<worker_died> death;
    try {
        co_await pool.run(function, args...);
    } catch (const worker_died& e) {
        death = e;
    }
    REQUIRE(death);
    co_return *death;
}

[[maybe_unused]] bool names(const std::vector<std::string>& stack, std::string_view function) {
    return std::any_of(stack.begin(), stack.end(),
                       [&](const std::string& line) { return line.find(function) != std::string::npos; });
}

}  // namespace

TEST_SUITE("process/error") {
    TEST_CASE("a death says how the process ended, and why") {
        run_blocking([]() -> task<> {
            const worker_died aborted = co_await death_of(kills_itself, SIGABRT);
            CHECK(aborted.signal() == SIGABRT);
            CHECK(!aborted.exit_code());
            CHECK(aborted.reason() == death_reason::crashed);

            const worker_died exited = co_await death_of(exits, 42);
            CHECK(exited.exit_code() == 42);
            CHECK(!exited.signal());
            CHECK(exited.reason() == death_reason::exited);
            const worker_died silent = co_await death_of(exits, 0);
            CHECK(silent.exit_code() == 0);

            const worker_died killed = co_await death_of(kills_itself, SIGKILL);
            CHECK(killed.signal() == SIGKILL);
            CHECK(killed.reason() == death_reason::killed);
            CHECK(killed.stack().empty());
            CHECK(killed.pid() > 0);
        }());
    }

    TEST_CASE("an error in a worker names the call, by the name that its caller gave it") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            std::string named;
            try {
                co_await pool.run(call_options{.name = "the risky one"}, throws_here);
            } catch (const std::runtime_error& e) {
                if (const auto* origin = dynamic_cast<const wire::remote_origin*>(&e)) named = origin->call();
            }
            CHECK(named == "the risky one");

            std::string of_lambda;
            try {
                co_await pool.run([] { throw std::runtime_error("here"); });
            } catch (const std::runtime_error& e) {
                if (const auto* origin = dynamic_cast<const wire::remote_origin*>(&e)) of_lambda = origin->call();
            }
            CHECK_MESSAGE(of_lambda.find("lambda") != std::string::npos, of_lambda);
        }());
    }

    TEST_CASE("an error in a worker, and its death, carry the way through the coroutines of the caller") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .output = worker_output::discard});
            for (const bool dies : {false, true}) {
                std::string chain;
                try {
                    co_await outer_caller(pool, dies);
                } catch (const std::exception&) {
                    chain = await_chain_text(std::current_exception());
                }
                CHECK_MESSAGE(chain.find("inner_caller") != std::string::npos, chain);
                CHECK_MESSAGE(chain.find("outer_caller") != std::string::npos, chain);
            }
        }());
    }

    TEST_CASE("a worker that used up its CPU time died of that") {
        run_blocking([]() -> task<> {
            const worker_died death = co_await death_of(computes_for_ever);
            CHECK(death.reason() == death_reason::cpu_limit);
            CHECK(death.signal() == SIGXCPU);
            CHECK(death.cpu_time() >= 500ms);  // the limit counts in ticks of the clock
        }());
    }

    TEST_CASE("a death names the function that was running, and for how long it had been") {
        run_blocking([]() -> task<> {
            const worker_died death = co_await death_of(naps_and_exits);
            CHECK(death.call() == "(anonymous namespace)::naps_and_exits()");
            CHECK(death.ran_for() >= 20ms);
            const std::string what = death.what();
            CHECK_MESSAGE(
                what.find("exited with code 1 while it ran (anonymous namespace)::naps_and_exits(), after ") !=
                    std::string::npos,
                what);

            const worker_died of_lambda = co_await death_of([] { ::_exit(1); });
            CHECK_MESSAGE(of_lambda.call().find("lambda") != std::string::npos, of_lambda.call());

            std::string name_of_constant;
            try {
                co_await on_process<naps_and_exits>();
            } catch (const worker_died& e) {
                name_of_constant = e.call();
            }
            CHECK(name_of_constant == "(anonymous namespace)::naps_and_exits()");
        }());
    }

    TEST_CASE("an exception that nobody catches, in another thread of the worker, is its crash") {
        run_blocking([]() -> task<> {
            const worker_died death = co_await death_of(throws_on_another_thread);
            CHECK(death.reason() == (death.signal() ? death_reason::crashed : death_reason::exited));
        }());
    }

#ifndef BRAID_TEST_SANITIZED
    TEST_CASE("a crash tells the stack, from the function that crashed on") {
        run_blocking([]() -> task<> {
            const worker_died death = co_await death_of(writes_to_null);
            const std::vector<std::string> stack = death.stack();
            REQUIRE(!stack.empty());
            CHECK_MESSAGE(stack.front().find("writes_to_null") != std::string::npos, stack.front());
            CHECK_MESSAGE(stack.front().find("error_test.cpp:") != std::string::npos, stack.front());
            CHECK(!names(stack, "braid::"));  // only the caller's own code
        }());
    }

    TEST_CASE("the overflow of a stack is told as well") {
        run_blocking([]() -> task<> {
            const worker_died death = co_await death_of(overflows_its_stack);
            CHECK(death.signal() == SIGSEGV);
            CHECK(names(death.stack(), "goes_deeper"));
        }());
    }
#endif
}

TEST_SUITE("process/crash_handler") {
    using process_detail::stack_of;

    TEST_CASE("a report is read as far as it makes sense") {
        CHECK(stack_of("").empty());
        CHECK(stack_of("not a number\n").empty());
        CHECK(stack_of("12").empty());
        const auto stack = stack_of("1000000000010\nff\nfffffffffffffffff\n1\n");
        REQUIRE(stack.size() == 2);
        CHECK(stack[0] == wire::code_address{.module = 1, .offset = 0x10});
        CHECK(stack[1] == wire::code_address{.module = 0, .offset = 0xff});
        std::string endless;
        for (int i = 0; i < 1000; ++i) endless += "1\n";
        CHECK(stack_of(endless).size() == 64);
    }
}

TEST_SUITE("process/oom_watch") {
    TEST_CASE("a kill is told once, and a file that is not there tells nothing") {
        const std::string file = std::filesystem::temp_directory_path() / ("braid-oom-" + std::to_string(::getpid()));
        const auto write = [&](int kills) { std::ofstream(file) << "low 0\noom 3\noom_kill " << kills << "\n"; };
        write(2);
        process_detail::oom_watch watch(file);
        CHECK(!watch.killed_since());
        write(3);
        CHECK(watch.killed_since());
        CHECK(!watch.killed_since());
        std::filesystem::remove(file);
        CHECK(!watch.killed_since());
        CHECK(!process_detail::oom_watch("/nonexistent").killed_since());
    }
}
