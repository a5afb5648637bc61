#include <crawl/options.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <initializer_list>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

namespace {

using namespace std::chrono_literals;

std::variant<crawl::options, crawl::early_exit> parse(std::initializer_list<const char*> arguments) {
    std::vector<const char*> argv{"crawl"};
    argv.insert(argv.end(), arguments);
    return crawl::parse_options(static_cast<int>(argv.size()), argv.data());
}

crawl::options good(std::initializer_list<const char*> arguments) {
    auto result = parse(arguments);
    if (const auto* stop = std::get_if<crawl::early_exit>(&result)) FAIL(stop->text);
    return std::get<crawl::options>(result);
}

/// The first line of the error.
std::string error_of(std::initializer_list<const char*> arguments) {
    const auto result = parse(arguments);
    const auto* stop = std::get_if<crawl::early_exit>(&result);
    if (stop == nullptr) return "no error";
    CHECK(stop->code == 2);
    return stop->text.substr(0, stop->text.find('\n'));
}

}  // namespace

TEST_SUITE("crawl/options") {
    TEST_CASE("a URL is enough, and the rest has its defaults") {
        const auto o = good({"http://Host"});
        REQUIRE(o.seeds.size() == 1);
        CHECK(o.seeds[0].text() == "http://host/");
        CHECK(o.output == "crawl.db");
        CHECK(o.concurrency == 64);
        CHECK(o.max_body == 64U << 20U);
        CHECK(o.headers.empty());
    }

    TEST_CASE("the name and the password in a start URL are for its host, and not part of what is crawled") {
        const auto o = good({"http://me:secret@a", "http://b"});
        REQUIRE(o.users.size() == 1);
        CHECK(o.users[0].first.text() == "http://a/");
        CHECK(o.users[0].second == "me:secret");
        CHECK(crawl::what_is_crawled(o) == crawl::what_is_crawled(good({"http://a", "http://b"})));
        CHECK(error_of({"http://me:secret@[a"}).find("secret") == std::string::npos);
    }

    TEST_CASE("pages are parsed in a sandbox, unless that is not wanted") {
        CHECK(good({"http://a"}).sandbox);
        const auto o = good({"http://a", "--no-sandbox", "--parse-memory", "512M", "--parse-cpu", "2s"});
        CHECK_FALSE(o.sandbox);
        CHECK(o.parse_memory == 512U << 20U);
        CHECK(o.parse_cpu == 2s);
    }

    TEST_CASE("a file of certificates to trust is taken if it is there") {
        const crawl::testing::temporary_folder folder;
        const std::string roots = folder / "roots.pem";
        const std::string missing = folder / "missing.pem";
        std::ofstream(roots) << "certificates are read when the crawl begins";
        CHECK(good({"http://a"}).ca_file.empty());
        const auto o = good({"--ca-file", roots.c_str(), "http://a"});
        CHECK(o.ca_file == roots);
        CHECK_FALSE(o.insecure);
        CHECK(o.seeds.size() == 1);
        CHECK(error_of({"http://a", "--ca-file", missing.c_str()}).find(missing) != std::string::npos);
    }

    TEST_CASE("pauses have their defaults, and each can be said") {
        const auto usual = good({"http://a"});
        CHECK(usual.delay == 0ms);
        CHECK(usual.longest_crawl_delay == 30s);
        CHECK(usual.longest_retry_after == 60s);
        const auto o = good({"http://a", "--delay", "250ms", "--max-crawl-delay", "5s", "--max-retry-after", "2m"});
        CHECK(o.delay == 250ms);
        CHECK(o.longest_crawl_delay == 5s);
        CHECK(o.longest_retry_after == 2min);
    }

    TEST_CASE("hosts that do not cope are throttled, unless that is not wanted") {
        CHECK(good({"http://a"}).throttle);
        CHECK_FALSE(good({"http://a", "--no-throttle"}).throttle);
    }

    TEST_CASE("what goes first or last may be named often, and a URL after it is one") {
        const auto o = good({"--first", "*/a/*", "--last", "*.pdf", "http://h", "--first", "*/b/*"});
        CHECK(o.priority.first == std::vector<std::string>{"*/a/*", "*/b/*"});
        CHECK(o.priority.last == std::vector<std::string>{"*.pdf"});
        CHECK(o.seeds.size() == 1);
        CHECK(crawl::what_is_crawled(o) != crawl::what_is_crawled(good({"http://h"})));
    }

    TEST_CASE("a header takes no more than its own argument") {
        const auto o = good({"-H", "X-A: 1", "http://h"});
        CHECK(o.headers.size() == 1);
        CHECK(o.seeds.size() == 1);
    }

    TEST_CASE("what is taken for a trap can be said") {
        const auto o = good({"http://a", "--max-copies", "5", "--max-parameters", "6", "--max-years-ahead", "7"});
        CHECK(o.traps.copies == 5);
        CHECK(o.traps.parameters == 6);
        CHECK(o.traps.years_ahead == 7);
        CHECK(error_of({"http://a", "--max-years-ahead", "-1"}).find("--max-years-ahead") != std::string::npos);
    }

    TEST_CASE("every option is understood, between the URLs too") {
        const auto o = good({"http://a", "-o",
                             "x.db",     "-c",
                             "3",        "--per-host",
                             "2",        "-w",
                             "4",        "--depth",
                             "0",        "--max-pages",
                             "10",       "--max-body",
                             "1.5M",     "--max-redirects",
                             "1",        "--connect-timeout",
                             "250ms",    "--first-byte-timeout",
                             "2",        "--timeout",
                             "2m",       "--parse-timeout",
                             "1.5s",     "--include-hosts",
                             "b,c:81",   "--all-hosts",
                             "-A",       "me",
                             "-H",       "X-A: 1",
                             "-H",       "X-B:2",
                             "-q",       "http://b"});
        CHECK(o.seeds.size() == 2);
        CHECK(o.output == "x.db");
        CHECK(o.concurrency == 3);
        CHECK(o.per_host == 2);
        CHECK(o.workers == 4);
        CHECK(o.max_depth == 0);
        CHECK(o.max_pages == 10);
        CHECK(o.max_body == 1'572'864);
        CHECK(o.max_redirects == 1);
        CHECK(o.connect_timeout == 250ms);
        CHECK(o.first_byte_timeout == 2s);
        CHECK(o.total_timeout == 2min);
        CHECK(o.parse_timeout == 1500ms);
        CHECK(o.include_hosts == std::vector<std::string>{"b", "c:81"});
        CHECK(o.all_hosts);
        CHECK(o.user_agent == "me");
        CHECK(o.headers == std::vector<std::pair<std::string, std::string>>{{"X-A", "1"}, {"X-B", "2"}});
        CHECK(o.quiet);
    }

    TEST_CASE("what is wrong is said with what was given") {
        CHECK(error_of({}) == "crawl: URL is required");
        CHECK(error_of({"localhost:8000"}) ==
              "crawl: URL: \"localhost:8000\" is not a URL to start from; did you mean http://localhost:8000 ?");
        CHECK(error_of({"http://h:99999"}) ==
              "crawl: URL: \"http://h:99999\" is not a URL: the port is not a number from 0 to 65535");
        CHECK(error_of({"ftp://h/"}) == "crawl: URL: ftp: is not a scheme that can be fetched");
        CHECK(error_of({"http://h", "--max-body", "ten"}) ==
              "crawl: --max-body: \"ten\" is not a size such as 500K, 10M or 2G");
        CHECK(error_of({"http://h", "--timeout", "0"}) ==
              "crawl: --timeout: \"0\" is not a duration above zero such as 250ms, 10s or 2m");
        CHECK(error_of({"http://h", "--header", "none"}) ==
              "crawl: --header: \"none\" is not of the form \"Name: value\"");
        CHECK(error_of({"http://h", "--header", "A: b\r\nC: d"}) ==
              "crawl: --header: the value of A has a control character");
        CHECK(error_of({"http://h", "-c", "0"}).find("--concurrency") != std::string::npos);
        CHECK(error_of({"http://h", "-c", "many"}).find("many") != std::string::npos);
        CHECK(error_of({"http://h", "--nonsense"}).find("--nonsense") != std::string::npos);
    }

    TEST_CASE("what goes with requests is checked before any is made") {
        const auto o = good({"http://h", "--user", "me:a:b", "--cookies", "--no-sitemaps", "--refresh"});
        CHECK(o.user == "me:a:b");
        CHECK(o.cookies);
        CHECK_FALSE(o.sitemaps);
        CHECK(o.refresh);
        CHECK(good({"http://h", "--refresh", "--fragments", "--warc", "a.warc.gz"}).warc == "a.warc.gz");
        CHECK(error_of({"http://h", "--user", "me"}) == "crawl: --user: it is not of the form NAME:PASSWORD");
        const char* const argv[] = {"crawl", "http://h"};
        const auto broken = [](const char* name) {
            return std::string(name) == "http_proxy" ? "socks5://me:pw@p" : nullptr;
        };
        const auto result = crawl::parse_options(2, argv, broken);
        REQUIRE(std::holds_alternative<crawl::early_exit>(result));
        CHECK(std::get<crawl::early_exit>(result).text ==
              "crawl: the environment's http_proxy names a proxy of the scheme socks5: only http is spoken with "
              "proxies\n");
    }

    TEST_CASE("help is asked for, and is no error") {
        const auto result = parse({"--help"});
        REQUIRE(std::holds_alternative<crawl::early_exit>(result));
        CHECK(std::get<crawl::early_exit>(result).code == 0);
        const std::string help = std::get<crawl::early_exit>(result).text;
        CHECK(help.find("--per-host") != std::string::npos);
        for (const char* group : {"Results", "Watching", "Limits", "Scope", "Politeness", "Safety", "Network"}) {
            CHECK_MESSAGE(help.find(std::string("\n") + group + ":\n") != std::string::npos, group);
        }
        for (const char* word : {"Exit status: 0", "goes on", "SIGUSR1"}) {
            CHECK_MESSAGE(help.find(word) != std::string::npos, word);
        }
    }

    TEST_CASE("sizes and durations have units") {
        CHECK(crawl::parse_size("1500") == 1500);
        CHECK(crawl::parse_size("2k") == 2048);
        CHECK(crawl::parse_size("1KiB") == 1024);
        CHECK(crawl::parse_size("1GB") == 1U << 30U);
        for (const char* bad : {"", "-1", "0", "1x", "1MM", "nan", "inf", "1e3", "99999999999G"}) {
            CAPTURE(bad);
            CHECK_THROWS_AS((void)crawl::parse_size(bad), std::invalid_argument);
        }
        CHECK(crawl::parse_duration("0.25") == 250ms);
        for (const char* bad : {"", "-1s", "0ms", "1h2", "s", "nan"}) {
            CAPTURE(bad);
            CHECK_THROWS_AS((void)crawl::parse_duration(bad), std::invalid_argument);
        }
    }
}
