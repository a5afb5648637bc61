#include <braid/core/await_chain.hpp>

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/when_all.hpp>
#include <braid/flow/stream.hpp>
#include <braid/testing/co_test_case.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace braid;
using namespace std::chrono_literals;

namespace {

task<> throws_at_once() {
    throw std::runtime_error("broken");
    co_return;
}
task<> throws_later() {
    co_await sleep_for(1ms);
    co_await throws_at_once();
}
task<> sleeps_and_fails_to_clean_up() {
    try {
        co_await sleep_for(1h);
    } catch (const cancelled&) {
        throw std::logic_error("clean-up failed");
    }
}
task<> outermost() { co_await throws_later(); }

/// The chain in words, without the lines.
std::string functions(const std::exception_ptr& error) {
    std::string text = await_chain_text(error);
    for (std::size_t at; (at = text.find(" (")) != std::string::npos;) text.erase(at, text.find('\n', at) - at);
    return text;
}

}  // namespace

TEST_SUITE("core/await_chain") {
    TEST_CASE("an exception that leaves the loop tells every await that it came through, from the inside out") {
        try {
            run_blocking(outermost());
            FAIL("no exception");
        } catch (const std::runtime_error&) {
            CHECK(functions(std::current_exception()) == "throws_at_once\nthrows_later\noutermost\n");
            const auto chain = await_chain(std::current_exception());
            REQUIRE(chain.size() == 3);
            CHECK(chain[0].line() >= 22);  // its first line says Clang, its last one GCC
            CHECK(chain[0].line() <= 25);
            CHECK(chain[1].line() == 28);
            CHECK(chain[2].line() == 37);
        }
    }

    CO_TEST_CASE("in a handler it tells the way so far") {
        std::exception_ptr error;
        try {
            co_await throws_later();
        } catch (...) {
            error = std::current_exception();
        }
        CHECK(functions(error) == "throws_at_once\nthrows_later\n");
    }

    CO_TEST_CASE("it goes on through a group, whose other children end in between") {
        std::string way;
        const auto group = []() -> task<> {
            co_await with_task_group([](task_group& g) -> task<> {
                g.start(sleeps_and_fails_to_clean_up);
                g.start(outermost);
                co_return;
            });
        };
        try {
            co_await group();
        } catch (const std::runtime_error&) {
            way = functions(std::current_exception());
        }
        CHECK(way.find("throws_at_once\nthrows_later\noutermost\n") == 0);
        CHECK(way.find("a lambda in") != std::string::npos);
    }

    CO_TEST_CASE("a second exception has a way of its own") {
        std::string way;
        try {
            try {
                co_await outermost();
            } catch (const std::runtime_error&) {
            }
            co_await throws_at_once();
        } catch (const std::runtime_error&) {
            way = functions(std::current_exception());
        }
        CHECK(way == "throws_at_once\n");
    }

    CO_TEST_CASE("it goes through a stream") {
        const auto numbers = []() -> stream<int> {
            co_yield 1;
            co_await throws_at_once();
        };
        auto source = numbers();
        co_await source.next();
        std::string way;
        try {
            co_await source.next();
        } catch (const std::runtime_error&) {
            way = functions(std::current_exception());
        }
        CHECK(way.find("throws_at_once\na lambda in ") == 0);
    }

    TEST_CASE("the completion handler of spawn can ask") {
        boost::asio::io_context context;
        std::string way;
        spawn(context, outermost(), [&way](std::exception_ptr error) { way = functions(error); });
        context.run();
        CHECK(way == "throws_at_once\nthrows_later\noutermost\n");
    }

    TEST_CASE("what left no coroutine has none") {
        CHECK(await_chain(nullptr).empty());
        CHECK(await_chain(std::make_exception_ptr(1)).empty());
    }
}
