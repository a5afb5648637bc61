// The types of the standard library that are not containers, each there and back.

#include <braid/wire/expected.hpp>

#include "wire/values.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <variant>

using namespace wire_test;
namespace wire = braid::wire;

namespace {

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

struct owner {
    std::unique_ptr<std::string> text;
    std::optional<std::unique_ptr<int>> number;
};

}  // namespace

static_assert(wire::encodable<either<page, std::error_code>>);
static_assert(!wire::encodable<either<int*, int>>);
static_assert(!wire::encodable<either<int, const char*>>);

TEST_SUITE("wire/vocabulary") {
    TEST_CASE("a value or an error arrives as what it was") {
        using result = either<std::string, std::error_code>;
        const auto value = round_trip(result("fine"));
        REQUIRE(value.has_value());
        CHECK(*value == "fine");
        const auto error = round_trip(result(failure(std::make_error_code(std::errc::no_space_on_device))));
        REQUIRE_FALSE(error.has_value());
        CHECK(error.error() == std::errc::no_space_on_device);
    }

    TEST_CASE("optional and variant keep what they hold, nothing included") {
        CHECK(round_trip(std::optional<int>()) == std::nullopt);
        CHECK(round_trip(std::optional<std::optional<int>>(std::optional<int>())).has_value());
        using choice = std::variant<std::monostate, int, std::string, point>;
        CHECK(round_trip(choice()) == choice());
        CHECK(round_trip(choice(point{1, 2})) == choice(point{1, 2}));
        // Two alternatives of one type are told apart.
        const std::variant<int, int> second(std::in_place_index<1>, 7);
        CHECK(round_trip(second).index() == 1);
    }

    TEST_CASE("an alternative that there is not is refused") {
        auto bytes = to_bytes(std::variant<int, std::string>(1));
        bytes[0] = std::byte{2};
        using choice = std::variant<int, std::string>;
        CHECK_THROWS_AS(static_cast<void>(wire::decode<choice>(bytes)), wire::decode_error);
    }

    TEST_CASE("durations and time points arrive to the tick, of any unit") {
        using namespace std::chrono;
        CHECK(round_trip(nanoseconds(-17)) == nanoseconds(-17));
        CHECK(round_trip(duration<double, std::ratio<60>>(1.5)) == duration<double, std::ratio<60>>(1.5));
        const auto now = steady_clock::now();
        CHECK(round_trip(now) == now);
        const auto today = floor<days>(system_clock::now());
        CHECK(round_trip(today) == today);
    }

    TEST_CASE("paths arrive byte by byte, whatever is in them") {
        const std::filesystem::path odd("/tmp/with space/\xff\xfe/..//end");
        CHECK(round_trip(odd) == odd);
        CHECK(round_trip(odd).native() == odd.native());
        CHECK(round_trip(std::filesystem::path()).empty());
    }

    TEST_CASE("what owns something arrives with it, and empty if it was empty") {
        const auto got = round_trip(owner{std::make_unique<std::string>("mine"), std::make_unique<int>(3)});
        REQUIRE(got.text);
        CHECK(*got.text == "mine");
        REQUIRE(got.number);
        CHECK(**got.number == 3);
        const auto none = round_trip(owner{});
        CHECK_FALSE(none.text);
        CHECK_FALSE(none.number);
    }

    TEST_CASE("error codes of every standard category arrive, and compare with conditions") {
        const std::error_code codes[] = {std::make_error_code(std::errc::timed_out),
                                         std::error_code(2, std::system_category()),
                                         std::make_error_code(std::io_errc::stream), std::error_code()};
        for (const auto& code : codes) CHECK(round_trip(code) == code);
    }
}
