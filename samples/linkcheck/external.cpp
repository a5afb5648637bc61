#include "external.hpp"

#include <crawl/outcome.hpp>
#include <crawl/settings.hpp>

#include <functional>
#include <utility>
#include <variant>

namespace linkcheck {

using crawl::outcome;

external_check::external_check(boost::asio::any_io_executor executor, const crawl::options& how, crawl::database& found)
    : most_redirects_(how.max_redirects),
      most_at_a_time_(how.concurrency),
      found_(found),
      frontier_(crawl::scope_of(how), crawl::limits_of(how)),
      fetcher_(std::move(executor), crawl::fetching_of(how)),
      pacer_(how.delay),
      throttle_(
          crawl::throttle_of(how, [this](const crawl::url& host, std::uint32_t fetches) { limit(host, fetches); })),
      patient_(crawl::patience_of(how), fetcher_, pacer_, throttle_ ? &*throttle_ : nullptr),
      robots_(
          crawl::manners_of(how), patient_, pacer_, [](const std::string&) {}, [](const crawl::url&) {}),
      hosts_(frontier_, pacer_, throttle_, patient_, robots_) {}

braid::task<> external_check::run() {
    queue_all();
    update_.emplace(found_, "UPDATE pages SET outcome = ?2, status = ?3, detail = ?4 WHERE id = ?1");
    found_.execute("BEGIN");
    co_await braid::with_task_group([this](braid::task_group& visits) -> braid::task<> {
        start_visits(visits);
        co_return;
    });
    if (stopping_ && frontier_.queued() > 0) give_up_rest();
    found_.execute("COMMIT");
}

/// As if a crawl had found them in its scope.
void external_check::queue_all() {
    crawl::statement query(found_, "SELECT id, url FROM pages WHERE outcome = ?1 ORDER BY id");
    query.bind(1, to_string(outcome::out_of_scope));
    while (query.step()) {
        frontier_.restore({static_cast<crawl::url_id>(query.integer(0)), 0, 0, query.text(1)}, outcome::pending);
    }
}

void external_check::give_up_rest() {
    crawl::statement update(found_, "UPDATE pages SET outcome = ?1 WHERE outcome = ?2");
    update.bind(1, to_string(outcome::cancelled));
    update.bind(2, to_string(outcome::out_of_scope));
    update.run();
}

void external_check::start_visits(braid::task_group& visits) {
    while (!stopping_ && frontier_.in_flight() < most_at_a_time_) {
        auto job = frontier_.next();
        if (!job) break;
        hosts_.begin(job->target);
        visits.start(&external_check::visit, this, std::ref(visits), std::move(*job));
    }
}

/// One that ends starts those that its end made possible.
braid::task<> external_check::visit(braid::task_group& visits, crawl::fetch_job job) {
    crawl::fetch_result result = co_await obtain(job.target);
    take(job, std::move(result));
    frontier_.done(job.target);
    hosts_.end(job.target);
    start_visits(visits);
}

braid::task<crawl::fetch_result> external_check::obtain(crawl::url target) {
    auto refusal = co_await robots_.refusal(target);
    if (refusal) co_return std::move(*refusal);
    if (pacer_.is_slow(target)) limit(target, 1);
    crawl::fetch_terms terms;
    terms.cut_after = 0;
    co_return co_await patient_.fetch(std::move(target), std::move(terms));
}

/// Fetches that only wait for each other need not take the places of others.
void external_check::limit(const crawl::url& target, std::uint32_t fetches) {
    frontier_.limit(target, pacer_.is_slow(target) ? 1 : fetches);
}

void external_check::take(const crawl::fetch_job& job, crawl::fetch_result result) {
    if (const auto* failure = std::get_if<crawl::fetch_failure>(&result)) {
        return end(job.id, failure->how, 0, failure->message);
    }
    const auto& answer = std::get<crawl::fetched>(result);
    if (answer.location.empty()) return end(job.id, outcome::fetched, answer.status, {});
    if (job.redirects >= most_redirects_) return end(job.id, outcome::too_many_redirects, answer.status, {});
    const auto next = resolve(job.target, answer.location);
    if (!next) return end(job.id, outcome::bad_url, answer.status, next.error().message);
    frontier_.restore({job.id, 0, job.redirects + 1, std::string(next->text())}, outcome::pending);
}

void external_check::end(crawl::url_id id, outcome how, int status, const std::string& detail) {
    ++asked_;
    if (is_broken(how, status)) ++errors_;
    update_->bind(1, static_cast<std::int64_t>(id));
    update_->bind(2, to_string(how));
    if (status != 0) {
        update_->bind(3, std::int64_t{status});
    } else {
        update_->bind_null(3);
    }
    update_->bind_nonempty(4, detail);
    update_->run();
}

crawl::progress external_check::now() const {
    return {.pages = asked_,
            .queued = frontier_.queued(),
            .in_flight = frontier_.in_flight(),
            .errors = errors_,
            .elapsed = std::chrono::steady_clock::now() - began_,
            .done = asked_,
            .connections = fetcher_.in_flight(),
            .hosts_waiting = pacer_.waiting_sites(),
            .stopping = stopping_};
}

}  // namespace linkcheck
