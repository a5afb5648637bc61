#include <crawl/frontier.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

crawl::url url_of(const std::string& text) { return *crawl::parse_url(text); }

crawl::frontier make(crawl::frontier_options limits = {}, crawl::scope_options scope = {}) {
    return crawl::frontier(crawl::scope({url_of("http://host:8000/")}, std::move(scope)), limits);
}

}  // namespace

TEST_SUITE("crawl/frontier") {
    using crawl::outcome;

    TEST_CASE("a URL is queued once, and every reference to it is counted") {
        auto f = make();
        const auto first = f.add(url_of("http://host:8000/a"), {});
        CHECK(first.is_new);
        CHECK(first.verdict == outcome::pending);
        const auto second = f.add(url_of("http://HOST:8000/x/../a#b"), {.depth = 3});
        CHECK_FALSE(second.is_new);
        CHECK(second.id == first.id);
        CHECK(f.queued() == 1);
        CHECK(f.referrers("http://host:8000/a") == 2);
        CHECK(f.referrers("http://host:8000/b") == 0);
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
        CHECK(f.add(crawl::link{"mailto:x", crawl::link_kind::a, "why", true}, {}).verdict == outcome::bad_scheme);
        CHECK(f.add(crawl::link{"http://[", crawl::link_kind::a, "why", false}, {}).verdict == outcome::bad_url);
        CHECK_FALSE(f.add(crawl::link{"mailto:x", crawl::link_kind::a, "why", true}, {}).is_new);
        CHECK(f.add(crawl::link{"http://host:8000/", crawl::link_kind::a, "", false}, {}).verdict == outcome::pending);
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

    TEST_CASE("draining gives back everything that was queued and nothing that is in flight") {
        auto f = make();
        for (int i = 0; i < 5; ++i) f.add(url_of("http://host:8000/" + std::to_string(i)), {});
        const auto job = f.next();
        CHECK(f.drain().size() == 4);
        CHECK_FALSE(f.next());
        f.done(job->target);
        CHECK(f.finished());
        f.add(url_of("http://host:8000/late"), {});
        CHECK(f.next());
    }
}
