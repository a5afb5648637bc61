#include "settings.hpp"

#include <braid/core/cpu_count.hpp>
#include <braid/version.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace crawl {
namespace {

/// For files that are gone when the crawl is.
std::filesystem::path temporary_folder(const options& o) {
    const auto folder = o.output.parent_path();
    return folder.empty() ? "." : folder;
}

/// The block of a warcinfo record.
std::string about_archive(const options& o) {
    return fmt::format(
        "software: braid crawl/{}\r\nformat: WARC File Format 1.1\r\n"
        "conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n"
        "robots: {}\r\nhttp-header-user-agent: {}\r\n",
        braid::version(), o.ignore_robots ? "ignore" : "obey", o.user_agent);
}

}  // namespace

std::uint32_t most_per_host(const options& o) { return std::min(o.per_host, o.concurrency); }

frontier_options limits_of(const options& o) {
    return {.max_pages = o.max_pages,
            .max_depth = o.max_depth,
            .max_redirects = o.max_redirects,
            .per_host = o.throttle ? throttle::first_limit(most_per_host(o)) : o.per_host,
            .obey_nofollow = !o.ignore_robots,
            .priority = o.priority,
            .traps = o.traps,
            .folder = temporary_folder(o)};
}

robots_options manners_of(const options& o) {
    return {.obey = !o.ignore_robots, .user_agent = o.user_agent, .longest_delay = o.longest_crawl_delay};
}

patience_options patience_of(const options& o) {
    return {.attempts = o.retries + 1, .first_delay = o.retry_delay, .longest_wait = o.longest_retry_after};
}

std::optional<throttle> throttle_of(const options& o, std::function<void(const url&, std::uint32_t)> changed) {
    if (!o.throttle) return std::nullopt;
    return std::optional<throttle>(std::in_place, most_per_host(o), std::move(changed));
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
            .users = o.users,
            .homes = o.seeds,
            .cookies = o.cookies,
            .connecting = {.allow_private = o.allow_private,
                           .tls = {.verify = !o.insecure, .ca_file = o.ca_file},
                           .proxies = o.proxies},
            .temporary = temporary_folder(o)};
}

parse_settings parsing_of(const options& o, page_parser with, braid::line_callback heard) {
    // One more than CPUs: each waits for a moment while it is handed its next page.
    const int workers = o.workers ? static_cast<int>(*o.workers) : braid::usable_cpus() + 1;
    if (with == nullptr) with = o.fragments ? parse_page_and_fragments : parse_page;
    return {.parse = with,
            .workers = workers,
            .timeout = o.parse_timeout,
            .cpu_time = o.parse_cpu,
            .memory = o.parse_memory,
            .heard = std::move(heard),
            .sandbox = o.sandbox};
}

std::optional<json_lines> lines_of(const options& o, store& known) {
    if (o.jsonl.empty()) return std::nullopt;
    return std::optional<json_lines>(std::in_place, o.jsonl, known.files().lines);
}

std::optional<archiver> archive_of(const options& o, store& known) {
    if (o.warc.empty()) return std::nullopt;
    const archive_options how{.file = o.warc, .kept = known.files().archive, .about = about_archive(o)};
    return std::optional<archiver>(std::in_place, how);
}

scope scope_of(const options& o) { return {o.seeds, {.all_hosts = o.all_hosts, .include_hosts = o.include_hosts}}; }

}  // namespace crawl
