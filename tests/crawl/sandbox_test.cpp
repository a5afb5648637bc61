#include <doctest/doctest.h>

#include <crawl/crawler.hpp>
#include <crawl/sandbox.hpp>

#include <braid/core/spawn.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <vector>

#include "support/crawling.hpp"
#include "support/test_server.hpp"

using namespace crawl;
using namespace crawl::testing;
using namespace std::chrono_literals;

// What the workers run: a parser that pages have taken over.
namespace {

[[noreturn]] void refused(const char* what) { throw std::system_error(errno, std::system_category(), what); }

void open_file(const char* name, int how) {
    const int file = ::open(name, how | O_CLOEXEC, 0600);
    if (file < 0) refused("cannot open it");
    ::close(file);
}

// Not touched: pages would take more of the processor's time than a parser may.
void eat_memory() {
    std::vector<std::unique_ptr<char[]>> eaten;
    for (;;) eaten.push_back(std::make_unique_for_overwrite<char[]>(std::size_t{1} << 24U));
}

void run_program() {
    const char* const arguments[] = {"/bin/true", nullptr};
    ::execv(arguments[0], const_cast<char* const*>(arguments));
    refused("cannot execute it");
}

parsed_page taken_over(const document& doc) {
    const auto is = [&doc](const char* name) { return doc.url.ends_with(name); };
    if (is("/memory") && !has_sanitizers()) eat_memory();
    if (is("/read")) open_file("/etc/passwd", O_RDONLY);
    if (is("/write")) open_file("/tmp/crawl_sandbox_test", O_WRONLY | O_CREAT);
    if (is("/socket")) std::ignore = ::socket(AF_INET, SOCK_STREAM, 0);
    if (is("/exec")) run_program();
    if (is("/fork") && ::fork() < 0) refused("cannot fork");
    if (is("/parent") && ::kill(::getppid(), 0) != 0) refused("cannot signal it");
    for (volatile bool on = is("/spin"); on;) continue;
    return parse_page(doc);
}

/// Uses what a parser may.
parsed_page uses_threads(const document& doc) {
    parsed_page page;
    std::thread other([&] { page = parse_page(doc); });
    other.join();
    std::this_thread::sleep_for(1ms);
    return page;
}

const test_server::answer hostile_site = [](std::string_view target) -> reply {
    if (target == "/") {
        return {page({"memory", "read", "write", "socket", "exec", "fork", "parent", "spin", "good"})};
    }
    return {page({"end"})};
};

}  // namespace

TEST_SUITE("crawl/sandbox") {
    TEST_CASE("a page that takes the parser over costs itself, and gets at nothing") {
        if (!can_sandbox()) {
            MESSAGE("not shown: this kernel has no filters of system calls");
            return;
        }
        const auto adjust = [](options& o) {
            o.parse_memory = std::uint64_t{1} << 30U;
            o.parse_cpu = 500ms;
        };
        crawl_and_check(hostile_site, adjust, taken_over, [](const auto& pages, const summary& told) {
            const auto tells = [&pages](const char* target, const char* outcome, const char* words) {
                CAPTURE(target);
                CHECK(pages.at(target).outcome == outcome);
                CHECK_MESSAGE(pages.at(target).detail.find(words) != std::string::npos, pages.at(target).detail);
            };
            tells("/write", "parser failed", "Operation not permitted");
            tells("/parent", "parser failed", "Operation not permitted");
            tells("/socket", "parser crashed", "it tried what a parser may not do");
            tells("/exec", "parser crashed", "Bad system call");
            tells("/spin", "parser hung", "500 ms of CPU time");
            if (!has_sanitizers()) {
                tells("/memory", "parser failed", "more memory than a worker may have, which is 1024 MiB");
                tells("/read", "parser failed", "Operation not permitted");
                tells("/fork", "parser failed", "Operation not permitted");
            }
            CHECK(pages.at("/good").outcome == "fetched");
            CHECK(pages.at("/end").outcome == "fetched");
            CHECK(told.pages == 11);
        });
    }

    TEST_CASE("without the sandbox a parser may open files") {
        const auto adjust = [](options& o) { o.sandbox = false; };
        const test_server::answer site = [](std::string_view target) -> reply {
            return {page({target == "/" ? "read" : "/"})};
        };
        crawl_and_check(site, adjust, taken_over,
                        [](const auto& pages, const summary&) { CHECK(pages.at("/read").outcome == "fetched"); });
    }

    TEST_CASE("in the sandbox a parser may have threads and sleep") {
        const test_server::answer site = [](std::string_view) -> reply { return {page({"/"})}; };
        crawl_and_check(site, no_changes, uses_threads,
                        [](const auto& pages, const summary&) { CHECK(pages.at("/").outcome == "fetched"); });
    }

    TEST_CASE("in the sandbox pages in every charset of the web are read as they are outside") {
        const std::vector<std::string> charsets{"windows-1251", "shift_jis", "gb18030", "big5",       "euc-kr",
                                                "koi8-u",       "euc-jp",    "gbk",     "iso-8859-7", "windows-874"};
        const auto charset_of_page = [&](std::string_view target) {
            return charsets.at(std::stoul(std::string(target.substr(1))));
        };
        const auto body = std::string("<title>\xC4\xE3\xBA\xC3</title>");
        const test_server::answer site = [&](std::string_view target) -> reply {
            if (target != "/" && target != "/robots.txt") {
                return {response(200, "Content-Type: text/html; charset=" + charset_of_page(target) + "\r\n", body)};
            }
            return {page({"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"})};
        };
        const output_file file;
        braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
            std::ignore = co_await crawl_by(quick_options(server, file));
            for (std::size_t i = 0; i < charsets.size(); ++i) {
                const std::string url = server.url("/" + std::to_string(i));
                CAPTURE(charsets[i]);
                CHECK(query_text(file, "SELECT title FROM pages WHERE url = '" + url + "'") ==
                      parse_page({url, "text/html; charset=" + charsets[i], body}).title);
            }
        }));
    }
}
