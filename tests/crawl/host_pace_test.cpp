#include <crawl/host_pace.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

using crawl::host_pace;
using crawl::reaction;
using namespace std::chrono_literals;
using std::chrono::microseconds;

namespace {

struct answer {
    microseconds took{};
    reaction how = reaction::answered;
};

/// What a host does with a request, of which there are so many at a time.
using host = std::function<answer(std::uint32_t parallel)>;

/// As many fetches as the limit allows, again and again; all of a round end before the next begins. Gives the limit
/// after each round.
std::vector<std::uint32_t> crawl_rounds(host_pace& pace, const host& asked, int rounds) {
    std::vector<std::uint32_t> limits;
    for (int i = 0; i < rounds; ++i) {
        const std::uint32_t parallel = pace.limit();
        std::vector<host_pace::age> begun;
        for (std::uint32_t n = 0; n < parallel; ++n) begun.push_back(pace.begin());
        for (const host_pace::age age : begun) {
            const answer got = asked(parallel);
            pace.end(age, got.how, got.took);
        }
        limits.push_back(pace.limit());
    }
    return limits;
}

/// One that works on so many requests at a time; the others wait for it.
host with_capacity(std::uint32_t capacity, microseconds each) {
    return [=](std::uint32_t parallel) { return answer{each * std::max(parallel, capacity) / capacity}; };
}

/// One that refuses what is more than so many at a time.
host that_refuses_beyond(std::uint32_t most) {
    return [=, n = 0U](std::uint32_t parallel) mutable {
        n = n % parallel + 1;
        return answer{10ms, n > most ? reaction::refused : reaction::answered};
    };
}

std::uint32_t highest(const std::vector<std::uint32_t>& of) { return *std::max_element(of.begin(), of.end()); }
std::uint32_t lowest(const std::vector<std::uint32_t>& of) { return *std::min_element(of.begin(), of.end()); }

}  // namespace

