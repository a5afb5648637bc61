#include <crawl/hash_counter.hpp>

#include <doctest/doctest.h>

#include <string>

#include <crawl/hash.hpp>

TEST_SUITE("crawl/hash_counter") {
    TEST_CASE("each thing is counted by itself, in less than 24 bytes") {
        constexpr std::uint64_t many = 200'000;
        crawl::hash_counter seen;
        for (std::uint64_t i = 0; i < many; ++i) {
            for (std::uint64_t times = 0; times <= i % 3; ++times) seen.add(crawl::xxh64(std::to_string(i)));
        }
        std::uint64_t right = 0;
        for (std::uint64_t i = 0; i < many; ++i)
            right += seen.count(crawl::xxh64(std::to_string(i))) == i % 3 + 1 ? 1 : 0;
        CHECK(right > many - 5);
        CHECK(seen.count(crawl::xxh64("never seen")) == 0);
        CHECK(seen.memory() < many * 24);
    }

    TEST_CASE("it tells how often, and does not begin anew after millions") {
        crawl::hash_counter seen;
        CHECK(seen.add(1) == 1);
        CHECK(seen.add(1) == 2);
        constexpr std::uint32_t most = (1U << 24U) - 1;
        for (std::uint32_t i = 0; i < most; ++i) seen.add(1);
        CHECK(seen.count(1) == most);
    }
}
