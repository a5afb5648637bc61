#include <crawl/place_queue.hpp>
#include <crawl/priority.hpp>

#include <doctest/doctest.h>

#include <cstdint>

TEST_SUITE("crawl/priority") {
    TEST_CASE("what is to go first does so even where it is to go last") {
        const crawl::priority_rules rules{.first = {"*/a/*"}, .last = {"*/b/*", "*.pdf"}};
        CHECK(rules.rank("http://h/b/a/x") == 0);
        CHECK(rules.rank("http://h/x") == 1);
        CHECK(rules.rank("http://h/b/x") == 2);
        CHECK(rules.rank("http://h/x.pdf") == 2);
    }
}

TEST_SUITE("crawl/place_queue") {
    TEST_CASE("what goes in comes out in its order, and what it took is given back") {
        crawl::place_queue queue;
        std::uint64_t in = 0;
        std::uint64_t out = 0;
        const auto take = [&] {
            CHECK(queue.front() == out++);
            queue.pop();
        };
        for (; in < 1000; ++in) {
            queue.push(in);
            if (in % 3 == 0) take();
        }
        while (!queue.empty()) take();
        CHECK(out == in);
        CHECK(queue.memory() == 0);
    }
}
