// Everything that is said to travel to a worker and back does, through a real one. (Its bytes: tests/wire.)

#include <braid/core/spawn.hpp>
#include <braid/process/process_pool.hpp>
#include <braid/wire/expected.hpp>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <dlfcn.h>
#include <unistd.h>

using namespace braid;
using namespace std::chrono_literals;

/// Of a library that this program links.
extern "C" int cube_in_library(int x);

// What the workers run.
namespace {

int pid() { return ::getpid(); }

/// As std::expected is, which needs C++23.
template <class E>
struct failure {
    explicit failure(E e) : error(std::move(e)) {}
    E error;
};
template <class T, class E>
class either {
public:
    using value_type = T;
    using error_type = E;
    using unexpected_type = failure<E>;

    explicit either(T value) : content_(std::move(value)) {}
    explicit either(unexpected_type wrong) : content_(std::move(wrong.error)) {}
    [[nodiscard]] bool has_value() const { return content_.index() == 0; }
    const T& operator*() const { return std::get<0>(content_); }
    [[nodiscard]] const E& error() const { return std::get<1>(content_); }

private:
    std::variant<T, E> content_;
};
using size_or_error = either<std::uintmax_t, std::error_code>;

size_or_error size_of_file(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    return error ? size_or_error(failure(error)) : size_or_error(size);
}
size_or_error passes_on(size_or_error either) { return either; }
std::filesystem::path beside(const std::filesystem::path& file) {
    return file.parent_path() /
           "besi\xff"
           "de";
}
std::error_code error_with(int code) { return std::make_error_code(static_cast<std::errc>(code)); }
std::error_code of_a_future() { return std::make_error_code(std::future_errc::broken_promise); }
std::chrono::sys_time<std::chrono::nanoseconds> later(std::chrono::sys_time<std::chrono::nanoseconds> t,
                                                      std::chrono::hours by) {
    return t + by;
}
std::chrono::duration<double> half(std::chrono::milliseconds time) { return time / 2.0; }

using shape = std::variant<std::monostate, int, std::string, std::vector<double>>;
shape next_kind(const shape& of) {
    switch (of.index()) {
        case 0: return 1;
        case 1: return "two";
        case 2: return std::vector<double>{3};
        default: return {};
    }
}
std::optional<std::string> name_of(std::optional<int> number) {
    if (!number) return std::nullopt;
    return std::to_string(*number);
}
std::unique_ptr<std::string> doubled(std::unique_ptr<std::string> text) {
    if (text) *text += *text;
    return text;
}
std::tuple<int, std::string, std::array<char, 3>> put_together(std::pair<int, std::string> both) {
    return {both.first, both.second, {'a', 'b', 'c'}};
}
std::map<std::string, std::set<int>> turned(const std::map<int, std::string>& names) {
    std::map<std::string, std::set<int>> numbers;
    for (const auto& [number, name] : names) numbers[name].insert(number);
    return numbers;
}
void nothing(std::monostate) {}

struct out_of_paper : std::runtime_error {
    explicit out_of_paper(const std::string& what) : std::runtime_error(what) {}
};
struct unheard_of : std::runtime_error {
    using std::runtime_error::runtime_error;
};
void prints() { throw out_of_paper("tray 2"); }
void fails_by_code() { throw std::system_error(std::make_error_code(std::errc::no_space_on_device), "a disk"); }
void throws_unheard_of() { throw unheard_of("not registered"); }
void throws_file_error() {
    throw std::filesystem::filesystem_error("no move", "/from", "/to",
                                            std::make_error_code(std::errc::cross_device_link));
}

// What the parent does.
const bool registered = [] {
    wire::register_exception<out_of_paper>();
    return true;
}();

using number_function = int (*)(int);
number_function function_of_an_opened_library() {
    void* const library = ::dlopen(BRAID_OPENED_LIBRARY, RTLD_NOW | RTLD_LOCAL);  // it stays
    REQUIRE_MESSAGE(library, ::dlerror());
    void* const found = ::dlsym(library, "cube_in_library");
    REQUIRE(found);
    return reinterpret_cast<number_function>(found);
}

}  // namespace

