#pragma once
// Whole crawls of a server of the tests, and what they leave in the database.

#include <crawl/crawler.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "test_server.hpp"

namespace crawl::testing {

/// A database file of its own for each test.
struct output_file {
    std::filesystem::path path;
    output_file();
    output_file(const output_file&) = delete;
    output_file& operator=(const output_file&) = delete;
    ~output_file();
};

/// Crawls the server's front page and what it leads to.
[[nodiscard]] options quick_options(const test_server& server, const output_file& to);

/// The same with the server as a proxy for all of http, which is asked for whole URLs. So it can be any number of
/// hosts, and none of them has an address that would have to be allowed.
[[nodiscard]] options quick_options_by_proxy(const test_server& server, const output_file& to, const std::string& seed);

struct row {
    std::string outcome;
    std::string detail;
    std::int64_t status;
};

/// The rows of `pages` by the URL's target; by the URL if it is not of the server.
[[nodiscard]] std::map<std::string, row> pages_in(const output_file& file, const test_server& server);

/// The first column of the first row; "no row" if there is none.
[[nodiscard]] std::string query_text(const output_file& file, const std::string& sql);

/// Crawls by these options.
braid::task<summary> crawl_by(options how, page_parser parse = parse_page);

/// Crawls a server that answers so, and checks what is in the database.
void crawl_and_check(const test_server::answer& answer, const std::function<void(options&)>& adjust, page_parser parse,
                     const std::function<void(const std::map<std::string, row>&, const summary&)>& check);

inline void no_changes(options&) {}

}  // namespace crawl::testing
