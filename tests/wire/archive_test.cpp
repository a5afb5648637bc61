#include <braid/wire/archive.hpp>
#include <braid/wire/storage.hpp>

#include <doctest/doctest.h>
#include <cereal/types/bitset.hpp>
#include <cereal/types/complex.hpp>

#include <bitset>
#include <complex>
#include <cstring>
#include <deque>
#include <list>
#include <random>
#include <span>
#include <unordered_map>

#include "wire/values.hpp"

using namespace wire_test;
namespace wire = braid::wire;

namespace {

struct with_pointer {
    int* p;
};
struct with_reference {
    int& r;
};
struct with_const_reference {
    const std::string& r;
};
struct with_view {
    int a;
    std::string_view v;
};
struct with_array {
    int a;
    int values[3];
    std::string b;
};
struct with_array_of_strings {
    std::string values[2];
};
struct with_base : point {
    int z;
};
struct animal {
    virtual ~animal() = default;
};
class secret {
public:
    explicit secret(int x) : x_(x) {}

private:
    int x_;
};
union either {
    int a;
    float b;
};
struct fixed {
    celsius low;
    std::vector<celsius> all;
    bool operator==(const fixed&) const = default;
};
struct many_bools {
    std::vector<bool> bits;
    bool one = false;
    bool operator==(const many_bools&) const = default;
};

}  // namespace

template <>
struct braid::wire::detail::codec<celsius> : codec_traits<8> {
    static void encode(writer& w, const celsius& value) { w.scalar(value); }
    static celsius decode(reader& r) { return r.scalar<celsius>("a temperature"); }
};

static_assert(wire::encodable<page>);
static_assert(wire::encodable<tree>);
static_assert(wire::encodable<chain>);
static_assert(wire::encodable<account>);
static_assert(wire::encodable<int (*)(int)>);
static_assert(!wire::encodable<int*>);
static_assert(!wire::encodable<const char*>);
static_assert(!wire::encodable<with_pointer>);
static_assert(!wire::encodable<with_reference>);
static_assert(!wire::encodable<with_const_reference>);
static_assert(!wire::encodable<std::vector<with_view>>);
static_assert(!wire::encodable<with_array>);
static_assert(!wire::encodable<with_array_of_strings>);
static_assert(!wire::encodable<with_base>);
static_assert(!wire::encodable<std::unique_ptr<animal>>);
static_assert(!wire::encodable<secret>);
static_assert(!wire::encodable<either>);
static_assert(!wire::encodable<std::optional<std::span<int>>>);
static_assert(wire::detail::codec<point>::bulk);
static_assert(!wire::detail::codec<wire_test::link>::bulk);
static_assert(std::is_same_v<wire::storage_for_t<std::string_view>, std::string>);
static_assert(std::is_same_v<wire::storage_for_t<std::span<const int>>, std::vector<int>>);
static_assert(std::is_same_v<wire::storage_for_t<const page&>, page>);

