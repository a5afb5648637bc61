// What cannot be written is not fetched: a database that stands still holds the whole crawl.

#include <crawl/crawler.hpp>
#include <crawl/sqlite.hpp>

#include <doctest/doctest.h>

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/this_executor.hpp>

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>

#include "support/crawling.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;
using namespace std::chrono_literals;

namespace {

// While it is shut whoever wants something of a database waits. Threads: any.
std::atomic<bool> shut = false;

int wait_at_the_gate(unsigned, void*, void*, void*) {
    shut.wait(true);
    return 0;
}

void open_the_gate() {
    shut = false;
    shut.notify_all();
}

int put_up_a_gate(sqlite3* opened, char**, const sqlite3_api_routines*) {
    return sqlite3_trace_v2(opened, SQLITE_TRACE_STMT, wait_at_the_gate, nullptr);
}

/// Databases that are opened while this lives have the gate.
struct gated_databases {
    gated_databases() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(put_up_a_gate)); }
    gated_databases(const gated_databases&) = delete;
    gated_databases& operator=(const gated_databases&) = delete;
    ~gated_databases() {
        sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(put_up_a_gate));
        open_the_gate();
    }
};

constexpr int all_pages = 1000;
constexpr int links_of_a_page = 60;

/// Each page leads to as many others as the others do: to new ones, later to known ones.
reply page_of_site(std::string_view target) {
    const int number = std::atoi(std::string(target.substr(1)).c_str());
    std::string links;
    for (int i = 1; i <= links_of_a_page; ++i) {
        links += fmt::format("<a href='/{}'></a>", (number * links_of_a_page + i) % all_pages);
    }
    return {response(200, "Content-Type: text/html\r\n", links)};
}

/// Every visit waits for the database: none fetches or parses.
bool stands_still(const progress& now, std::size_t visits) {
    return now.in_flight == visits && now.connections == 0 && now.parsing == 0;
}

}  // namespace

TEST_SUITE("crawl/back-pressure") {
    TEST_CASE("while the database cannot be written the crawl holds no more pages than a few batches, then goes on") {
        const gated_databases gated;
        const output_file file;
        int served = 0;
        const test_server::answer site = [&served](std::string_view target) -> reply {
            if (target == "/robots.txt") return {response(404, "", "")};
            shut = served++ == 0 || shut;
            return page_of_site(target);
        };
        braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
            options o = quick_options(server, file);
            o.workers = 0;
            o.concurrency = 4;
            crawler crawling(co_await braid::this_executor(), o);
            int held = 0;
            co_await braid::with_task_group([&](braid::task_group& both) -> braid::task<> {
                both.start(&crawler::run, &crawling);
                while (!stands_still(crawling.now(), o.concurrency) && served < all_pages) {
                    co_await braid::sleep_for(1ms);
                }
                held = served;
                open_the_gate();
            });
            // Of a page there is a record, one for each of its links, and one for each URL that is new. There is a
            // batch of 1,024, and what one page brings beyond, in the hands of each visit, and one is collected, four
            // wait, and one is written.
            constexpr int most_records = (4 + 1 + 4 + 1) * (1024 + 1 + 2 * links_of_a_page);
            CHECK(held <= most_records / (1 + links_of_a_page));
            CHECK(served == all_pages + 1);
            CHECK(crawling.result().pages == all_pages + 1);
        }));
    }
}
