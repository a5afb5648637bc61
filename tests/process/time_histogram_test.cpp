#include <braid/process/time_histogram.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>

using namespace braid;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;

TEST_SUITE("process/time_histogram") {
    TEST_CASE("every bucket begins where the one before ends, and holds what it says") {
        CHECK(time_histogram::begin_of(0) == 0ns);
        for (std::size_t i = 1; i != time_histogram::bucket_count; ++i) {
            const nanoseconds begin = time_histogram::begin_of(i);
            REQUIRE(time_histogram::bucket_of(begin) == i);
            REQUIRE(time_histogram::bucket_of(begin - 1ns) == i - 1);
            REQUIRE((begin - time_histogram::begin_of(i - 1)) * 4 <= std::max(begin, nanoseconds(4)));
        }
    }

    TEST_CASE("what is below or beyond all buckets is in the first or the last") {
        CHECK(time_histogram::bucket_of(-1h) == 0);
        CHECK(time_histogram::bucket_of(nanoseconds::max()) == time_histogram::bucket_count - 1);
        CHECK(time_histogram::bucket_of(nanoseconds::min()) == 0);
        CHECK(time_histogram::begin_of(time_histogram::bucket_count - 1) > 15min);
    }

    TEST_CASE("percentiles are right to an eighth") {
        time_histogram times;
        CHECK(times.percentile(50) == 0ns);
        for (int i = 1; i <= 1000; ++i) times.record(i * 1us);
        CHECK(times.count() == 1000);
        const auto near = [](nanoseconds told, nanoseconds real) {
            return told >= real * 7 / 8 && told <= real * 9 / 8;
        };
        CHECK(near(times.percentile(50), 500us));
        CHECK(near(times.percentile(90), 900us));
        CHECK(near(times.percentile(99.9), 999us));
        CHECK(near(times.percentile(100), 1000us));
        CHECK(near(times.percentile(0), 1us));
    }

    TEST_CASE("histograms add up, and one time may count for many") {
        time_histogram some;
        some.record(10us, 3);
        time_histogram others;
        others.record(1ms);
        some.add(others);
        CHECK(some.count() == 4);
        CHECK(time_histogram::bucket_of(some.percentile(75)) == time_histogram::bucket_of(10us));
        CHECK(time_histogram::bucket_of(some.percentile(76)) == time_histogram::bucket_of(1ms));
    }
}
