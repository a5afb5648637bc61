#include "crawling.hpp"

#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>

#include <unistd.h>

#include <crawl/sqlite.hpp>

namespace crawl::testing {

output_file::output_file()
    : path(std::filesystem::temp_directory_path() / ("crawler_test." + std::to_string(::getpid()) + ".db")) {
    std::filesystem::remove(path);
}

output_file::~output_file() { std::filesystem::remove(path); }

options quick_options(const test_server& server, const output_file& to) {
    options o;
    o.seeds = {*parse_url(server.url("/"))};
    o.output = to.path;
    o.workers = 2;
    o.allow_private = true;
    o.retry_delay = std::chrono::milliseconds(1);
    return o;
}

options quick_options_by_proxy(const test_server& server, const output_file& to, const std::string& seed) {
    options o = quick_options(server, to);
    o.seeds = {*parse_url(seed)};
    o.allow_private = false;
    const std::string proxy = server.url("");
    o.proxies = proxy_settings(
        [&proxy](const char* name) { return std::string(name) == "http_proxy" ? proxy.c_str() : nullptr; });
    return o;
}

std::map<std::string, row> pages_in(const output_file& file, const test_server& server) {
    database db(file.path);
    statement query(db, "SELECT url, outcome, coalesce(detail, ''), coalesce(status, 0) FROM pages");
    std::map<std::string, row> pages;
    const std::string origin = server.url("");
    while (query.step()) {
        const std::string url = query.text(0);
        pages[url.starts_with(origin) ? url.substr(origin.size()) : url] = {query.text(1), query.text(2),
                                                                            query.integer(3)};
    }
    return pages;
}

std::string query_text(const output_file& file, const std::string& sql) {
    database db(file.path);
    statement query(db, sql);
    return query.step() ? query.text(0) : "no row";
}

braid::task<summary> crawl_by(options how, page_parser parse) {
    crawler crawling(co_await braid::this_executor(), how, parse);
    co_await crawling.run();
    co_return crawling.result();
}

void crawl_and_check(const test_server::answer& answer, const std::function<void(options&)>& adjust, page_parser parse,
                     const std::function<void(const std::map<std::string, row>&, const summary&)>& check) {
    const output_file file;
    const auto work = [&](test_server& server) -> braid::task<> {
        options o = quick_options(server, file);
        adjust(o);
        const summary told = co_await crawl_by(o, parse);
        check(pages_in(file, server), told);
    };
    braid::run_blocking(with_server(answer, work));
}

}  // namespace crawl::testing
