// What a crawl leaves in its WARC file.

#include <doctest/doctest.h>

#include <crawl/crawler.hpp>

#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>

#include <fmt/format.h>

#include <fstream>
#include <functional>
#include <map>
#include <string>

#include "support/crawling.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_server.hpp"
#include "support/warc_reader.hpp"

using namespace crawl;
using namespace crawl::testing;

namespace {

/// The responses and what stands for one, by target. Throws if there are two of one.
std::map<std::string, warc_entry> responses_in(const std::filesystem::path& file, const test_server& server) {
    std::map<std::string, warc_entry> found;
    for (warc_entry& entry : read_warc(file)) {
        if (entry.type() != "response" && entry.type() != "revisit") continue;
        const std::string target = entry.field("WARC-Target-URI").substr(server.url("").size());
        if (!found.emplace(target, std::move(entry)).second) throw std::runtime_error("twice: " + target);
    }
    return found;
}

options archiving(const test_server& server, const temporary_folder& folder) {
    options o;
    o.seeds = {*parse_url(server.url("/"))};
    o.output = folder / "crawl.db";
    o.warc = folder / "crawl.warc.gz";
    o.workers = 1;
    o.retries = 0;
    o.allow_private = true;
    return o;
}

/// Crawls a server that answers so.
void crawl_and_look(const test_server::answer& site, const std::function<void(options&)>& adjust,
                    const std::function<void(const std::filesystem::path&, test_server&)>& look) {
    const temporary_folder folder;
    braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
        options o = archiving(server, folder);
        adjust(o);
        co_await crawl_by(o);
        look(o.warc, server);
    }));
}

}  // namespace