TEST_SUITE("wire/archive") {
    TEST_CASE("a struct of strings and vectors comes back without a line of serialisation code") {
        const page sent = sample_page();
        CHECK(round_trip(sent) == sent);
        CHECK(round_trip(page{}) == page{});
    }

    TEST_CASE("types without a default constructor come back, also within vectors") {
        const fixed sent{celsius(1.5), {celsius(2), celsius(3)}};
        CHECK(round_trip(sent) == sent);
    }

    TEST_CASE("containers of every kind come back") {
        const std::unordered_map<std::string, std::list<int>> map = {{"a", {1, 2}}, {"b", {}}};
        CHECK(round_trip(map) == map);
        const std::deque<std::pair<int, std::string>> queue = {{1, "x"}, {2, "y"}};
        CHECK(round_trip(queue) == queue);
        const std::multimap<int, point> multi = {{1, {1, 1}}, {1, {2, 2}}};
        CHECK(round_trip(multi) == multi);
        const many_bools bools{{true, false, true}, true};
        CHECK(round_trip(bools) == bools);
        const std::vector<std::monostate> nothing(5);
        CHECK(round_trip(nothing) == nothing);
        const std::array<std::array<std::string, 2>, 2> grid{{{{"a", "b"}}, {{"c", "d"}}}};
        CHECK(round_trip(grid) == grid);
    }

    TEST_CASE("bulk elements come back from an address that is not aligned for them") {
        wire::buffer out;
        wire::writer w(out);
        const std::vector<double> sent = {1, 2.5, -3};
        wire::encode(w, 'x');
        wire::encode(w, sent);
        wire::reader r(out.bytes());
        CHECK(wire::decode<char>(r) == 'x');
        CHECK(wire::decode<std::vector<double>>(r) == sent);
    }

    TEST_CASE("a class's own cereal function is used, and cereal's further types work") {
        const account sent("savings", {1, 2, 3});
        CHECK(round_trip(sent) == sent);
        CHECK(round_trip(std::vector{sent, sent}) == std::vector{sent, sent});
        CHECK(round_trip(std::bitset<12>(0b101)) == std::bitset<12>(0b101));
        CHECK(round_trip(std::complex<double>(1, 2)) == std::complex<double>(1, 2));
    }

    TEST_CASE("objects that are shared are shared again where they arrive") {
        const auto name = std::make_shared<std::string>("shared");
        const auto got = round_trip(std::vector<std::shared_ptr<std::string>>{name, nullptr, name});
        CHECK(*got[0] == "shared");
        CHECK(got[1] == nullptr);
        CHECK(got[0] == got[2]);
    }

    TEST_CASE("error codes keep their category, unknown ones are refused when sent") {
        const auto code = std::make_error_code(std::errc::broken_pipe);
        CHECK(round_trip(code) == code);
        struct : std::error_category {
            const char* name() const noexcept override { return "wire test"; }
            std::string message(int) const override { return "test"; }
        } static const unknown;
        CHECK_THROWS_AS(static_cast<void>(to_bytes(std::error_code(3, unknown))), wire::encode_error);
        wire::register_category(unknown);
        CHECK(round_trip(std::error_code(3, unknown)) == std::error_code(3, unknown));
    }

    TEST_CASE("a value that nests too deep is refused by both sides") {
        chain head;
        for (unsigned i = 0; i != wire::max_nesting; ++i) head = chain{std::make_unique<chain>(std::move(head))};
        CHECK_THROWS_AS(static_cast<void>(to_bytes(head)), wire::encode_error);
        const std::vector<std::byte> endless(100'000, std::byte{1});
        CHECK_THROWS_AS(static_cast<void>(wire::decode<chain>(endless)), wire::decode_error);
    }

    TEST_CASE("a bool that is neither 0 nor 1 is refused") {
        const std::vector<std::byte> two(1, std::byte{2});
        CHECK_THROWS_WITH_AS(static_cast<void>(wire::decode<bool>(two)),
                             "expected a bool before offset 1: the byte is neither 0 nor 1", wire::decode_error);
    }

    TEST_CASE("a message that is cut off anywhere is refused, and so are bytes left over") {
        auto bytes = to_bytes(sample_page());
        for (std::size_t size = 0; size != bytes.size(); ++size) {
            const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
            REQUIRE_THROWS_AS(static_cast<void>(wire::decode<page>(cut)), wire::decode_error);
        }
        bytes.push_back(std::byte{0});
        CHECK_THROWS_AS(static_cast<void>(wire::decode<page>(bytes)), wire::decode_error);
    }

    TEST_CASE("an absurd length is refused before anything is allocated") {
        std::vector<std::byte> bytes(16, std::byte{0xff});
        CHECK_THROWS_AS(static_cast<void>(wire::decode<std::vector<double>>(bytes)), wire::decode_error);
        CHECK_THROWS_AS(static_cast<void>(wire::decode<std::string>(bytes)), wire::decode_error);
        CHECK_THROWS_AS(static_cast<void>(wire::decode<std::vector<std::monostate>>(bytes)), wire::decode_error);
        CHECK_THROWS_AS(static_cast<void>(wire::decode<std::bitset<8>>(std::vector<std::byte>(0))), wire::decode_error);
    }

    TEST_CASE("bytes that were changed at random are decoded or refused, nothing else") {
        using message = std::tuple<page, tree, account, std::vector<std::shared_ptr<std::string>>, std::vector<bool>>;
        const auto name = std::make_shared<std::string>("n");
        const message sent{sample_page(), {1, {{2, {}}, {3, {{4, {}}}}}}, {"a", {1}}, {name, name}, {true}};
        const auto good = to_bytes(sent);
        std::mt19937 random(20240229);
        int decoded = 0;
        int refused = 0;
        for (int round = 0; round != 100'000; ++round) {
            auto bytes = good;
            for (auto changes = 1 + random() % 4; changes != 0; --changes) {
                bytes[random() % bytes.size()] = static_cast<std::byte>(random() % (random() % 2 ? 256 : 4));
            }
            try {
                static_cast<void>(wire::decode<message>(bytes));
                ++decoded;
            } catch (const wire::decode_error&) {
                ++refused;
            }
        }
        CHECK(decoded > 1000);
        CHECK(refused > 1000);
    }
}
