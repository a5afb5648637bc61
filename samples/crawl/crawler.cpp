#include "crawler.hpp"

#include <braid/core/cpu_count.hpp>
#include <braid/version.hpp>

#include <fmt/format.h>
#include <sys/resource.h>

#include <functional>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>

#include "charset.hpp"
#include "fragments.hpp"
#include "hash.hpp"
#include "robots_directives.hpp"
#include "sandbox.hpp"
#include "sitemap.hpp"

namespace crawl {
namespace {

/// For files that are gone when the crawl is.
std::filesystem::path temporary_folder(const options& o) {
    const auto folder = o.output.parent_path();
    return folder.empty() ? "." : folder;
}

frontier_options limits_of(const options& o) {
    return {.max_pages = o.max_pages,
            .max_depth = o.max_depth,
            .max_redirects = o.max_redirects,
            .per_host = o.per_host,
            .obey_nofollow = !o.ignore_robots,
            .priority = o.priority,
            .traps = o.traps,
            .folder = temporary_folder(o)};
}

robots_options manners_of(const options& o) {
    return {.obey = !o.ignore_robots, .user_agent = o.user_agent, .longest_delay = o.longest_crawl_delay};
}

}  // namespace

patience_options patience_of(const options& o) {
    return {.attempts = o.retries + 1, .first_delay = o.retry_delay, .longest_wait = o.longest_retry_after};
}

fetch_options fetching_of(const options& o) {
    return {.connect_timeout = o.connect_timeout,
            .first_byte_timeout = o.first_byte_timeout,
            .idle_timeout = o.idle_timeout,
            .total_timeout = o.total_timeout,
            .max_body = o.max_body,
            .user_agent = o.user_agent,
            .headers = o.headers,
            .user = o.user,
            .homes = o.seeds,
            .cookies = o.cookies,
            .connecting = {.allow_private = o.allow_private,
                           .tls = {.verify = !o.insecure, .ca_file = o.ca_file},
                           .proxies = o.proxies},
            .temporary = temporary_folder(o)};
}

namespace {

parse_settings parsing_of(const options& o, page_parser with) {
    const int workers = o.workers != 0 ? static_cast<int>(o.workers) : braid::usable_cpus();
    if (with == nullptr) with = o.fragments ? parse_page_and_fragments : parse_page;
    return {.parse = with,
            .workers = workers,
            .timeout = o.parse_timeout,
            .cpu_time = o.parse_cpu,
            .memory = o.parse_memory,
            .sandbox = o.sandbox};
}

/// Of a crawl that is gone on with as much as its database knows of.
std::optional<json_lines> lines_of(const options& o, store& known) {
    if (o.jsonl.empty()) return std::nullopt;
    return std::optional<json_lines>(std::in_place, o.jsonl, known.files().lines);
}

/// The block of a warcinfo record.
std::string about_archive(const options& o) {
    return fmt::format(
        "software: braid crawl/{}\r\nformat: WARC File Format 1.1\r\n"
        "conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n"
        "robots: {}\r\nhttp-header-user-agent: {}\r\n",
        braid::version(), o.ignore_robots ? "ignore" : "obey", o.user_agent);
}

std::optional<archiver> archive_of(const options& o, store& known) {
    if (o.warc.empty()) return std::nullopt;
    const archive_options how{.file = o.warc, .kept = known.files().archive, .about = about_archive(o)};
    return std::optional<archiver>(std::in_place, how);
}

scope scope_of(const options& o) { return {o.seeds, {.all_hosts = o.all_hosts, .include_hosts = o.include_hosts}}; }

std::chrono::duration<double> cpu_time(int whose) {
    rusage usage{};
    getrusage(whose, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return std::chrono::duration<double>(seconds(usage.ru_utime) + seconds(usage.ru_stime));
}

/// A redirect as a reference from the URL that answered with it.
link redirect_link(const url& from, const std::string& location) {
    const url_result target = resolve(from, location);
    if (target) return {std::string(target->text()), link_kind::redirect, {}, false, false};
    const url_error& error = target.error();
    return {location, link_kind::redirect, error.message, error.why == url_error::fault::scheme, false};
}

}  // namespace

crawler::crawler(boost::asio::any_io_executor executor, const options& wanted, page_parser with)
    : options_(wanted),
      store_(options_.output, {.command = what_is_crawled(options_),
                               .restart = options_.restart,
                               .refresh = options_.refresh,
                               .archive = options_.warc.string()}),
      frontier_(scope_of(options_), limits_of(options_)),
      fetcher_(std::move(executor), fetching_of(options_)),
      pacer_(options_.delay),
      patient_(patience_of(options_), fetcher_, pacer_),
      robots_(
          manners_of(options_), patient_, pacer_,
          [this](std::string note) { summary_.notes.push_back(std::move(note)); },
          [this](const url& sitemap) { add_sitemap(sitemap); }),
      parser_(parsing_of(options_, with)),
      lines_(lines_of(options_, store_)),
      archive_(archive_of(options_, store_)),
      recorder_(store_, lines_ ? &*lines_ : nullptr, archive_ ? &*archive_ : nullptr) {
    summary_.output = options_.output.string();
    if (options_.sandbox && !can_sandbox()) {
        summary_.notes.emplace_back("this kernel has no filters of system calls: pages are parsed without a sandbox");
    }
}

braid::task<> crawler::run() {
    restore();
    co_await braid::with_task_group([this](braid::task_group& stages) -> braid::task<> {
        stages.start(&recorder::run, &recorder_);
        co_await crawl_all();
        give_up_queued();
        note_cookies();
        co_await recorder_.close();
    });
    co_await parser_.close();
    summary_.broken = co_await recorder_.finish(!summary_.interrupted);
    complete_summary();
}

void crawler::restore() {
    if (!store_.resumed()) return;
    if (options_.cookies) fetcher_.cookies().restore(store_.cookies());
    store_.each_known([this](const waiting_url& known, outcome how, std::optional<std::uint64_t> content_hash) {
        frontier_.restore(known, how);
        if (content_hash) std::ignore = frontier_.is_copy(known.text, *content_hash);
        if (how == outcome::pending || how == outcome::cancelled) return;
        ++summary_.outcomes[static_cast<std::size_t>(how)];
        ++summary_.resumed;
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
    for (const url& seed : options_.seeds) discovered(frontier_.add(seed, {}), seed.text(), {}, {});
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
        visits.start(&crawler::visit, this, std::ref(visits), std::move(*job));
    }
}

/// From the queue to the database. A visit that ends starts those that its links, or its end, made possible.
braid::task<> crawler::visit(braid::task_group& visits, fetch_job job) {
    fetch_result result = co_await obtain(job.target);
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
    start_visits(visits);
}

braid::task<fetch_result> crawler::obtain(url target) {
    auto refusal = co_await robots_.refusal(target);
    if (refusal) {
        refusal->took.reset();  // what took time was the robots.txt
        co_return std::move(*refusal);
    }
    // Fetches that only wait for each other need not take the places of others.
    if (pacer_.is_slow(target)) frontier_.one_at_a_time(target);
    fetch_terms terms{.copy = recorder_.archives()};
    terms.unless = co_await recorder_.earlier_validators(std::string(target.text()));
    co_return co_await patient_.fetch(std::move(target), std::move(terms));
}

braid::task<> crawler::digest(const fetch_job& job, fetched response) {
    constexpr int not_modified = 304;
    ++summary_.pages;
    summary_.bytes += response.body.size();
    if (response.status == not_modified && co_await keep_earlier(job, response)) co_return;
    finished_record end{.id = job.id,
                        .how = outcome::fetched,
                        .status = response.status,
                        .type = media_type(response.content_type),
                        .fetched_at = std::chrono::system_clock::now(),
                        .bytes = response.body.size(),
                        .received = response.received,
                        .took = response.took,
                        .known = std::move(response.known)};
    std::optional<parse_result> parsed;
    if (response.status / 100 == 2 && is_worth_parsing(job, end)) {
        document page{std::string(job.target.text()), std::move(response.content_type), std::move(response.body)};
        parsed = co_await parser_.parse(std::move(page));
    } else {
        end.content_hash = xxh64(response.body);
    }
    // From here on nothing suspends: a page is written with all its links or not at all.
    exported_page page{std::string(job.target.text()), job.depth, std::move(end), {}};
    if (parsed) take(job, std::move(*parsed), asks_nofollow(response.robots), page);
    if (!response.location.empty()) page.links.push_back(take_redirect(job, response.location));
    archive(job, std::move(response.wire));
    finished(job, std::move(page));
}

bool crawler::is_worth_parsing(const fetch_job& job, const finished_record& end) const {
    return can_refer(end.type) || (options_.sitemaps && may_be_sitemap(end.type, job.target.text()));
}

/// What has not changed is written again as it was, with its links, and what they lead to is asked for.
braid::task<bool> crawler::keep_earlier(const fetch_job& job, const fetched& response) {
    auto page = co_await recorder_.earlier(std::string(job.target.text()));
    if (!page) co_return false;
    found_all(job, page->links, asks_nofollow(response.robots), page->end.content_hash);
    if (options_.fragments) take_fragments(job, std::move(page->fragments));
    archive(job, response.wire);
    page->end.id = job.id;
    page->end.fetched_at = std::chrono::system_clock::now();
    page->end.took = response.took;
    page->end.received = response.received;
    if (!response.known.etag.empty()) page->end.known.etag = response.known.etag;
    if (!response.known.last_modified.empty()) page->end.known.last_modified = response.known.last_modified;
    ++summary_.unchanged;
    finished(job, {std::string(job.target.text()), job.depth, std::move(page->end), std::move(page->links),
                   std::move(page->extracts)});
    co_return true;
}

void crawler::take(const fetch_job& job, parse_result result, bool nofollow, exported_page& page) {
    finished_record& end = page.end;
    if (auto* failure = std::get_if<parse_failure>(&result)) {
        end.how = failure->how;
        end.detail = std::move(failure->message);
        return;
    }
    auto& parsed = std::get<parsed_page>(result);
    found_all(job, parsed.links, nofollow, parsed.content_hash);
    take_fragments(job, {std::move(parsed.places), std::move(parsed.fragments)});
    end.title = std::move(parsed.title);
    end.language = std::move(parsed.language);
    if (is_html(end.type)) end.text_length = parsed.text_length;
    end.content_hash = parsed.content_hash;
    end.simhash = parsed.simhash;
    page.links = std::move(parsed.links);
    page.extracts = std::move(parsed.extracts);
}

/// An index leads on to sitemaps as a redirect does: only so many times, and nobody has followed a link.
void crawler::found_all(const fetch_job& job, const std::vector<link>& references, bool nofollow,
                        std::optional<std::uint64_t> content) {
    const bool in_copy = content && frontier_.is_copy(job.target.text(), *content);
    for (const link& reference : references) {
        const bool leads_on = reference.kind == link_kind::sitemap_index;
        found(reference, job.id,
              {leads_on ? job.depth : job.depth + 1, leads_on ? job.redirects + 1 : 0, nofollow, in_copy});
    }
}

/// After its links, so that what the fragments are of is known.
void crawler::take_fragments(const fetch_job& job, page_places found) {
    for (std::string& name : found.places) recorder_.add(place_record{job.id, std::move(name)});
    for (linked_fragments& of : found.fragments) {
        // It is known, being the page itself or one that it links to: this only asks for its number, and must not admit
        // what is not to be followed.
        const added target = frontier_.add(link{of.url, link_kind::a, {}, false, true}, {job.depth + 1, 0, true});
        for (std::string& name : of.fragments) recorder_.add(fragment_record{job.id, target.id, std::move(name)});
    }
}

link crawler::take_redirect(const fetch_job& job, const std::string& location) {
    link there = redirect_link(job.target, location);
    const added target = found(there, job.id, {job.depth, job.redirects + 1});
    const std::size_t mark = location.find('#');
    if (options_.fragments && mark != std::string::npos) {
        auto fragment = fragment_to_find(std::string_view(location).substr(mark + 1));
        recorder_.add(fragment_record{job.id, target.id, std::move(fragment).value_or("")});
    }
    return there;
}

added crawler::found(const link& reference, url_id page, origin_of_link from) {
    added target = frontier_.add(reference, from);
    discovered(target, reference.url, from, reference.problem.empty() ? target.detail : reference.problem);
    recorder_.add(link_record{page, target.id, reference.kind, reference.nofollow || from.nofollow});
    return target;
}

void crawler::discovered(const added& what, std::string_view text, origin_of_link from, std::string detail) {
    if (!what.changed()) return;
    if (what.verdict != outcome::pending) ++summary_.outcomes[static_cast<std::size_t>(what.verdict)];
    if (what.is_new) {
        recorder_.add(
            discovered_record{what.id, std::string(text), from.depth, what.verdict, std::move(detail), from.redirects});
    } else {
        --summary_.outcomes[static_cast<std::size_t>(what.was)];
        recorder_.add(admitted_record{what.id, from.depth, from.redirects});
    }
}

void crawler::finished(const fetch_job& job, exported_page page) {
    const finished_record& end = page.end;
    ++summary_.outcomes[static_cast<std::size_t>(end.how)];
    if (end.how != outcome::fetched || end.status >= 400) ++errors_;
    for (const extract& found : page.extracts) recorder_.add(extract_record{job.id, found});
    recorder_.add(end);
    if (recorder_.exports()) recorder_.add(std::move(page));
}

void crawler::archive(const fetch_job& job, std::shared_ptr<const exchange> wire) {
    if (wire && recorder_.archives()) recorder_.add(archived_exchange{std::string(job.target.text()), std::move(wire)});
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
    summary_.elapsed = std::chrono::steady_clock::now() - began_;
    summary_.parent_cpu = cpu_time(RUSAGE_SELF);
    summary_.worker_cpu = cpu_time(RUSAGE_CHILDREN);
}

progress crawler::now() const {
    return {.pages = summary_.pages,
            .queued = frontier_.queued(),
            .in_flight = frontier_.in_flight(),
            .errors = errors_,
            .workers = parser_.workers(),
            .elapsed = std::chrono::steady_clock::now() - began_};
}

std::string crawler::total_failure() const { return summary_.pages == 0 && !stopping_ ? first_error_ : std::string(); }

}  // namespace crawl
