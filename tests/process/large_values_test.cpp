// Large values of calls: they go through memory that a worker is lent, and through its pipe where that cannot be had.

#include <braid/process/descriptor.hpp>
#include <braid/process/process_pool.hpp>

#include "support/leftovers.hpp"
#include "support/low_descriptor_limit.hpp"
#include "support/sanitized.hpp"

#include <braid/core/spawn.hpp>
#include <braid/flow/stream.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace braid;
using namespace braid::testing;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

// What the workers run.
std::string same(std::string text) { return text; }
std::string text_of(std::size_t size, char of) { return std::string(size, of); }
std::size_t length(std::string_view text) { return text.size(); }
std::vector<std::uint64_t> next_of_each(std::vector<std::uint64_t> numbers) {
    for (auto& number : numbers) ++number;
    return numbers;
}
struct papers {
    std::string title;
    std::vector<std::string> pages;
    std::vector<double> marks;
    bool operator==(const papers&) const = default;
};
papers copied(const papers& all) { return all; }
constexpr std::size_t most_descriptors = 253;
std::size_t length_beside(const std::string& text, const std::vector<descriptor>& files) {
    return text.size() + files.size();
}
std::size_t dies_with(const std::string& text) {
    ::raise(SIGKILL);
    return text.size();
}
std::size_t fails_with(const std::string& text) { throw std::runtime_error(std::to_string(text.size())); }

/// Bytes that this process has read (rchar) or written (wchar) by system calls, those of pipes among them.
std::uint64_t bytes_of(const char* which) {
    std::ifstream io("/proc/self/io");
    std::uint64_t count = 0;
    for (std::string name; io >> name >> count;) {
        if (name == which) return count;
    }
    throw std::runtime_error("/proc/self/io does not tell");
}

papers sample() {
    papers all{.title = "large", .pages = {}, .marks = std::vector<double>(mib)};
    std::iota(all.marks.begin(), all.marks.end(), 0.5);
    for (std::size_t i = 0; i != 9; ++i) all.pages.emplace_back(i * mib / 3, static_cast<char>('a' + i));
    return all;
}

/// Files of more than a MiB cannot be made, and who tries is killed.
class small_files {
public:
    small_files() {
        if (::getrlimit(RLIMIT_FSIZE, &before_) != 0) throw std::runtime_error("no limit to read");
        rlimit now = before_;
        now.rlim_cur = mib;
        if (::setrlimit(RLIMIT_FSIZE, &now) != 0) throw std::runtime_error("no limit to set");
    }
    small_files(const small_files&) = delete;
    small_files& operator=(const small_files&) = delete;
    ~small_files() { ::setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};

}  // namespace

