#include "robots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace crawl {
namespace {

using braid::time_point;

// Source: RFC 9309, 2.3.1.2, 2.4 and 2.5.
constexpr int most_redirects = 5;
constexpr std::uint64_t most_bytes = 500 * 1024;
constexpr auto keep_rules = std::chrono::hours(24);
// What could not be had is asked for again sooner.
constexpr auto keep_failed_rules = std::chrono::minutes(5);

double in_seconds(std::chrono::milliseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

robots::robots(robots_options options, patient_fetcher& by, pacer& pace, std::function<void(std::string)> tell,
               std::function<void(const url&)> found_sitemap)
    : options_(std::move(options)),
      fetcher_(by),
      pacer_(pace),
      tell_(std::move(tell)),
      found_sitemap_(std::move(found_sitemap)) {}

braid::task<std::optional<fetch_failure>> robots::refusal(url target) {
    if (!options_.obey) co_return std::nullopt;
    const std::shared_ptr<site> of = site_of(target);
    co_await of->asked.call(&robots::ask, this, std::ref(*of), std::cref(target));
    if (of->closed) co_return of->closed;
    switch (of->rules.judge(target.target())) {
        case ruling::allowed: co_return std::nullopt;
        case ruling::disallowed: co_return fetch_failure{outcome::disallowed, "robots.txt of its site disallows it"};
        case ruling::too_costly: break;
    }
    co_return fetch_failure{outcome::disallowed,
                            "robots.txt of its site has too many rules to find out whether it may"};
}

braid::task<> robots::ask(site& of, const url& target) {
    const url_result where = resolve(target, "/robots.txt");
    const fetch_result result = co_await fetch_from(*where);
    of.until = time_point::clock::now() + keep_rules;
    if (const auto* failure = std::get_if<fetch_failure>(&result)) {
        of.closed = *failure;
    } else {
        take_rules(of, target, std::get<fetched>(result));
    }
    if (of.closed) of.until = time_point::clock::now() + keep_failed_rules;
}

void robots::take_rules(site& of, const url& target, const fetched& response) {
    if (response.status >= 500) {
        of.closed = fetch_failure{outcome::disallowed,
                                  fmt::format("robots.txt of its site is not available: status {}", response.status)};
        return;
    }
    if (response.status / 100 != 2) return;  // there is none: everything is allowed
    of.rules = robots_rules(response.body, product_token(options_.user_agent));
    for (const std::string& named : of.rules.take_sitemaps()) {
        if (const url_result sitemap = resolve(target, named)) found_sitemap_(*sitemap);
    }
    const auto asked = of.rules.crawl_delay();
    if (!asked) return;
    pacer_.slow_down(target, std::min(*asked, options_.longest_delay));
    if (*asked > options_.longest_delay) {
        tell_(fmt::format("{} asks for {:g} s between fetches, and gets {:g} s", target.origin(), in_seconds(*asked),
                          in_seconds(options_.longest_delay)));
    }
}

braid::task<fetch_result> robots::fetch_from(url at) {
    fetch_terms terms;
    terms.cut_after = most_bytes;
    for (int redirects = 0;; ++redirects) {
        fetch_result result = co_await fetcher_.fetch(at, terms);
        const auto* response = std::get_if<fetched>(&result);
        if (response == nullptr || response->location.empty() || redirects == most_redirects) co_return result;
        const url_result next = resolve(at, response->location);
        if (!next) co_return result;
        at = *next;
    }
}

std::shared_ptr<robots::site> robots::site_of(const url& target) {
    std::shared_ptr<site>& known = sites_[target.origin()];
    if (!known || known->until <= time_point::clock::now()) known = std::make_shared<site>();
    return known;
}

}  // namespace crawl