TEST_SUITE("crawl/archive") {
    TEST_CASE("request and response are in the archive byte by byte, chunked and compressed as they came") {
        const std::string packed = gzip("<title>packed</title>");
        const std::string all =
            "HTTP/1.1 200 OK\r\nServer:  odd   \r\nContent-Type: text/html\r\ntransfer-ENCODING: chunked\r\n"
            "Content-Encoding: gzip\r\n\r\n3;x=y\r\n" +
            packed.substr(0, 3) + "\r\n00a\r\n" + packed.substr(3, 10) + "\r\n" +
            fmt::format("{:X}\r\n", packed.size() - 13) + packed.substr(13) + "\r\n0\r\nTrailer: x\r\n\r\n";
        const std::string front = response(200, "Content-Type: text/html\r\n", "<a href=packed></a>");
        std::string asked_for;
        const test_server::answer site = [&](const request& asked) -> reply {
            if (asked == "/robots.txt") return {response(404, "", "")};
            if (asked == "/packed") asked_for = asked.head;
            return {asked == "/packed" ? "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + all : front};
        };
        crawl_and_look(site, no_changes, [&](const std::filesystem::path& file, test_server& server) {
            const auto found = responses_in(file, server);
            REQUIRE(found.size() == 2);
            CHECK(found.at("/").block == front);
            CHECK(found.at("/packed").block == all);
            CHECK(found.at("/packed").field("WARC-Payload-Digest") == sha1_text(packed));
            CHECK(found.at("/packed").field("WARC-IP-Address") == "127.0.0.1");
            std::string request;
            for (const warc_entry& entry : read_warc(file)) {
                if (entry.field("WARC-Concurrent-To") == found.at("/packed").field("WARC-Record-ID"))
                    request = entry.block;
            }
            CHECK(!request.empty());
            CHECK(request == asked_for);
        });
    }

    TEST_CASE("a body that was not read to its end is marked with the reason") {
        const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 1500\r\n\r\n";
        const test_server::answer site = [&](std::string_view target) -> reply {
            if (target == "/") return {page({"large", "slow", "cut", "corrupt"})};
            if (target == "/large") return {response(200, "", std::string(3000, 'x'))};
            if (target == "/slow") return {head + "half", then::stall};
            if (target == "/cut") return {head + "half", then::close};
            if (target == "/corrupt") return {response(200, "Content-Encoding: gzip\r\n", "no gzip")};
            return {response(404, "", "")};
        };
        const auto adjust = [](options& o) {
            o.max_body = 2000;
            o.idle_timeout = std::chrono::milliseconds(50);
        };
        crawl_and_look(site, adjust, [&](const std::filesystem::path& file, test_server& server) {
            auto found = responses_in(file, server);
            REQUIRE(found.size() == 5);
            CHECK(found["/"].field("WARC-Truncated").empty());
            CHECK(found["/large"].field("WARC-Truncated") == "length");
            CHECK(found["/slow"].field("WARC-Truncated") == "time");
            CHECK(found["/slow"].block == head + "half");
            CHECK(found["/cut"].field("WARC-Truncated") == "disconnect");
            CHECK(found["/cut"].block == head + "half");
            CHECK(found["/corrupt"].field("WARC-Truncated") == "unspecified");
        });
    }

    TEST_CASE("the same payload under many URLs is in the archive once") {
        const std::string same(5000, 'x');
        const test_server::answer site = [&](std::string_view target) -> reply {
            if (target == "/") return {page({"a", "b", "c"})};
            return {target == "/robots.txt" ? response(404, "", "") : response(200, "", same)};
        };
        crawl_and_look(site, no_changes, [](const std::filesystem::path& file, test_server& server) {
            std::map<std::string, int> types;
            for (const auto& [target, entry] : responses_in(file, server)) ++types[entry.type()];
            const std::map<std::string, int> expected{{"response", 2}, {"revisit", 2}};
            CHECK(types == expected);
        });
    }

    TEST_CASE("a crawl that is gone on with cuts the archive back to what the database knows of") {
        crawler* running = nullptr;
        const std::string same(5000, 'x');
        const test_server::answer site = [&](std::string_view target) -> reply {
            if (target == "/robots.txt") return {response(404, "", "")};
            if (target == "/") return {page({"a", "b"})};
            running->stop();
            return {response(200, "", same)};
        };
        const temporary_folder folder;
        braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
            options o = archiving(server, folder);
            o.concurrency = 1;
            for (int runs = 0; runs < 2; ++runs) {
                crawler crawling(co_await braid::this_executor(), o);
                running = &crawling;
                co_await crawling.run();
                // As if it had been killed before the database knew of these.
                if (crawling.result().interrupted) std::ofstream(o.warc, std::ios::app) << "half a record";
            }
            const auto found = responses_in(o.warc, server);
            CHECK(found.size() == 3);
            CHECK(found.at("/b").type() == "revisit");
            CHECK(found.at("/b").field("WARC-Refers-To") == found.at("/a").field("WARC-Record-ID"));
        }));
    }

    TEST_CASE("a refresh goes on with the archive of what it refreshes, and another file begins anew") {
        const std::string large = "<a href=a></a>" + std::string(5000, 'x');
        const test_server::answer site = [&](const request& asked) -> reply {
            if (asked == "/robots.txt") return {response(404, "", "")};
            if (asked.header("If-None-Match") == "\"1\"") return {"HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n"};
            return {response(200, asked == "/" ? "Content-Type: text/html\r\nETag: \"1\"\r\n" : "", large)};
        };
        const temporary_folder folder;
        braid::run_blocking(with_server(site, [&](test_server& server) -> braid::task<> {
            options o = archiving(server, folder);
            co_await crawl_by(o);
            const auto before = read_warc(o.warc);
            o.refresh = true;
            co_await crawl_by(o);
            auto both = read_warc(o.warc);
            REQUIRE(both.size() == before.size() + 4);
            for (std::size_t i = 0; i < before.size(); ++i) CHECK(both[i].fields == before[i].fields);
            std::map<std::string, warc_entry> later;
            for (std::size_t i = before.size(); i < both.size(); i += 2) {
                later[both[i].field("WARC-Target-URI").substr(server.url("").size())] = both[i];
            }
            CHECK(later["/"].field("WARC-Profile") == "http://netpreserve.org/warc/1.1/revisit/server-not-modified");
            CHECK(later["/"].field("WARC-Refers-To-Target-URI") == server.url("/"));
            CHECK(later["/a"].field("WARC-Profile") ==
                  "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest");
            o.warc = folder / "other.warc.gz";
            co_await crawl_by(o);
            const auto other = responses_in(o.warc, server);
            CHECK(other.at("/").type() == "revisit");
            CHECK(other.at("/a").type() == "response");
        }));
    }
}
