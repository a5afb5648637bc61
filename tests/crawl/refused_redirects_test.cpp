// A redirect is followed like a link: what may not be fetched is not fetched by way of one either.

#include <crawl/crawler.hpp>

#include <doctest/doctest.h>

#include <braid/core/spawn.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "support/crawling.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;

namespace {

reply redirect(const std::string& to) { return {response(302, "Location: " + to + "\r\n", "")}; }

/// Two hosts, asked for by way of a proxy. Each redirect takes two hops; the second is the one that is wrong.
class two_hosts {
public:
    reply answer(std::string_view asked) {
        asked_.emplace_back(asked);
        if (asked == "http://site.example/robots.txt") return {response(200, "", "User-agent: *\nDisallow: /no\n")};
        if (asked == "http://other.example/robots.txt") return {response(200, "", "User-agent: *\nDisallow: /\n")};
        if (asked == "http://site.example/") return {page({"a0", "b0", "c0", "d0", "e0", "f0"})};
        const std::map<std::string_view, std::string> moved{{"/a1", "/no/page"},
                                                            {"/b1", "http://other.example/page"},
                                                            {"/c1", "http://elsewhere.example/page"},
                                                            {"/d1", "http://10.0.0.1/page"},
                                                            {"/e1", "http://169.254.169.254/latest"},
                                                            {"/f1", "/fine"}};
        const std::string_view target = asked.substr(std::string_view("http://site.example").size());
        if (target.size() == 3 && target[2] == '0') return redirect({'/', target[1], '1'});
        if (const auto found = moved.find(target); found != moved.end()) return redirect(found->second);
        return {page({})};
    }

    [[nodiscard]] bool was_asked_for(const std::string& part) const {
        return std::any_of(asked_.begin(), asked_.end(),
                           [&](const std::string& one) { return one.find(part) != std::string::npos; });
    }

private:
    std::vector<std::string> asked_;
};

/// What the view of redirects says of the end of one that begins there.
std::string end_of(const output_file& file, const std::string& from) {
    return query_text(file,
                      "SELECT final || ': ' || final_outcome || ', hops ' || hops FROM redirects WHERE \"from\" = "
                      "'http://site.example" +
                          from + "'");
}

}  // namespace

TEST_SUITE("crawl/refused redirects") {
    TEST_CASE("a redirect is refused at the hop that may not be fetched, and the results say why") {
        two_hosts hosts;
        const test_server::answer site = [&hosts](std::string_view asked) { return hosts.answer(asked); };
        const output_file file;
        std::map<std::string, row> pages;
        braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
            options o = quick_options_by_proxy(server, file, "http://site.example/");
            o.include_hosts = {"other.example", "10.0.0.1", "169.254.169.254"};
            co_await crawl_by(o);
            pages = pages_in(file, server);
        }));

        CHECK(end_of(file, "/f0") == "http://site.example/fine: fetched, hops 2");
        CHECK(end_of(file, "/a0") == "http://site.example/no/page: disallowed, hops 2");
        CHECK(pages.at("http://site.example/no/page").detail == "robots.txt of its site disallows it");
        CHECK(end_of(file, "/b0") == "http://other.example/page: disallowed, hops 2");
        CHECK(end_of(file, "/c0") == "http://elsewhere.example/page: out of scope, hops 2");
        CHECK(end_of(file, "/d0") == "http://10.0.0.1/page: address refused, hops 2");
        CHECK(pages.at("http://10.0.0.1/page").detail ==
              "refused: 10.0.0.1 is a private address; --allow-private allows those");
        CHECK(end_of(file, "/e0") == "http://169.254.169.254/latest: address refused, hops 2");

        CHECK(hosts.was_asked_for("http://site.example/fine"));
        for (const char* const refused : {"/no/", "other.example/page", "elsewhere.example", "10.0.0.1", "169.254"}) {
            CHECK_MESSAGE(!hosts.was_asked_for(refused), refused);
        }
    }

    TEST_CASE("a redirect to a name that is looked up, and is of this machine, is refused as such") {
        std::string inside;
        const test_server::answer outside = [&inside](std::string_view asked) -> reply {
            if (asked == "http://site.example/robots.txt") return {response(404, "", "")};
            return asked == "http://site.example/" ? redirect("/next") : redirect(inside);
        };
        const test_server::answer secret = [](std::string_view) { return reply{page({})}; };
        const output_file file;
        braid::run_blocking(with_server(secret, [&](test_server& behind) -> braid::task<> {
            inside = behind.url("/secret", "localhost");
            co_await with_server(outside, [&](test_server& proxy) -> braid::task<> {
                options o = quick_options_by_proxy(proxy, file, "http://site.example/");
                o.all_hosts = true;
                co_await crawl_by(o);
            });
            CHECK(behind.connections() == 0);
        }));
        CHECK(end_of(file, "/") == inside + ": address refused, hops 2");
        const std::string why = query_text(file, "SELECT detail FROM pages WHERE url = '" + inside + "'");
        CHECK_MESSAGE(why.starts_with("refused: localhost is at "), why);
        CHECK_MESSAGE(why.find("which is a loopback address") != std::string::npos, why);
    }
}
