#include <crawl/frontier.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

crawl::url url_of(const std::string& text) { return *crawl::parse_url(text); }

crawl::frontier make(crawl::frontier_options limits = {}, crawl::scope_options scope = {}) {
    return crawl::frontier(crawl::scope({url_of("http://host:8000/")}, std::move(scope)), limits);
}

struct url_of_link {
    std::string text;
    bool nofollow;
    [[nodiscard]] crawl::link as_link() const { return {text, crawl::link_kind::a, {}, false, nofollow}; }
};

}  // namespace

TEST_SUITE("crawl/frontier") {
    using crawl::outcome;

    TEST_CASE("a URL is queued once, however often it is found") {
        auto f = make();
        const auto first = f.add(url_of("http://host:8000/a"), {});
        CHECK(first.is_new);
        CHECK(first.verdict == outcome::pending);
        const auto second = f.add(url_of("http://HOST:8000/x/../a#b"), {.depth = 3});
        CHECK_FALSE(second.is_new);
        CHECK(second.id == first.id);
        CHECK(f.queued() == 1);
    }

    TEST_CASE("a site at the usual port of http is one with that of https, at another port it is not") {
        crawl::frontier f(crawl::scope({url_of("http://host/"), url_of("https://other:8443/")}, {}), {});
        CHECK(f.add(url_of("https://host/"), {}).verdict == outcome::pending);
        CHECK(f.add(url_of("https://host:444/"), {}).verdict == outcome::out_of_scope);
        CHECK(f.add(url_of("https://other/"), {}).verdict == outcome::out_of_scope);
    }

    TEST_CASE("another host or port is out of scope") {
        auto f = make();
        CHECK(f.add(url_of("http://other:8000/"), {}).verdict == outcome::out_of_scope);
        CHECK(f.add(url_of("http://host/"), {}).verdict == outcome::out_of_scope);
        CHECK(f.add(url_of("http://host:8000/"), {}).verdict == outcome::pending);
    }

    TEST_CASE("included hosts are in scope, with a port or without, below a domain or not") {
        auto f = make({}, {.include_hosts = {"A.Example", "b.example:81", "*.c.example"}});
        CHECK(f.add(url_of("http://a.example/"), {}).verdict == outcome::pending);
        CHECK(f.add(url_of("http://a.example:82/"), {}).verdict == outcome::pending);
        CHECK(f.add(url_of("http://b.example:81/"), {}).verdict == outcome::pending);
        CHECK(f.add(url_of("http://b.example/"), {}).verdict == outcome::out_of_scope);
        CHECK(f.add(url_of("http://x.c.example/"), {}).verdict == outcome::pending);
        CHECK(f.add(url_of("http://c.example/"), {}).verdict == outcome::out_of_scope);
        CHECK(f.add(url_of("http://xc.example/"), {}).verdict == outcome::out_of_scope);
    }

    TEST_CASE("all hosts are in scope when told so") {
        auto f = make({}, {.all_hosts = true});
        CHECK(f.add(url_of("http://other/"), {}).verdict == outcome::pending);
        CHECK(f.add(url_of("https://other/"), {}).verdict == outcome::pending);
    }

    TEST_CASE("limits turn URLs away with their reason") {
        auto f = make({.max_pages = 2, .max_depth = 1, .max_redirects = 1});
        CHECK(f.add(url_of("http://host:8000/deep"), {.depth = 2}).verdict == outcome::over_depth);
        CHECK(f.add(url_of("http://host:8000/hops"), {.redirects = 2}).verdict == outcome::too_many_redirects);
        CHECK(f.add(url_of("http://host:8000/1"), {.depth = 1}).verdict == outcome::pending);
        CHECK(f.add(url_of("http://host:8000/2"), {.redirects = 1}).verdict == outcome::pending);
        CHECK(f.add(url_of("http://host:8000/3"), {}).verdict == outcome::over_page_limit);
        CHECK(f.seen() == 5);
        CHECK(f.queued() == 2);
    }

    TEST_CASE("links that are no URLs, or of another scheme, are remembered as found") {
        auto f = make();
        CHECK(f.add(crawl::link{"mailto:x", crawl::link_kind::a, "why", true, false}, {}).verdict ==
              outcome::bad_scheme);
        CHECK(f.add(crawl::link{"http://[", crawl::link_kind::a, "why", false, false}, {}).verdict == outcome::bad_url);
        CHECK_FALSE(f.add(crawl::link{"mailto:x", crawl::link_kind::a, "why", true, false}, {}).is_new);
        CHECK(f.add(crawl::link{"http://host:8000/", crawl::link_kind::a, "", false, false}, {}).verdict ==
              outcome::pending);
        CHECK(f.seen() == 3);
    }

    TEST_CASE("one host's URLs come in the order they were found, and hosts take turns") {
        auto f = make({}, {.all_hosts = true});
        for (const char* text : {"http://a/1", "http://a/2", "http://a/3", "http://b/1", "http://b/2"}) {
            f.add(url_of(text), {});
        }
        std::vector<std::string> order;
        while (const auto job = f.next()) order.emplace_back(job->target.text());
        CHECK(order == std::vector<std::string>{"http://a/1", "http://b/1", "http://a/2", "http://b/2", "http://a/3"});
        CHECK(f.in_flight() == 5);
        CHECK_FALSE(f.finished());
    }

    TEST_CASE("a host at its limit waits for one of its fetches to end, and others go on") {
        auto f = make({.per_host = 1}, {.all_hosts = true});
        for (const char* text : {"http://a/1", "http://a/2", "http://b/1"}) f.add(url_of(text), {});
        const auto a1 = f.next();
        const auto b1 = f.next();
        REQUIRE(a1);
        REQUIRE(b1);
        CHECK(b1->target.text() == "http://b/1");
        CHECK_FALSE(f.next());
        CHECK(f.queued() == 1);
        f.done(b1->target);
        CHECK_FALSE(f.next());
        f.done(a1->target);
        const auto a2 = f.next();
        REQUIRE(a2);
        CHECK(a2->target.text() == "http://a/2");
        f.done(a2->target);
        CHECK(f.finished());
        CHECK_THROWS_AS(f.done(a2->target), std::logic_error);
    }

    TEST_CASE("draining empties the queue and leaves what is in flight") {
        auto f = make();
        for (int i = 0; i < 5; ++i) f.add(url_of("http://host:8000/" + std::to_string(i)), {});
        const auto job = f.next();
        CHECK(f.drain() == 4);
        CHECK_FALSE(f.next());
        f.done(job->target);
        CHECK(f.finished());
        f.add(url_of("http://host:8000/late"), {});
        CHECK(f.next());
    }

    TEST_CASE("a URL that was not to be fetched from where it was found is, once it is found elsewhere") {
        auto f = make({.max_depth = 2});
        const url_of_link nofollow{"http://host:8000/a", true};
        const auto first = f.add(nofollow.as_link(), {.depth = 1});
        CHECK(first.verdict == outcome::nofollow);
        CHECK(f.add(nofollow.as_link(), {.depth = 1}).changed() == false);
        const auto again = f.add(url_of_link{"http://host:8000/a", false}.as_link(), {.depth = 2});
        CHECK(again.id == first.id);
        CHECK_FALSE(again.is_new);
        CHECK(again.changed());
        CHECK(again.was == outcome::nofollow);
        CHECK(again.verdict == outcome::pending);
        CHECK(f.add(url_of("http://host:8000/deep"), {.depth = 3}).verdict == outcome::over_depth);
        CHECK(f.add(url_of("http://host:8000/deep"), {.depth = 2}).verdict == outcome::pending);
        CHECK(f.queued() == 2);
        CHECK(f.seen() == 2);
    }

    TEST_CASE("nofollow is followed when told so") {
        auto f = make({.obey_nofollow = false});
        CHECK(f.add(url_of_link{"http://host:8000/a", true}.as_link(), {}).verdict == outcome::pending);
    }

    TEST_CASE("what looks like a trap is not queued, with the reason") {
        auto f = make({.traps = {.same_segment = 1}});
        const auto trap = f.add(url_of("http://host:8000/a/a"), {});
        CHECK(trap.verdict == outcome::trap);
        CHECK(trap.detail == "its path has \"a\" more than 1 times");
    }

    TEST_CASE("what an earlier run left waiting is queued again, and nothing else is") {
        auto f = make();
        f.restore({1, 0, 0, "http://host:8000/"}, outcome::fetched);
        f.restore({2, 1, 2, "http://host:8000/a"}, outcome::pending);
        f.restore({3, 1, 0, "http://host:8000/b"}, outcome::cancelled);
        f.restore({4, 1, 0, "mailto:x"}, outcome::bad_scheme);
        CHECK(f.queued() == 2);
        CHECK_FALSE(f.add(url_of("http://host:8000/"), {}).is_new);
        CHECK(f.add(url_of("http://host:8000/c"), {}).id == 5);
        const auto job = f.next();
        REQUIRE(job);
        CHECK(job->id == 2);
        CHECK(job->depth == 1);
        CHECK(job->redirects == 2);
        CHECK(job->target.text() == "http://host:8000/a");
    }

    TEST_CASE("a host can be asked for one URL at a time") {
        auto f = make({.per_host = 8});
        for (int i = 0; i < 3; ++i) f.add(url_of("http://host:8000/" + std::to_string(i)), {});
        const auto first = f.next();
        f.limit(first->target, 1);
        CHECK_FALSE(f.next());
        f.done(first->target);
        CHECK(f.next());
        CHECK_FALSE(f.next());
    }

    TEST_CASE("a host whose limit falls below what it has in flight waits until that is fewer") {
        auto f = make({.per_host = 3});
        for (int i = 0; i < 5; ++i) f.add(url_of("http://host:8000/" + std::to_string(i)), {});
        const auto first = f.next();
        const auto second = f.next();
        const auto third = f.next();
        f.limit(first->target, 2);
        f.done(first->target);
        CHECK_FALSE(f.next());
        f.done(second->target);
        CHECK(f.next());
        CHECK_FALSE(f.next());
        CHECK(f.in_flight() == 2);
        CHECK(third);
    }

    TEST_CASE("a host whose limit grows has its turn at once, after the others, and no more of them than they") {
        auto f = make({.per_host = 1}, {.all_hosts = true});
        for (const char* text : {"http://a/1", "http://b/1", "http://a/2", "http://a/3", "http://c/1", "http://c/2"}) {
            f.add(url_of(text), {});
        }
        const auto a1 = f.next();
        CHECK(f.next()->target.text() == "http://b/1");
        f.limit(a1->target, 3);
        f.limit(a1->target, 4);
        f.limit(url_of("http://c/"), 2);
        std::vector<std::string> order;
        while (const auto job = f.next()) order.emplace_back(job->target.text());
        CHECK(order == std::vector<std::string>{"http://c/1", "http://a/2", "http://c/2", "http://a/3"});
    }

    TEST_CASE("a host at a limit that fell holds no other host up") {
        auto f = make({.per_host = 4}, {.all_hosts = true});
        for (const char* text : {"http://a/1", "http://a/2", "http://a/3", "http://b/1", "http://b/2"}) {
            f.add(url_of(text), {});
        }
        f.limit(f.next()->target, 1);
        std::vector<std::string> order;
        while (const auto job = f.next()) order.emplace_back(job->target.text());
        CHECK(order == std::vector<std::string>{"http://b/1", "http://b/2"});
        CHECK(f.queued() == 2);
    }

    TEST_CASE("a host can have its limit before any of its URLs is known") {
        auto f = make({.per_host = 2});
        f.limit(url_of("http://host:8000/"), 1);
        CHECK_FALSE(f.next());
        for (int i = 0; i < 3; ++i) f.add(url_of("http://host:8000/" + std::to_string(i)), {});
        CHECK(f.next());
        CHECK_FALSE(f.next());
    }

    TEST_CASE("it tells what waits for a host, what is in flight of it, and its limit") {
        auto f = make({.per_host = 4});
        for (const char* path : {"a", "b", "c"}) f.add(url_of(std::string("http://host:8000/") + path), {});
        const auto first = f.next();
        REQUIRE(first);
        f.limit(first->target, 2);
        const crawl::host_state known = f.state_of("http://host:8000");
        CHECK(known.queued == 2);
        CHECK(known.in_flight == 1);
        CHECK(known.limit == 2);
        const crawl::host_state unknown = f.state_of("http://other");
        CHECK(unknown.queued == 0);
        CHECK(unknown.in_flight == 0);
        CHECK(unknown.limit == 4);
    }

    TEST_CASE("what is only on copies is not queued until it is found elsewhere") {
        auto f = make();
        const auto first = f.add(url_of("http://host:8000/a"), {.in_copy = true});
        CHECK(first.verdict == outcome::only_on_copies);
        CHECK(f.queued() == 0);
        const auto again = f.add(url_of("http://host:8000/a"), {});
        CHECK(again.verdict == outcome::pending);
        CHECK(again.was == outcome::only_on_copies);
    }

    TEST_CASE("within a host what matches goes first or last, and the hosts take turns all the same") {
        auto f = make({.priority = {.first = {"*/first"}, .last = {"*/last"}}}, {.all_hosts = true});
        for (const char* text : {"http://a/last", "http://a/1", "http://a/2", "http://a/first", "http://b/last"}) {
            f.add(url_of(text), {});
        }
        std::vector<std::string> order;
        while (const auto job = f.next()) order.emplace_back(job->target.text());
        CHECK(order ==
              std::vector<std::string>{"http://a/first", "http://b/last", "http://a/1", "http://a/2", "http://a/last"});
    }

    TEST_CASE("two hundred thousand URLs that wait are held in less than 60 bytes each") {
        constexpr std::size_t many = 200'000;
        auto f = make();
        for (std::size_t i = 0; i < many; ++i) {
            const std::string name =
                "http://host:8000/some/longer/path/to/show/that/it/is/not/kept/" + std::to_string(i);
            f.add(crawl::link{name, crawl::link_kind::a, {}, false, false}, {});
        }
        CHECK(f.queued() == many);
        CHECK(f.memory() < many * 60);
    }
}
