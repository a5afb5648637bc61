#include <crawl/hash.hpp>

#include <doctest/doctest.h>

TEST_SUITE("crawl/hash") {
    TEST_CASE("the hash is that of the xxHash program") {
        CHECK(crawl::xxh64("") == 0xef46db3751d8e999U);
        CHECK(crawl::xxh64("a") == 0xd24ec4f1a98c6e5bU);
        CHECK(crawl::xxh64("abc") == 0x44bc2cf5ad770999U);
        CHECK(crawl::xxh64("Nobody inspects the spammish repetition") == 0xfbcea83c8a378bf1U);
    }
}
