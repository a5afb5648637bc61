#include <braid/process/descriptor.hpp>
#include <braid/process/process_pool.hpp>
#include <braid/process/shared_bytes.hpp>

#include "support/leftovers.hpp"

#include <braid/core/spawn.hpp>
#include <braid/core/stop.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace braid;
using namespace braid::testing;

// What the workers run.
namespace {

int square(int x) { return x * x; }
shared_bytes doubled(shared_bytes numbers) {
    for (auto& number : numbers.as<std::uint32_t>()) number *= 2;
    return numbers;
}
shared_bytes made(std::size_t size, int fill) {
    shared_bytes bytes(size);
    std::ranges::fill(bytes.bytes(), static_cast<std::byte>(fill));
    return bytes;
}
std::uint64_t sum_of(const std::vector<shared_bytes>& all) {
    std::uint64_t sum = 0;
    for (const auto& each : all) {
        for (const auto byte : each.bytes()) sum += static_cast<std::uint64_t>(byte);
    }
    return sum;
}
int dies_with(const shared_bytes& bytes) {
    bytes.data()[0] = std::byte{42};
    ::raise(SIGKILL);
    return 0;
}
std::string first_words(const descriptor& from) {
    std::array<char, 64> text{};
    const ssize_t size = ::read(from.get(), text.data(), text.size());
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}
descriptor pipe_with(const std::string& text) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    const descriptor write(ends[1]);
    if (::write(write.get(), text.data(), text.size()) < 0) throw std::runtime_error("no write");
    return descriptor(ends[0]);
}
int says_hello(const descriptor& socket) { return static_cast<int>(::write(socket.get(), "hello", 5)); }
std::pair<descriptor, descriptor> socket_pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw std::runtime_error("no sockets");
    return {descriptor(ends[0]), descriptor(ends[1])};
}
int first_byte(const shared_bytes& bytes) { return static_cast<int>(bytes.data()[0]); }
std::ptrdiff_t open_here() { return belongings().descriptors; }
std::ptrdiff_t ignores(const descriptor&, int) { return open_here(); }

}  // namespace

TEST_SUITE("process/shared_bytes") {
    TEST_CASE("both sides see the same memory, which a result brings back") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            shared_bytes numbers(1 << 20);
            std::ranges::fill(numbers.as<std::uint32_t>(), 3U);
            for (int round = 0; round < 10; ++round) {
                auto back = co_await pool.run(doubled, numbers);
                CHECK(back.data() == numbers.data());
            }
            CHECK(std::ranges::all_of(numbers.as<std::uint32_t>(), [](auto n) { return n == 3 * 1024; }));
            const auto none = co_await pool.run(doubled, shared_bytes());
            CHECK(none.empty());
        }());
    }

    TEST_CASE("what a worker makes is used here, and by the next worker, in any number") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            std::vector<shared_bytes> all;
            for (int i = 0; i < 20; ++i) all.push_back(co_await pool.run(made, std::size_t{10'000}, i));
            CHECK(all[7].size() == 10'000);
            CHECK(all[7].data()[9'999] == std::byte{7});
            const auto sum = co_await pool.run(sum_of, all);
            CHECK(sum == 10'000 * 190);
            CHECK(sum == sum_of(all));
        }());
    }

    TEST_CASE("memory that nobody has any more is given back, in the workers too") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const auto before = co_await pool.run(open_here);
            for (int i = 0; i < 50; ++i) {
                const auto bytes = co_await pool.run(made, std::size_t{4'096}, i);
                CHECK(bytes.data()[0] == static_cast<std::byte>(i));
            }
            co_await pool.run(square, 1);
            const auto after = co_await pool.run(open_here);
            CHECK(after <= before + 2);
        }());
    }

    TEST_CASE("a worker that dies takes no shared memory along") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const shared_bytes bytes(4'096);
            CHECK_THROWS_AS(static_cast<void>(co_await pool.run(dies_with, bytes)), worker_died);
            CHECK(bytes.data()[0] == std::byte{42});
            const int first = co_await pool.run(first_byte, bytes);
            CHECK(first == 42);
        }());
    }

    TEST_CASE("memory that its sender could make smaller is refused") {
        const int fd = ::memfd_create("unsealed", MFD_CLOEXEC);
        REQUIRE(::ftruncate(fd, 4'096) == 0);
        CHECK_THROWS_AS(static_cast<void>(wire::segment::open(fd)), wire::decode_error);
    }
}

TEST_SUITE("process/descriptor") {
    TEST_CASE("an open descriptor travels there, and back") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const auto read_here = co_await pool.run(pipe_with, std::string("made there"));
            CHECK(first_words(read_here) == "made there");
            const auto read_there = pipe_with("made here");
            const auto words = co_await pool.run(first_words, descriptor(::dup(read_there.get())));
            CHECK(words == "made here");
            CHECK_THROWS_AS(static_cast<void>(co_await pool.run(first_words, descriptor())), wire::encode_error);
        }());
    }

    TEST_CASE("a socket that is sent is spoken through by the worker") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            auto [ours, theirs] = socket_pair();
            const int written = co_await pool.run(says_hello, std::move(theirs));
            CHECK(written == 5);
            CHECK(first_words(ours) == "hello");
        }());
    }

    TEST_CASE("the descriptors of many calls, some of them cancelled before they begin, leave none open") {
        const belongings before;
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const auto open_at_first = co_await pool.run(open_here);
            for (int round = 0; round < 20; ++round) {
                std::vector<job<std::ptrdiff_t>> calls;
                for (int i = 0; i < 20; ++i) calls.push_back(pool.submit(ignores, pipe_with("x"), i));
                co_await checkpoint();
                for (std::size_t i = 10; i < 20; ++i) calls[i].cancel();
                for (std::size_t i = 0; i < 10; ++i) co_await calls[i];
            }
            co_await pool.run(ignores, pipe_with("x"), 1);
            const auto open_at_last = co_await pool.run(open_here);
            CHECK(open_at_last <= open_at_first + 1);
        }());
        CHECK(belongings().descriptors == before.descriptors);
    }
}
