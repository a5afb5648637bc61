// What becomes of a response: its page is parsed, its links are followed, all of it is recorded.

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

#include "charset.hpp"
#include "crawler.hpp"
#include "fragments.hpp"
#include "hash.hpp"
#include "robots_directives.hpp"
#include "robots_rules.hpp"
#include "sitemap.hpp"
#include "url_text.hpp"

namespace crawl {
namespace {

/// A redirect as a reference from the URL that answered with it.
link redirect_link(const url& from, const std::string& location) {
    const url_result target = resolve(from, location);
    if (target) return {std::string(target->text()), link_kind::redirect, {}, false, false};
    const url_error& error = target.error();
    return {url_text::abridged(location), link_kind::redirect, error.message, error.why == url_error::fault::scheme,
            false};
}

}  // namespace

braid::task<> crawler::digest(const fetch_job& job, fetched response) {
    constexpr int not_modified = 304;
    ++summary_.pages;
    summary_.bytes += response.body.size();
    received_ += response.received;
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
    if (parsed) take(job, std::move(*parsed), asks_nofollow(response), page);
    if (!response.location.empty()) page.links.push_back(take_redirect(job, response.location));
    archive(job, std::move(response.wire));
    finished(job, std::move(page));
}

bool crawler::asks_nofollow(const fetched& response) const {
    return header_asks_nofollow(response.robots, product_token(options_.user_agent));
}

bool crawler::is_worth_parsing(const fetch_job& job, const finished_record& end) const {
    return can_refer(end.type) || (options_.sitemaps && may_be_sitemap(end.type, job.target.text()));
}

/// What has not changed is written again as it was, with its links, and what they lead to is asked for.
braid::task<bool> crawler::keep_earlier(const fetch_job& job, const fetched& response) {
    auto page = co_await recorder_.earlier(std::string(job.target.text()));
    if (!page) co_return false;
    found_all(job, page->links, asks_nofollow(response), page->end.content_hash);
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
    end.detail = std::move(parsed.left_out);
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
    note_redirect(job, target, there.url);
    const std::size_t mark = location.find('#');
    if (options_.fragments && mark != std::string::npos) {
        auto fragment = fragment_to_find(std::string_view(location).substr(mark + 1));
        recorder_.add(fragment_record{job.id, target.id, std::move(fragment).value_or("")});
    }
    return there;
}

/// A start that leads away leaves nothing to crawl, and nobody would know why.
void crawler::note_redirect(const fetch_job& job, const added& target, std::string_view where) {
    if (!starts_.contains(job.id)) return;
    starts_.insert(target.id);
    if (target.verdict != outcome::out_of_scope) return;
    const url_result there = parse_url(where);
    if (!there) return;
    note(fmt::format("{} redirects to {}, which is out of scope: start there, or give --include-hosts {}",
                     job.target.text(), where, there->authority()));
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
    ++done_;
    if (end.how != outcome::fetched || end.status >= 400) note_error(job, end);
    for (const extract& found : page.extracts) recorder_.add(extract_record{job.id, found});
    recorder_.add(end);
    if (recorder_.exports()) recorder_.add(std::move(page));
}

void crawler::note_error(const fetch_job& job, const finished_record& end) {
    ++errors_;
    last_error_ = {std::string(job.target.text()), end.detail};
    if (end.how == outcome::fetched) last_error_.why = std::to_string(end.status);
    if (last_error_.why.empty()) last_error_.why = to_string(end.how);
}

void crawler::archive(const fetch_job& job, std::shared_ptr<const exchange> wire) {
    if (wire && recorder_.archives()) recorder_.add(archived_exchange{std::string(job.target.text()), std::move(wire)});
}

}  // namespace crawl
