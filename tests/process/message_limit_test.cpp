// process_pool_options::max_message_size: results and arguments that are too long cost their call alone.

#include <braid/process/pool_options.hpp>

#include <braid/core/spawn.hpp>
#include <braid/process/descriptor.hpp>
#include <braid/process/process_pool.hpp>
#include <braid/process/shared_bytes.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace braid;

// What the workers run.
namespace {

constexpr std::size_t limit = std::size_t{1} << 20;

int pid() { return ::getpid(); }
std::string text_of(std::size_t size) { return std::string(size, 'x'); }
std::size_t length(const std::string& text) { return text.size(); }

struct with_file {
    std::string text;
    descriptor file;
};
with_file text_with_file(std::size_t size) {
    return {.text = text_of(size), .file = descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC))};
}
std::size_t files_open() {
    std::size_t open = 0;
    for (int fd = 0; fd != 256; ++fd) open += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return open;
}

/// What a call is refused with.
template <class Error, class Call>
task<std::string> refusal(Call call) {
    try {
        co_await std::move(call);
    } catch (const Error& e) {
        co_return e.what();
    }
    co_return "it was not refused";
}

bool contains(const std::string& text, const char* words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_SUITE("process/pool_options: max_message_size") {
    TEST_CASE("a result that is too long fails its call, and the worker goes on") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .max_message_size = limit});
            const int worker = co_await pool.run(pid);
            const std::string why = co_await refusal<wire::result_error>(pool.run(text_of, 2 * limit));
            CHECK_MESSAGE(contains(why, "takes no more than 1048576"), why);
            CHECK(co_await pool.run(pid) == worker);
            const std::string text = co_await pool.run(text_of, limit / 2);
            CHECK(text.size() == limit / 2);
        }());
    }

    TEST_CASE("so does one with a file beside it, which is not left open in the worker") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .max_message_size = limit});
            const std::size_t before = co_await pool.run(files_open);
            const std::string why = co_await refusal<wire::result_error>(pool.run(text_with_file, 2 * limit));
            CHECK_MESSAGE(contains(why, "takes no more than 1048576"), why);
            CHECK(co_await pool.run(files_open) == before);
            const with_file small = co_await pool.run(text_with_file, std::size_t{10});
            CHECK(small.file.get() >= 0);
        }());
    }

    TEST_CASE("of the items of a map only those fail whose results are too long") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .max_message_size = limit});
            const int worker = co_await pool.run(pid);
            const std::vector<std::size_t> sizes{10, 2 * limit, 20, 3 * limit, 30};
            const auto texts = co_await pool.map_outcomes(text_of, sizes, {.batch = 5}).collect();
            const auto files = co_await pool.map_outcomes(text_with_file, sizes, {.batch = 5}).collect();
            REQUIRE(texts.size() == 5);
            REQUIRE(files.size() == 5);
            for (std::size_t i = 0; i != 5; ++i) {
                CAPTURE(i);
                CHECK(texts[i].has_value() == (sizes[i] < limit));
                CHECK(files[i].has_value() == (sizes[i] < limit));
            }
            CHECK(co_await pool.run(pid) == worker);
        }());
    }

    TEST_CASE("arguments that are too long fail their call before it is begun") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1, .max_message_size = limit});
            const std::string text(2 * limit, 'x');
            const std::string why = co_await refusal<wire::encode_error>(pool.run(length, text));
            CHECK_MESSAGE(contains(why, "a worker takes no more than 1048576"), why);
            CHECK(co_await pool.run(length, std::string(10, 'x')) == 10);
        }());
    }

    TEST_CASE("a limit below a mebibyte is refused, and one that no number can hold") {
        run_blocking([]() -> task<> {
            CHECK_THROWS_AS(process_pool({.max_message_size = limit - 1}), usage_error);
            CHECK_THROWS_AS(process_pool({.max_message_size = std::numeric_limits<std::uint64_t>::max()}), usage_error);
            co_return;
        }());
    }
}
