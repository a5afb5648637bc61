#pragma once
// The command line.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "priority.hpp"
#include "proxy.hpp"
#include "traps.hpp"
#include "url.hpp"

namespace crawl {

struct options {
    std::vector<url> seeds{};                   ///< where the crawl starts
    std::filesystem::path output = "crawl.db";  ///< the SQLite file of results
    bool quiet = false;                         ///< no progress; errors and the summary stay
    bool json_progress = false;                 ///< progress for programs, see progress_json.hpp

    std::filesystem::path report{};  ///< an HTML file that shows the results; empty: none
    std::filesystem::path jsonl{};   ///< results as JSON Lines, too; empty: none
    std::filesystem::path warc{};    ///< requests and responses as a WARC file, too; empty: none
    bool fragments = false;          ///< also finds links to places that their page does not have
    bool fail_on_broken = false;     ///< an exit status of its own if there are broken links

    std::uint32_t concurrency = 64;  ///< fetches at a time, in all
    std::uint32_t per_host = 32;     ///< fetches at a time from one host and port
    /// Worker processes that parse; none given: one more than CPUs. 0: pages are parsed in the crawler, without sandbox
    /// or limits.
    std::optional<std::uint32_t> workers{};

    std::uint32_t max_depth = UINT32_MAX;       ///< links from a start URL
    std::uint64_t max_pages = UINT64_MAX;       ///< URLs fetched
    std::uint64_t max_body = 64 * 1024 * 1024;  ///< decoded bytes of one body
    std::uint32_t max_redirects = 10;           ///< in a row

    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds first_byte_timeout{30'000};  ///< from the request to the head of the response
    std::chrono::milliseconds idle_timeout{20'000};        ///< from one piece of a body to the next
    std::chrono::milliseconds total_timeout{120'000};      ///< of one fetch, from its start to the last byte
    std::chrono::milliseconds parse_timeout{30'000};       ///< of one page
    std::chrono::milliseconds parse_cpu{10'000};           ///< CPU time of one page
    std::uint64_t parse_memory = std::uint64_t{2} << 30U;  ///< bytes of address space of a worker that parses
    bool sandbox = true;                                   ///< those can neither open files nor talk to anybody

    bool refresh = false;  ///< asks servers for what has changed since the complete crawl in the file
    bool restart = false;  ///< drops a crawl in the file that is not complete, instead of going on with it

    std::vector<std::string> include_hosts{};  ///< hosts in scope beside those of the seeds, see scope.hpp
    bool all_hosts = false;
    bool allow_private = false;       ///< also addresses that are not of the public internet
    bool insecure = false;            ///< takes any certificate
    std::filesystem::path ca_file{};  ///< PEM: roots that are trusted beside the system's

    bool ignore_robots = false;                             ///< robots.txt, robots <meta>, nofollow
    bool throttle = true;                                   ///< fewer at a time from a host that does not cope
    std::chrono::milliseconds delay{0};                     ///< between the starts of two fetches from one host
    std::chrono::milliseconds longest_crawl_delay{30'000};  ///< that a robots.txt can ask for
    unsigned retries = 2;                                   ///< of a fetch that failed in passing
    std::chrono::milliseconds retry_delay{500};             ///< upper limit of the first pause, doubled for the next
    std::chrono::milliseconds longest_retry_after{60'000};  ///< that a server can ask for
    trap_limits traps{};
    priority_rules priority{};  ///< in which order

    std::string user_agent = "braid-crawl";
    std::vector<std::pair<std::string, std::string>> headers{};  ///< sent with every request; secret ones to seeds only
    std::string user{};                                          ///< NAME:PASSWORD, for the hosts of the seeds
    std::vector<std::pair<url, std::string>> users{};  ///< the same for the host of one seed, as its URL had it
    bool cookies = false;                              ///< keeps cookies until the crawl is complete, and sends them
    bool sitemaps = true;                              ///< reads those that a robots.txt names
    proxy_settings proxies{};
};

/// The command line asks for something else than a crawl, or is wrong.
struct early_exit {
    int code;          ///< 0 after --help
    std::string text;  ///< for standard output if the code is 0, else for standard error
};

[[nodiscard]] std::variant<options, early_exit> parse_options(int argc, const char* const* argv,
                                                              const environment_lookup& environment = {});

/// What somebody means who leaves out `http://`; empty if text that is no URL to start from is not that either.
[[nodiscard]] std::string url_that_was_meant(const std::string& text);

/// What these options crawl, as text: the start URLs, and all that decides which others belong to it. Equal text, equal
/// result; how fast and how carefully it is fetched is not in it.
[[nodiscard]] std::string what_is_crawled(const options& o);

/// A number of bytes: `1500`, `64K`, `10M`, `2G` (powers of 1,024; a final `B` or `iB` may follow).
/// Throws: std::invalid_argument with a message for the user.
[[nodiscard]] std::uint64_t parse_size(const std::string& text);

/// A duration above zero: `250ms`, `10s`, `2m`, or a number of seconds such as `1.5`.
/// Throws: std::invalid_argument with a message for the user.
[[nodiscard]] std::chrono::milliseconds parse_duration(const std::string& text);

}  // namespace crawl