TEST_SUITE("process/process_pool: large values") {
    TEST_CASE("a value of any length arrives as it was, there and back") {
        for (const auto spin : {std::chrono::microseconds(0), std::chrono::microseconds(20)}) {
            run_blocking([](std::chrono::microseconds looks) -> task<> {
                process_pool pool({.workers = 1, .spin = looks});
                for (const std::size_t size : {mib - 1, mib, mib + 1, 5 * mib, 3 * mib, 9 * mib + 7}) {
                    CAPTURE(size);
                    for (char of = 'a'; of != 'd'; ++of) {
                        const std::string text(size, of);
                        const std::string back = co_await pool.run(same, text);
                        CHECK(back == text);
                    }
                }
            }(spin));
        }
    }

    TEST_CASE("the elements of vectors, and large members of a value, do as well") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            std::vector<std::uint64_t> numbers(mib);
            for (std::uint64_t round = 0; round != 4; ++round) {
                numbers = co_await pool.run(next_of_each, std::move(numbers));
                CHECK(std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0}) == (round + 1) * mib);
                const papers back = co_await pool.run(copied, sample());
                CHECK(back == sample());
            }
        }());
    }

    TEST_CASE("arguments do not go through the pipe, and neither does a result after the first of its function") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .spin = std::chrono::microseconds(0)});
            const std::string text(8 * mib, 'x');
            const auto written = bytes_of("wchar:");
            CHECK(co_await pool.run(length, text) == 8 * mib);
            CHECK(bytes_of("wchar:") - written < mib);
            const std::string first = co_await pool.run(text_of, 8 * mib, 'a');
            CHECK(first == text_of(8 * mib, 'a'));
            const auto read = bytes_of("rchar:");
            const std::string second = co_await pool.run(text_of, 8 * mib, 'b');
            CHECK(bytes_of("rchar:") - read < mib);
            CHECK(second == text_of(8 * mib, 'b'));
            const std::string longer = co_await pool.run(text_of, 16 * mib, 'c');
            CHECK(longer == text_of(16 * mib, 'c'));
            for (int i = 0; i != 2; ++i) CHECK(co_await pool.run(same, text) == text);
            const auto read_before = bytes_of("rchar:");
            CHECK(co_await pool.run(same, text) == text);
            CHECK(bytes_of("rchar:") - read_before < mib);
            const std::string shorter = co_await pool.run(text_of, std::size_t{10}, 'd');
            CHECK(shorter == "dddddddddd");
        }());
    }

    TEST_CASE("many calls with large values at a time do not get in each other's way") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            std::vector<job<std::string>> calls;
            for (char of = 'a'; of <= 'p'; ++of) calls.push_back(pool.submit(same, text_of(2 * mib, of)));
            for (char of = 'a'; of <= 'p'; ++of) {
                const std::string back = co_await std::move(calls[static_cast<std::size_t>(of - 'a')]);
                CHECK(back == text_of(2 * mib, of));
            }
        }());
    }

    TEST_CASE("a call that is refused before it is sent takes nothing from the one before it") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            CHECK(co_await pool.run(length, std::string("ready")) == 5);
            for (int round = 0; round != 5; ++round) {
                const call_options impossible{.limits = {.cpu_time = std::chrono::milliseconds(0)}};
                auto first = pool.submit(same, text_of(2 * mib, 'a'));
                auto refused = pool.submit(impossible, same, text_of(2 * mib, 'b'));
                auto last = pool.submit(same, text_of(2 * mib, 'c'));
                const std::string of_first = co_await std::move(first);
                const std::string of_last = co_await std::move(last);
                CHECK(of_first == text_of(2 * mib, 'a'));
                CHECK(of_last == text_of(2 * mib, 'c'));
                CHECK_THROWS_AS(static_cast<void>(co_await std::move(refused)), usage_error);
            }
        }());
    }

    TEST_CASE("a large value travels beside as many descriptors as there can be") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const std::string text(2 * mib, 'x');
            for (const std::size_t count : {std::size_t{1}, most_descriptors}) {
                std::vector<descriptor> files;
                for (std::size_t i = 0; i != count; ++i) files.emplace_back(::fcntl(0, F_DUPFD_CLOEXEC, 0));
                CHECK(co_await pool.run(length_beside, text, std::move(files)) == text.size() + count);
            }
        }());
    }

    TEST_CASE("a call that is cancelled, throws or dies leaves nothing of its values to the next") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const std::string text(3 * mib, 'x');
            for (int round = 0; round != 3; ++round) {
                CHECK_THROWS_WITH_AS(static_cast<void>(co_await pool.run(fails_with, text)), "3145728",
                                     std::runtime_error);
                CHECK_THROWS_AS(static_cast<void>(co_await pool.run(dies_with, text)), worker_died);
                auto dropped = pool.submit(same, text);
                auto cancelled = pool.submit(same, text);
                cancelled.cancel();
                const std::string back = co_await pool.run(same, text_of(2 * mib, 'y'));
                CHECK(back == text_of(2 * mib, 'y'));
                CHECK((co_await std::move(dropped)).size() == text.size());
            }
        }());
    }

    TEST_CASE("memory is lent again, and what is very large is given back") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            CHECK(co_await pool.run(length, std::string("ready")) == 5);
            const belongings before;
            for (std::size_t i = 0; i != 24; ++i) {
                const std::string text((1 + i % 5) * mib, 'x');
                CHECK(co_await pool.run(same, text) == text);
            }
            const belongings lent;
            CHECK(lent.mappings <= before.mappings + 4);
            CHECK(lent.descriptors <= before.descriptors + 4);
            CHECK(co_await pool.run(length, std::string(130 * mib, 'x')) == 130 * mib);
            CHECK(belongings().mappings <= before.mappings + 4);
            co_await pool.close();
            CHECK(belongings().mappings < before.mappings);  // the worker's own as well
        }());
    }

    TEST_CASE("without descriptors, or where large files are forbidden, they go through the pipe") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const std::string text(4 * mib, 'x');
            CHECK(co_await pool.run(length, std::string("ready")) == 5);
            if (!braid_test::sanitized) {  // UBSan makes a pipe to look at a type that it has not met
                const low_descriptor_limit none(0);
                CHECK(co_await pool.run(same, text) == text);
                CHECK(co_await pool.run(same, text) == text);
            }
            {
                const small_files limit;
                CHECK(co_await pool.run(same, text) == text);
            }
            CHECK(co_await pool.run(same, text) == text);
        }());
    }

    TEST_CASE("what is lent does not count as memory that a call uses, nor as a file that it writes") {
        if (braid_test::sanitized) return;  // they reserve terabytes
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const call_options limited{.limits = {.memory = 64 * mib, .file_size = mib}};
            const std::string text(16 * mib, 'x');
            for (int i = 0; i != 3; ++i) CHECK(co_await pool.run(limited, same, text) == text);
            CHECK_THROWS_AS(static_cast<void>(co_await pool.run(limited, same, std::string(160 * mib, 'x'))),
                            wire::argument_error);
            CHECK(co_await pool.run(same, text) == text);
        }());
    }

    TEST_CASE("the limit of a message holds for what does not lie in it") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .max_message_size = 4 * mib});
            CHECK(co_await pool.run(length, std::string(3 * mib, 'x')) == 3 * mib);
            CHECK_THROWS_AS(static_cast<void>(co_await pool.run(length, std::string(5 * mib, 'x'))),
                            wire::encode_error);
            for (int i = 0; i != 2; ++i) CHECK((co_await pool.run(text_of, 3 * mib, 'x')).size() == 3 * mib);
            CHECK_THROWS_AS(static_cast<void>(co_await pool.run(text_of, 5 * mib, 'x')), wire::result_error);
            CHECK((co_await pool.run(text_of, 3 * mib, 'x')).size() == 3 * mib);
        }());
    }

    TEST_CASE("the items of a map may be large") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            std::vector<std::string> texts;
            for (char of = 'a'; of != 'i'; ++of) texts.push_back(text_of(2 * mib, of));
            CHECK(co_await pool.map(same, texts).collect() == texts);
        }());
    }
}
