#include <crawl/proxy.hpp>

#include <doctest/doctest.h>

#include <map>
#include <stdexcept>
#include <string>

namespace {

using environment = std::map<std::string, std::string>;

crawl::proxy_settings settings(const environment& variables) {
    return crawl::proxy_settings([&variables](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
    });
}

/// The proxy for the URL; empty if it is asked for directly.
std::string proxy_of(const environment& variables, const char* target) {
    const crawl::proxy_settings all = settings(variables);
    const crawl::proxy* by = all.of(*crawl::parse_url(target));
    return by == nullptr ? "" : by->name();
}

}  // namespace

TEST_SUITE("crawl/proxy") {
    TEST_CASE("each scheme has its own proxy, and none without a variable") {
        const environment both{{"http_proxy", "http://p:3128"}, {"HTTPS_PROXY", "q"}};
        CHECK(proxy_of(both, "http://site.example/") == "p:3128");
        CHECK(proxy_of(both, "https://site.example/") == "q:80");
        CHECK(proxy_of({{"http_proxy", "p"}}, "https://site.example/").empty());
        CHECK(proxy_of({{"HTTP_PROXY", "p"}}, "http://site.example/").empty());
        CHECK(proxy_of({{"http_proxy", ""}}, "http://site.example/").empty());
        CHECK(crawl::proxy_settings().of(*crawl::parse_url("http://site.example/")) == nullptr);
    }

    TEST_CASE("hosts of no_proxy, and all below them, are asked for directly") {
        const environment some{{"http_proxy", "p:1"},
                               {"no_proxy", "intern.example, .corp.example,*.x.example,h.example:81"}};
        for (const char* const direct : {"http://intern.example/", "http://a.intern.example/", "http://corp.example/",
                                         "http://a.corp.example/", "http://a.x.example/", "http://h.example:81/"}) {
            CAPTURE(direct);
            CHECK(proxy_of(some, direct).empty());
        }
        for (const char* const proxied : {"http://notintern.example/", "http://h.example/", "http://example/"}) {
            CAPTURE(proxied);
            CHECK(proxy_of(some, proxied) == "p:1");
        }
        CHECK(proxy_of({{"http_proxy", "p:1"}, {"no_proxy", "Example.ORG"}}, "http://a.example.org/").empty());
        CHECK(proxy_of({{"http_proxy", "p:1"}, {"NO_PROXY", "*"}}, "http://site.example/").empty());
    }

    TEST_CASE("this machine is never asked through a proxy") {
        for (const char* const local :
             {"http://localhost/", "http://a.localhost:80/", "http://127.0.0.2/", "http://[::1]/"}) {
            CAPTURE(local);
            CHECK(proxy_of({{"http_proxy", "p:1"}}, local).empty());
        }
    }

    TEST_CASE("a name and a password are for the proxy, and never shown") {
        const crawl::proxy_settings all = settings({{"http_proxy", "http://me:pass%40word@p:1/"}});
        const crawl::proxy* by = all.of(*crawl::parse_url("http://site.example/"));
        REQUIRE(by != nullptr);
        CHECK(by->authorization == "Basic bWU6cGFzc0B3b3Jk");
        CHECK(by->name() == "p:1");
        CHECK_THROWS_WITH_AS((void)settings({{"http_proxy", "http://me:pass word@:x"}}),
                             "the environment's http_proxy is not the URL of a proxy", std::invalid_argument);
    }
}