TEST_SUITE("process/process_pool: what travels") {
    TEST_CASE("values, errors and empty ones of the standard's vocabulary come back from another process") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const std::filesystem::path there = "/proc/self/exe";
            const auto found = co_await pool.run(size_of_file, there);
            REQUIRE(found.has_value());
            CHECK(*found > 0);
            const auto missing = co_await pool.run(size_of_file, std::filesystem::path("/nowhere/at/all"));
            REQUIRE_FALSE(missing.has_value());
            CHECK(missing.error() == std::errc::no_such_file_or_directory);
            const auto passed = co_await pool.run(passes_on, missing);
            CHECK(passed.error() == missing.error());
            const auto path = co_await pool.run(beside, there);
            CHECK(path == std::filesystem::path("/proc/self/besi\xff"
                                                "de"));

            const auto code = co_await pool.run(error_with, EXDEV);
            CHECK(code == std::errc::cross_device_link);
            const auto broken = co_await pool.run(of_a_future);
            CHECK(broken == std::future_errc::broken_promise);

            const std::chrono::sys_time<std::chrono::nanoseconds> noon(1'234'567'890'123'456'789ns);
            const auto tomorrow = co_await pool.run(later, noon, 24h);
            CHECK(tomorrow == noon + 24h);
            const auto part = co_await pool.run(half, 3ms);
            CHECK(part == half(3ms));
        }());
    }

    TEST_CASE("alternatives, options, owners, tuples and containers come back from another process") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            shape now;
            for (const std::size_t kind : {1U, 2U, 3U, 0U}) {
                now = co_await pool.run(next_kind, now);
                CHECK(now.index() == kind);
            }
            const auto some = co_await pool.run(name_of, std::optional(17));
            CHECK(some == "17");
            const auto none = co_await pool.run(name_of, std::optional<int>());
            CHECK_FALSE(none);
            auto text = std::make_unique<std::string>("ab");
            const auto twice = co_await pool.run(doubled, std::move(text));
            REQUIRE(twice);
            CHECK(*twice == "abab");
            std::unique_ptr<std::string> nobody;
            const auto still_nobody = co_await pool.run(doubled, std::move(nobody));
            CHECK_FALSE(still_nobody);
            const auto all = co_await pool.run(put_together, std::pair<int, std::string>(4, "four"));
            CHECK(all == std::tuple(4, std::string("four"), std::array{'a', 'b', 'c'}));
            const std::map<int, std::string> names{{1, "odd"}, {2, "even"}, {3, "odd"}};
            const auto numbers = co_await pool.run(turned, names);
            CHECK(numbers.at("odd") == std::set{1, 3});
            co_await pool.run(nothing, std::monostate());
        }());
    }

    TEST_CASE("exceptions keep their type, those with codes and paths and the user's own as well") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            CHECK(registered);
            CHECK_THROWS_WITH_AS(co_await pool.run(prints), "tray 2", out_of_paper);
            std::error_code code;
            try {
                co_await pool.run(fails_by_code);
            } catch (const std::system_error& e) {
                code = e.code();
            }
            CHECK(code == std::errc::no_space_on_device);
            std::filesystem::path to;
            try {
                co_await pool.run(throws_file_error);
            } catch (const std::filesystem::filesystem_error& e) {
                to = e.path2();
            }
            CHECK(to == "/to");
            std::string type;
            try {
                co_await pool.run(throws_unheard_of);
            } catch (const wire::remote_error& e) {
                type = e.type_name();
            }
            CHECK_MESSAGE(type.find("unheard_of") != std::string::npos, type);
        }());
    }

    TEST_CASE("functions of the shared libraries that a program links run in its workers") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 2});
            const int here = ::getpid();
            CHECK(co_await pool.run(::getpid) != here);
            CHECK(co_await pool.run(cube_in_library, 3) == 27);
            const auto cubes = co_await pool.map(cube_in_library, std::views::iota(1, 4)).collect();
            REQUIRE(cubes.size() == 3);
            CHECK(cubes[2] == 27);
        }());
    }

    TEST_CASE("a function of a library that was opened later is refused, in its own call, with the reason") {
        run_blocking([]() -> task<> {
            process_pool pool({.workers = 1});
            const int worker = co_await pool.run(pid);
            const number_function opened = function_of_an_opened_library();
            CHECK(opened(3) == 27);
            std::string why;
            try {
                co_await pool.run(opened, 3);
            } catch (const wire::image_error& e) {
                why = e.what();
            }
            CHECK_MESSAGE(why.find("opened with dlopen later") != std::string::npos, why);
            CHECK(co_await pool.run(pid) == worker);
        }());
    }
}
