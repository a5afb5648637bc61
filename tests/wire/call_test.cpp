#include <braid/wire/call.hpp>

#include <doctest/doctest.h>

#include <numeric>
#include <span>
#include <string>
#include <string_view>

#include "wire/values.hpp"

using namespace wire_test;
namespace wire = braid::wire;

namespace {

double half(double x) { return x / 2; }
std::size_t length(std::string_view text) { return text.size(); }
int sum(std::span<const int> values) { return std::accumulate(values.begin(), values.end(), 0); }
std::string greet(const char* name, const std::string& mark) { return std::string("hello ") + name + mark; }
int nothing() noexcept { return 7; }
int calls = 0;
void count_calls() { ++calls; }
int apply_twice(int (*f)(int), int x) { return f(f(x)); }
int square(int x) { return x * x; }
std::unique_ptr<int> grow(std::unique_ptr<int> value) {
    ++*value;
    return value;
}
const page& same_page(const page& p) { return p; }
int fail(int code) { throw std::out_of_range("no " + std::to_string(code)); }
chain long_chain(int length) {
    chain head;
    for (int i = 0; i != length; ++i) head = chain{std::make_unique<chain>(std::move(head))};
    return head;
}

/// The way of a call through a worker, within this process.
template <class F, class... Args>
auto call(F&& function, const Args&... args) {
    wire::buffer request_bytes;
    wire::buffer reply_bytes;
    wire::writer request(request_bytes);
    wire::encode_call(request, function, args...);
    wire::reader arrived(request_bytes.bytes());
    wire::writer reply(reply_bytes);
    wire::run_call(arrived, reply);
    wire::reader answer(reply_bytes.bytes());
    return wire::decode_reply<wire::call_result_t<F, std::decay_t<Args>...>>(answer, {42, "a call"});
}

}  // namespace

TEST_SUITE("wire/call") {
    TEST_CASE("arguments become the parameters of a plain function before they travel") {
        CHECK(call(half, 5) == 2.5);
        CHECK(call(&half, 5.0F) == 2.5);
        CHECK(call(nothing) == 7);
        CHECK(call(square, short{3}) == 9);
    }

    TEST_CASE("views as parameters see owned storage") {
        CHECK(call(length, "four") == 4);
        CHECK(call(length, std::string("seven77")) == 7);
        CHECK(call(sum, std::vector{1, 2, 3}) == 6);
        CHECK(call(sum, std::array{4, 5}) == 9);
        CHECK(call(greet, "you", "!") == "hello you!");
        CHECK(call([](std::string_view a, const auto& b) { return a.size() + b.size(); }, "ab", std::string("c")) == 3);
    }

    TEST_CASE("captureless lambdas, function objects and constants can be called") {
        CHECK(call([](int a, int b) { return a * b; }, 6, 7) == 42);
        CHECK(call(std::plus<>{}, 1, 2) == 3);
        CHECK(call(wire::constant<half>{}, 3) == 1.5);
        CHECK(call(wire::constant<length>{}, "abc") == 3);
        CHECK(call(apply_twice, &square, 3) == 81);
    }

    TEST_CASE("nothing, move-only values and references come back") {
        const int before = calls;
        call(count_calls);
        CHECK(calls == before + 1);
        CHECK(*call(grow, std::make_unique<int>(4)) == 5);
        CHECK(call(same_page, sample_page()) == sample_page());
    }

    TEST_CASE("a function that throws fails its caller with the same type") {
        CHECK_THROWS_WITH_AS(call(fail, 3), "no 3", std::out_of_range);
    }

    TEST_CASE("arguments that do not arrive are told from a function that throws") {
        wire::buffer bytes;
        wire::writer request(bytes);
        wire::encode_call(request, length, "some text");
        for (std::size_t size = 0; size != bytes.size(); ++size) {
            wire::buffer reply_bytes;
            wire::writer reply(reply_bytes);
            wire::reader cut(bytes.bytes().first(size));
            CHECK(wire::run_call(cut, reply) == wire::outcome::arguments_rejected);
            wire::reader answer(reply_bytes.bytes());
            CHECK_THROWS_AS(wire::decode_reply<std::size_t>(answer, {1, "length"}), wire::argument_error);
        }
    }

    TEST_CASE("a result that cannot be encoded leaves nothing of itself in the reply") {
        wire::buffer bytes;
        wire::writer request(bytes);
        wire::encode_call(request, long_chain, 1000);
        wire::buffer reply_bytes;
        wire::writer reply(reply_bytes);
        wire::encode(reply, 1234);
        wire::reader arrived(bytes.bytes());
        CHECK(wire::run_call(arrived, reply) == wire::outcome::result_rejected);
        wire::reader answer(reply_bytes.bytes());
        CHECK(wire::decode<int>(answer) == 1234);
        CHECK_THROWS_WITH_AS(
            wire::decode_reply<chain>(answer, {9, "long_chain"}),
            "the result of long_chain cannot leave process 9: a value cannot be encoded: it nests more "
            "than 200 levels deep",
            wire::result_error);
        CHECK(answer.remaining() == 0);
    }

    TEST_CASE("arguments that cannot be encoded leave nothing in the request") {
        wire::buffer bytes;
        wire::writer request(bytes);
        wire::encode(request, 1);
        const chain deep = long_chain(1000);
        CHECK_THROWS_AS(wire::encode_call(request, [](const chain&) { return 0; }, deep), wire::encode_error);
        CHECK(bytes.size() == sizeof(int));
        CHECK_THROWS_AS(wire::encode_call(request, length, static_cast<const char*>(nullptr)), braid::usage_error);
        CHECK(bytes.size() == sizeof(int));
    }
}