TEST_SUITE("crawl/host_pace") {
    TEST_CASE("it begins with a few, and twice as many follow in each round until all that are allowed") {
        host_pace pace(200);
        const auto limits = crawl_rounds(pace, with_capacity(1000, 50ms), 8);
        CHECK(limits == std::vector<std::uint32_t>{8, 16, 32, 64, 128, 200, 200, 200});
        CHECK_FALSE(pace.slowed());
    }

    TEST_CASE("it never begins with more than are allowed") {
        CHECK(host_pace(1).limit() == 1);
        CHECK(host_pace(3).limit() == 3);
        CHECK(host_pace(UINT32_MAX).limit() == host_pace::first_limit);
        host_pace pace(1);
        CHECK(highest(crawl_rounds(pace, with_capacity(1, 50ms), 100)) == 1);
    }

    TEST_CASE("a host that always takes as long is not slowed down, however long that is") {
        for (const microseconds each : {microseconds(1), microseconds(50ms), microseconds(10s)}) {
            host_pace pace(256);
            const auto limits = crawl_rounds(pace, with_capacity(1000, each), 500);
            CHECK(std::is_sorted(limits.begin(), limits.end()));
            CHECK(limits.back() == 256);
            CHECK_FALSE(pace.slowed());
        }
    }

    TEST_CASE("differences of less than 50 ms are noise, however many times the best they are") {
        host_pace pace(32);
        crawl_rounds(pace, with_capacity(1, 1500us), 200);  // 48 ms with 32
        CHECK(pace.limit() == 32);
        CHECK_FALSE(pace.slowed());
    }

    TEST_CASE("a host that answers more slowly the more it is asked gets about what it copes with") {
        for (const std::uint32_t capacity : {4U, 10U, 40U}) {
            host_pace pace(256);
            crawl_rounds(pace, with_capacity(capacity, 100ms), 100);
            const auto limits = crawl_rounds(pace, with_capacity(capacity, 100ms), 1000);
            CHECK(highest(limits) <= 3 * capacity);
            CHECK(lowest(limits) >= capacity / 2);
            REQUIRE(pace.slowed());
            CHECK(pace.slowed()->why == reaction::answered);
            CHECK(pace.slowed()->usual == 100ms);
            CHECK(pace.slowed()->with_more > 200ms);
        }
    }

    TEST_CASE("what it had and the fewest that it got are told") {
        host_pace pace(32);
        crawl_rounds(pace, with_capacity(1000, 100ms), 10);
        crawl_rounds(pace, with_capacity(4, 100ms), 200);
        REQUIRE(pace.slowed());
        CHECK(pace.slowed()->from == 32);
        CHECK(pace.slowed()->to <= 8);
        CHECK(pace.slowed()->to >= 2);
    }

    TEST_CASE("one slow round is a hiccup, two are not") {
        host_pace pace(32);
        crawl_rounds(pace, with_capacity(1000, 100ms), 10);
        const host slow = [](std::uint32_t parallel) { return answer{parallel * 100ms}; };
        crawl_rounds(pace, slow, 1);
        CHECK(pace.limit() == 32);
        crawl_rounds(pace, with_capacity(1000, 100ms), 1);
        crawl_rounds(pace, slow, 1);
        CHECK(pace.limit() == 32);
        crawl_rounds(pace, slow, 1);
        CHECK(pace.limit() == 16);
    }

    TEST_CASE("pages that are slow by nature, whatever the parallelism, do not keep it down") {
        host_pace pace(32);
        crawl_rounds(pace, with_capacity(1000, 1ms), 10);
        const auto limits = crawl_rounds(pace, with_capacity(1000, 800ms), 100);
        CHECK(limits[1] == 16);  // it tried
        CHECK(limits[2] == 32);
        CHECK(lowest({limits.begin() + 2, limits.end()}) == 32);
        CHECK_FALSE(pace.slowed());
    }

    TEST_CASE("a minority of slow pages counts for nothing") {
        host_pace pace(64);
        std::mt19937 random(7);
        std::bernoulli_distribution slow(0.2);
        const host mixed = [&](std::uint32_t) { return answer{slow(random) ? microseconds(5s) : microseconds(20ms)}; };
        crawl_rounds(pace, mixed, 1000);
        CHECK(pace.limit() == 64);
        CHECK_FALSE(pace.slowed());
    }

    TEST_CASE("noise alone does not slow a host down") {
        host_pace pace(256);
        std::mt19937 random(11);
        std::lognormal_distribution<double> noise(0.0, 0.5);
        const host noisy = [&](std::uint32_t) {
            return answer{microseconds(static_cast<std::int64_t>(100'000 * noise(random)))};
        };
        crawl_rounds(pace, noisy, 1000);
        CHECK(pace.limit() == 256);
        CHECK_FALSE(pace.slowed());
    }

    TEST_CASE("with one fetch at a time there is nothing to try, and slowness becomes what is usual") {
        host_pace pace(32);
        const auto one_by_one = [&pace](microseconds took, int times) {
            for (int i = 0; i < times; ++i) pace.end(pace.begin(), reaction::answered, took);
        };
        one_by_one(1ms, 100);
        one_by_one(1s, 100);
        CHECK(pace.limit() == 32);
        CHECK_FALSE(pace.slowed());
    }

    TEST_CASE("a refusal halves what is in flight, and those that were in flight with it do so no more") {
        host_pace pace(32);
        crawl_rounds(pace, with_capacity(1000, 10ms), 10);
        std::vector<host_pace::age> begun;
        for (int i = 0; i < 20; ++i) begun.push_back(pace.begin());
        pace.end(begun[0], reaction::refused);
        CHECK(pace.limit() == 10);
        for (int i = 1; i < 20; ++i) pace.end(begun[static_cast<std::size_t>(i)], reaction::refused);
        CHECK(pace.limit() == 10);
        pace.end(pace.begin(), reaction::refused);  // alone
        CHECK(pace.limit() == 1);
        pace.end(pace.begin(), reaction::refused);
        CHECK(pace.limit() == 1);
        REQUIRE(pace.slowed());
        CHECK(pace.slowed()->from == 20);
        CHECK(pace.slowed()->to == 10);  // the rest was not in use
        CHECK(pace.slowed()->why == reaction::refused);
    }

    TEST_CASE("a host that refuses more than it can take is seldom asked for more") {
        host_pace pace(32);
        const host asked = that_refuses_beyond(6);
        crawl_rounds(pace, asked, 1000);
        int beyond = 0;
        for (const std::uint32_t limit : crawl_rounds(pace, asked, 1000)) beyond += limit > 6 ? 1 : 0;
        CHECK(beyond < 20);
        CHECK(pace.limit() >= 3);
    }

    TEST_CASE("what was refused in passing, or slow for a while, is allowed again in the end") {
        host_pace refused(32);
        crawl_rounds(refused, that_refuses_beyond(2), 20);
        CHECK(refused.limit() <= 2);
        const auto limits = crawl_rounds(refused, that_refuses_beyond(1000), 40);
        CHECK(limits.back() < 32);  // slowly
        crawl_rounds(refused, that_refuses_beyond(1000), 20'000);
        CHECK(refused.limit() == 32);

        host_pace slow(32);
        crawl_rounds(slow, with_capacity(1000, 100ms), 10);
        crawl_rounds(slow, with_capacity(2, 100ms), 100);
        CHECK(slow.limit() <= 6);
        crawl_rounds(slow, with_capacity(1000, 100ms), 200);
        CHECK(slow.limit() == 32);
    }

    TEST_CASE(
        "a host that mostly does not answer in time is asked by one at a time, one that sometimes does not is not") {
        host_pace dead(32);
        crawl_rounds(dead, with_capacity(1000, 10ms), 10);
        crawl_rounds(dead, [](std::uint32_t) { return answer{0us, reaction::timed_out}; }, 200);
        CHECK(dead.limit() == 1);
        REQUIRE(dead.slowed());
        CHECK(dead.slowed()->why == reaction::timed_out);

        host_pace alive(32);
        int n = 0;
        const host lame = [&n](std::uint32_t) {
            return answer{10ms, ++n % 5 == 0 ? reaction::timed_out : reaction::answered};
        };
        crawl_rounds(alive, lame, 200);
        CHECK(alive.limit() == 32);
        CHECK_FALSE(alive.slowed());
    }

    TEST_CASE("what says nothing about the host changes nothing") {
        host_pace pace(32);
        crawl_rounds(pace, [](std::uint32_t) { return answer{0us, reaction::unknown}; }, 100);
        CHECK(pace.limit() == host_pace::first_limit);
    }
}
