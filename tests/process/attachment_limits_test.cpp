// Calls with more descriptors than they may have, or than their process has room for.

#include <braid/process/descriptor.hpp>
#include <braid/process/process_pool.hpp>
#include <braid/process/shared_bytes.hpp>

#include "support/low_descriptor_limit.hpp"
#include "support/sanitized.hpp"

#include <braid/core/spawn.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <cstddef>
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

// What the workers run.
namespace {

int square(int x) { return x * x; }
int pid() { return ::getpid(); }
char read_byte(const descriptor& from) {
    char byte = 0;
    if (::read(from.get(), &byte, 1) != 1) throw std::runtime_error("no read");
    return byte;
}
descriptor pipe_with(char byte) {
    int both[2];
    if (::pipe2(both, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "make a pipe");
    const descriptor write(both[1]);
    if (::write(write.get(), &byte, 1) != 1) throw std::runtime_error("no write");
    return descriptor(both[0]);
}
shared_bytes numbered(int i) {
    shared_bytes bytes(4'096);
    bytes.as<int>()[0] = i;
    return bytes;
}
shared_bytes same(shared_bytes bytes) { return bytes; }
int number_of(const shared_bytes& bytes) { return bytes.as<int>()[0]; }
std::vector<descriptor> many(std::size_t count) {
    std::vector<descriptor> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(pipe_with('m'));
    return all;
}
std::size_t count_of(const std::vector<descriptor>& all) { return all.size(); }
std::optional<low_descriptor_limit>& own_limit() {
    static std::optional<low_descriptor_limit> limit;
    return limit;
}
int runs_out_of_descriptors() { return own_limit().emplace(0), ::getpid(); }
void has_descriptors_again() { own_limit().reset(); }

// What the parent does.
template <class Error, class Call>
task<std::string> message_of(Call call) {
    try {
        static_cast<void>(co_await std::move(call));
    } catch (const Error& e) {
        co_return e.what();
    }
    co_return "";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

// Without a single descriptor left no sanitizer works: it looks at memory through a pipe.
TEST_SUITE("process/process_pool with attachments: limits") {
    TEST_CASE("more descriptors than fit fail the call that has them, there or here, and no other") {
        run_blocking([]() -> task<> {
            std::string why;
            process_pool pool({.workers = 1});
            const int first = co_await pool.run(pid);
            auto most = pool.run(count_of, many(253));
            CHECK(co_await std::move(most) == 253);
            auto more = pool.run(count_of, many(254));
            why = co_await message_of<wire::encode_error>(std::move(more));
            CHECK_MESSAGE(contains(why, "253"), why);
            auto result = pool.run(many, std::size_t{254});
            why = co_await message_of<wire::result_error>(std::move(result));
            CHECK_MESSAGE(contains(why, "253"), why);
            const auto fitting = co_await pool.run(many, std::size_t{253});
            CHECK(fitting.size() == 253);
            CHECK(read_byte(fitting.back()) == 'm');
            CHECK(co_await pool.run(pid) == first);
        }());
    }

    TEST_CASE("a worker without a descriptor left fails the call that brings one, and has it when it can again" *
              doctest::skip(braid_test::sanitized)) {
        run_blocking([]() -> task<> {
            std::string why;
            process_pool pool({.workers = 1});
            const auto bytes = numbered(8);
            const int first = co_await pool.run(runs_out_of_descriptors);
            auto brings_one = pool.run(read_byte, pipe_with('x'));
            why = co_await message_of<wire::argument_error>(std::move(brings_one));
            CHECK_MESSAGE(contains(why, "Too many open files"), why);
            auto brings_memory = pool.run(number_of, bytes);
            why = co_await message_of<wire::argument_error>(std::move(brings_memory));
            CHECK_MESSAGE(contains(why, "Too many open files"), why);
            auto makes_memory = pool.run(numbered, 1);
            why = co_await message_of<std::system_error>(std::move(makes_memory));
            CHECK_MESSAGE(contains(why, "Too many open files"), why);
            CHECK(co_await pool.run(square, 4) == 16);
            co_await pool.run(has_descriptors_again);
            CHECK(co_await pool.run(number_of, bytes) == 8);
            CHECK(co_await pool.run(read_byte, pipe_with('z')) == 'z');
            CHECK(co_await pool.run(pid) == first);
        }());
    }

    TEST_CASE("a parent without a descriptor left fails the call whose result brings one, and no worker" *
              doctest::skip(braid_test::sanitized)) {
        run_blocking([]() -> task<> {
            std::string why;
            process_pool pool({.workers = 1});
            const int first = co_await pool.run(pid);
            const auto known = numbered(8);
            CHECK(co_await pool.run(number_of, known) == 8);
            auto unsent = pipe_with('x');
            {
                const low_descriptor_limit none(0);
                auto brings_one = pool.run(pipe_with, 'x');
                why = co_await message_of<std::system_error>(std::move(brings_one));
                CHECK_MESSAGE(contains(why, "Too many open files"), why);
                auto brings_memory = pool.run(numbered, 1);
                why = co_await message_of<std::system_error>(std::move(brings_memory));
                CHECK_MESSAGE(contains(why, "Too many open files"), why);
                auto takes_one = pool.run(read_byte, std::move(unsent));
                why = co_await message_of<std::system_error>(std::move(takes_one));
                CHECK_MESSAGE(contains(why, "Too many open files"), why);
                const auto back = co_await pool.run(same, known);
                CHECK(back.data() == known.data());
            }
            const auto read = co_await pool.run(pipe_with, 'r');
            CHECK(read_byte(read) == 'r');
            CHECK(co_await pool.run(pid) == first);
        }());
    }
}
