#include "robots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace crawl {
namespace {

// Source: RFC 9309, 2.3.1.2, 2.4 and 2.5.
constexpr int most_redirects = 5;
constexpr std::uint64_t most_bytes = 500 * 1024;
constexpr auto keep_rules = std::chrono::hours(24);
// What could not be had is asked for again sooner.
constexpr auto keep_failed_rules = std::chrono::minutes(5);

double in_seconds(std::chrono::milliseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

robots::robots(robots_options options, patient_fetcher& by, pacer& pace, std::function<void(std::string)> tell,
               std::function<void(const url&)> found_sitemap, crawl_clock clock)
    : options_(std::move(options)),
      fetcher_(by),
      pacer_(pace),
      tell_(std::move(tell)),
      found_sitemap_(std::move(found_sitemap)),
      clock_(clock) {}

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
    of.until = clock_.now() + keep_rules;
    if (const auto* failure = std::get_if<fetch_failure>(&result)) {
        of.closed = *failure;
    } else {
        take_rules(of, target, std::get<fetched>(result));
    }
    if (of.closed) of.until = clock_.now() + keep_failed_rules;
    of.memory = of.rules.memory();
    memory_ += of.memory;
    if (memory_ > options_.most_memory) forget_oldest();
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

void robots::forget_if(const idle_origin& is_idle) {
    std::erase_if(sites_, [&](const auto& known) {
        if (!is_idle(known.first)) return false;
        memory_ -= known.second->memory;
        return true;
    });
}

/// More than would have to, so that it is not done for each further site. The one that was asked last stays.
void robots::forget_oldest() {
    std::vector<std::pair<std::uint64_t, const std::string*>> by_age;
    for (const auto& [origin, of] : sites_) {
        if (of->memory != 0) by_age.emplace_back(of->asked_last, &origin);
    }
    std::sort(by_age.begin(), by_age.end());
    const std::size_t to_keep = options_.most_memory - options_.most_memory / 4;
    for (std::size_t i = 0; i + 1 < by_age.size() && memory_ > to_keep; ++i) {
        const auto oldest = sites_.find(*by_age[i].second);
        memory_ -= oldest->second->memory;
        sites_.erase(oldest);
    }
}

std::shared_ptr<robots::site> robots::site_of(const url& target) {
    std::shared_ptr<site>& known = sites_[target.origin()];
    if (known && known->until <= clock_.now()) {
        memory_ -= known->memory;
        known = nullptr;
    }
    if (!known) known = std::make_shared<site>();
    known->asked_last = ++times_asked_;
    return known;
}

}  // namespace crawl
