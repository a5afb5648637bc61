#include <crawl/host_names.hpp>

#include <doctest/doctest.h>

using namespace crawl;

TEST_SUITE("crawl/host_names") {
    TEST_CASE("a host is below a domain only if whole labels are in front of it") {
        CHECK(is_below("a.b.c", "b.c"));
        CHECK(is_below("x.a.b.c", "b.c"));
        CHECK_FALSE(is_below("b.c", "b.c"));
        CHECK_FALSE(is_below("ab.c", "b.c"));
        CHECK_FALSE(is_below("c", "b.c"));
    }

    TEST_CASE("addresses are told from names") {
        CHECK(is_numeric_host("127.0.0.1"));
        CHECK(is_numeric_host("2001:db8::1"));
        CHECK_FALSE(is_numeric_host("[2001:db8::1]"));
        CHECK_FALSE(is_numeric_host("1.example"));
        CHECK_FALSE(is_numeric_host(""));
    }
}
