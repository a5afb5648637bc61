#include "crawler.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

#include "sandbox.hpp"
#include "settings.hpp"

namespace crawl {
namespace {

constexpr std::size_t most_hosts_told = 10;
constexpr std::size_t most_notes = 100;

std::chrono::duration<double> cpu_time(int whose) {
    rusage usage{};
    getrusage(whose, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return std::chrono::duration<double>(seconds(usage.ru_utime) + seconds(usage.ru_stime));
}

/// The start URLs that a command names.
std::string starts_in(std::string_view command) {
    constexpr std::string_view word = "start ";
    std::string starts;
    while (command.starts_with(word)) {
        const std::size_t end = std::min(command.find('\n'), command.size());
        starts += fmt::format("{}{}", starts.empty() ? "" : ", ", command.substr(word.size(), end - word.size()));
        command.remove_prefix(std::min(end + 1, command.size()));
    }
    return starts;
}

}  // namespace

crawler::crawler(boost::asio::any_io_executor executor, const options& wanted, page_parser with,
                 braid::line_callback heard)
    : options_(wanted),
      store_(options_.output, {.command = what_is_crawled(options_),
                               .restart = options_.restart,
                               .refresh = options_.refresh,
                               .archive = options_.warc.string(),
                               .on_hold = true}),
      frontier_(scope_of(options_), limits_of(options_)),
      fetcher_(std::move(executor), fetching_of(options_)),
      pacer_(options_.delay),
      throttle_(throttle_of(options_, [this](const url& host, std::uint32_t fetches) { limit(host, fetches); })),
      patient_(patience_of(options_), fetcher_, pacer_, throttle_ ? &*throttle_ : nullptr,
               [this](std::string what) { note(std::move(what)); }),
      robots_(
          manners_of(options_), patient_, pacer_, [this](std::string what) { note(std::move(what)); },
          [this](const url& sitemap) { add_sitemap(sitemap); }),
      parser_(parsing_of(options_, with, std::move(heard))),
      lines_(lines_of(options_, store_)),
      archive_(archive_of(options_, store_)),
      recorder_(store_, lines_ ? &*lines_ : nullptr, archive_ ? &*archive_ : nullptr),
      hosts_(frontier_, pacer_, throttle_, patient_, robots_) {
    summary_.output = options_.output.string();
    note_replaced();
    if (options_.sandbox && options_.workers != 0U && !can_sandbox()) {
        note("this kernel has no filters of system calls: pages are parsed without a sandbox");
    }
    open_results();
}

/// The last that is done before the crawl: what else may fail has not failed, and what was there may go.
void crawler::open_results() {
    store_.begin();
    if (lines_) lines_->start();
    if (archive_) archive_->start();
}

/// That is most often meant, and sometimes the default name of the output at work.
void crawler::note_replaced() {
    const std::string starts = starts_in(store_.earlier_command());
    if (starts.empty() || starts == starts_in(what_is_crawled(options_))) return;
    note(fmt::format("{} held a complete crawl of {}, which this one replaces", summary_.output, starts));
}

braid::task<> crawler::run() {
    co_await collect();
    co_await complete();
}

braid::task<> crawler::collect() {
    restore();
    co_await braid::with_task_group([this](braid::task_group& stages) -> braid::task<> {
        stages.start(&recorder::run, &recorder_);
        co_await crawl_all();
        give_up_queued();
        note_cookies();
        co_await recorder_.close();
    });
    co_await parser_.close();
    summary_.broken = co_await recorder_.settle(!summary_.interrupted);
    complete_summary();
}

braid::task<> crawler::complete() { co_await recorder_.end(!summary_.interrupted); }

void crawler::restore() {
    if (!store_.resumed()) return;
    if (options_.cookies) fetcher_.cookies().restore(store_.cookies());
    store_.each_known([this](const waiting_url& known, outcome how, std::optional<std::uint64_t> content_hash) {
        frontier_.restore(known, how);
        if (content_hash) std::ignore = frontier_.is_copy(known.text, *content_hash);
        if (how == outcome::pending || how == outcome::cancelled) return;
        ++summary_.outcomes[static_cast<std::size_t>(how)];
        ++summary_.resumed;
        if (!is_refusal(how)) ++done_;
    });
}

braid::task<> crawler::crawl_all() {
    add_seeds();
    co_await braid::with_task_group([this](braid::task_group& visits) -> braid::task<> {
        start_visits(visits);
        co_return;
    });
}

void crawler::add_seeds() {
    for (const url& seed : options_.seeds) {
        const added start = frontier_.add(seed, {});
        starts_.insert(start.id);
        discovered(start, seed.text(), {}, {});
    }
}

/// A place to start from, too, though not one that the user named.
void crawler::add_sitemap(const url& named) {
    if (!options_.sitemaps) return;
    added sitemap = frontier_.add(named, {});
    discovered(sitemap, named.text(), {}, std::move(sitemap.detail));
}

void crawler::start_visits(braid::task_group& visits) {
    while (!stopping_ && frontier_.in_flight() < options_.concurrency) {
        auto job = frontier_.next();
        if (!job) break;
        hosts_.begin(job->target);
        visits.start(&crawler::visit, this, std::ref(visits), std::move(*job));
    }
}

/// From the queue to the database. A visit that ends starts those that its links, or its end, made possible.
braid::task<> crawler::visit(braid::task_group& visits, fetch_job job) {
    fetch_result result = co_await obtain(job.target);
    const auto* failed = std::get_if<fetch_failure>(&result);
    if (failed != nullptr && failed->how == outcome::cancelled) {
        frontier_.put_back(job);
        hosts_.end(job.target);
        co_return;
    }
    if (auto* response = std::get_if<fetched>(&result)) {
        co_await digest(job, std::move(*response));
    } else {
        auto& failure = std::get<fetch_failure>(result);
        archive(job, std::move(failure.wire));
        if (first_error_.empty()) first_error_ = fmt::format("cannot fetch {}: {}", job.target.text(), failure.message);
        finished_record end{
            .id = job.id, .how = failure.how, .detail = std::move(failure.message), .took = failure.took};
        finished(job, {std::string(job.target.text()), job.depth, std::move(end), {}});
    }
    if (recorder_.is_due()) note_cookies();
    co_await recorder_.flush_if_due();
    frontier_.done(job.target);
    hosts_.end(job.target);
    start_visits(visits);
}

braid::task<fetch_result> crawler::obtain(url target) {
    auto refusal = co_await robots_.refusal(target);
    if (refusal) {
        refusal->took.reset();  // what took time was the robots.txt
        co_return std::move(*refusal);
    }
    if (pacer_.is_slow(target)) limit(target, 1);
    fetch_terms terms{.copy = recorder_.archives()};
    terms.unless = co_await recorder_.earlier_validators(std::string(target.text()));
    co_return co_await patient_.fetch(std::move(target), std::move(terms));
}

/// The visit that brought this about starts others, if it grew, when it ends.
void crawler::limit(const url& target, std::uint32_t fetches) {
    // Fetches that only wait for each other need not take the places of others.
    frontier_.limit(target, pacer_.is_slow(target) ? 1 : fetches);
}

/// Nobody reads more, and there may be a note for each of very many hosts. A robots.txt that is read again says what it
/// said before.
void crawler::note(std::string what) {
    std::vector<std::string>& notes = summary_.notes;
    if (notes.size() > most_notes || std::find(notes.begin(), notes.end(), what) != notes.end()) return;
    notes.push_back(notes.size() < most_notes ? std::move(what) : "there were further notes, which are left out");
}

/// What the database has of them is for the crawl that goes on after this one.
void crawler::note_cookies() {
    const cookie_jar& jar = fetcher_.cookies();
    if (!options_.cookies || jar.changes() == cookies_noted_) return;
    cookies_noted_ = jar.changes();
    recorder_.add(cookies_record{jar.all()});
}

void crawler::give_up_queued() {
    summary_.interrupted = stopping_ && frontier_.queued() > 0;
    summary_.outcomes[static_cast<std::size_t>(outcome::cancelled)] += frontier_.drain();
}

void crawler::complete_summary() {
    if (const std::string& why = parser_.sandbox_problem(); !why.empty() && can_sandbox()) {
        note(
            fmt::format("pages were parsed without a sandbox: the kernel refuses its filter of system calls: {}", why));
    }
    if (throttle_) {
        for (std::string& what : throttle_->notes()) note(std::move(what));
    }
    summary_.elapsed = std::chrono::steady_clock::now() - began_;
    summary_.parent_cpu = cpu_time(RUSAGE_SELF);
    summary_.worker_cpu = cpu_time(RUSAGE_CHILDREN);
}

/// Only what is in flight is looked at: there may be a million hosts.
std::vector<host_load> crawler::busiest_hosts() const {
    std::vector<host_load> all;
    hosts_.each_in_use([this, &all](const std::string& origin) {
        const host_state is = frontier_.state_of(origin);
        all.push_back({origin, is.in_flight, std::min<std::uint64_t>(is.limit, options_.concurrency), is.queued,
                       pacer_.delay_of(origin), is.done});
    });
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), most_hosts_told));
    // With a second criterion, so that those which have the same do not change places all the time.
    std::partial_sort(all.begin(), end, all.end(), [](const host_load& a, const host_load& b) {
        return a.to_do() != b.to_do() ? a.to_do() > b.to_do() : a.origin < b.origin;
    });
    all.erase(end, all.end());
    return all;
}

progress crawler::now() const {
    return {.pages = summary_.pages,
            .queued = frontier_.queued(),
            .in_flight = frontier_.in_flight(),
            .errors = errors_,
            .workers = parser_.workers(),
            .elapsed = std::chrono::steady_clock::now() - began_,
            .done = done_,
            .bytes = summary_.bytes,
            .received = received_,
            .connections = fetcher_.in_flight(),
            .hosts = hosts_.in_use(),
            .hosts_waiting = pacer_.waiting_sites(),
            .busiest = busiest_hosts(),
            .parsing = parser_.in_flight(),
            .stopping = stopping_,
            .last_error = last_error_};
}

std::string crawler::total_failure() const {
    const bool nothing = summary_.pages == 0 && summary_.resumed == 0 && !stopping_;
    return nothing ? first_error_ : std::string();
}

}  // namespace crawl
