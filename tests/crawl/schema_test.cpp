#include <crawl/schema.hpp>
#include <crawl/store.hpp>

#include <doctest/doctest.h>

#include <regex>
#include <string>
#include <vector>

#include "test_files.hpp"
#include "support/temporary_folder.hpp"

namespace {

using namespace crawl;
using namespace std::chrono_literals;
using crawl::testing::temporary_folder;
using strings = std::vector<std::string>;

discovered_record seen(url_id id, std::string path, outcome verdict = outcome::pending) {
    return {id, "http://h/" + std::move(path), 1, verdict, ""};
}

finished_record answered(url_id id, int status, std::uint64_t bytes = 0, std::uint64_t hash = 0,
                         std::chrono::microseconds took = 1ms) {
    finished_record r{.id = id, .how = outcome::fetched, .status = status, .type = "text/html"};
    r.content_hash = hash;
    r.bytes = bytes;
    r.received = bytes / 2;
    r.took = took;
    return r;
}

finished_record failed(url_id id, outcome how, std::string detail) {
    return {.id = id, .how = how, .detail = std::move(detail), .took = 30s};
}

/// The rows, columns joined by a space, NULL written so.
strings rows(database& db, const std::string& sql) {
    statement query(db, sql);
    strings all;
    while (query.step()) {
        std::string row;
        for (int i = 0; i < query.columns(); ++i) {
            row += (i > 0 ? " " : "") + (query.is_null(i) ? std::string("NULL") : query.text(i));
        }
        all.push_back(std::move(row));
    }
    return all;
}

/// A crawl's database that holds these records.
struct crafted {
    temporary_folder folder;
    database db;

    explicit crafted(const std::vector<record>& records) : db(filled(folder / "c.db", records)) {}

    static std::filesystem::path filled(std::filesystem::path file, const std::vector<record>& records) {
        store s(file);
        s.add(records);
        s.finish();
        return file;
    }
};

}  // namespace

TEST_SUITE("crawl/schema") {
    TEST_CASE("a broken page is told with each page that refers to it, by way of redirects too") {
        crafted crawl({seen(1, ""), seen(2, "old"), seen(3, "older"), seen(4, "gone"), seen(5, "dead"),
                       answered(1, 200), answered(2, 301), answered(3, 302), answered(4, 404),
                       failed(5, outcome::network_error, "refused"), link_record{1, 3, link_kind::a},
                       link_record{1, 4, link_kind::img}, link_record{3, 2, link_kind::redirect},
                       link_record{2, 4, link_kind::redirect}});
        CHECK(rows(crawl.db, "SELECT target, status, referrer, kind, via FROM broken_links ORDER BY 1, 3, 4") ==
              strings{"http://h/dead NULL NULL NULL NULL", "http://h/gone 404 http://h/ a http://h/older",
                      "http://h/gone 404 http://h/ img NULL", "http://h/gone 404 http://h/old redirect NULL"});
    }

    TEST_CASE("a redirect is told with where it ends, and one in a circle ends nowhere") {
        crafted crawl({seen(1, "a"), seen(2, "b"), seen(3, "end"), seen(4, "x"), seen(5, "y"), seen(6, "self"),
                       answered(1, 301), answered(2, 302), answered(3, 200), answered(4, 307), answered(5, 308),
                       answered(6, 301), link_record{1, 2, link_kind::redirect}, link_record{2, 3, link_kind::redirect},
                       link_record{4, 5, link_kind::redirect}, link_record{5, 4, link_kind::redirect},
                       link_record{6, 6, link_kind::redirect}, link_record{3, 1, link_kind::a}});
        CHECK(rows(crawl.db, "SELECT \"from\", status, \"to\", final, final_status, hops FROM redirects ORDER BY 1") ==
              strings{"http://h/a 301 http://h/b http://h/end 200 2", "http://h/b 302 http://h/end http://h/end 200 1",
                      "http://h/self 301 http://h/self NULL NULL NULL", "http://h/x 307 http://h/y NULL NULL NULL",
                      "http://h/y 308 http://h/x NULL NULL NULL"});
    }

    TEST_CASE("duplicates are what has the same content, not what is broken, redirects or empty in the same way") {
        crafted crawl({seen(1, "a"), seen(2, "b"), seen(3, "c"), seen(4, "4"), seen(5, "5"), seen(6, "6"), seen(7, "7"),
                       answered(1, 200, 10, 1), answered(2, 200, 10, 1), answered(3, 200, 20, 2),
                       answered(4, 404, 5, 3), answered(5, 404, 5, 3), answered(6, 200, 0, 4), answered(7, 200, 0, 4)});
        CHECK(rows(crawl.db, "SELECT * FROM duplicates") ==
              strings{"0000000000000001 2 10 http://h/a", "0000000000000001 2 10 http://h/b"});
    }

    TEST_CASE("the slowest and the largest come first, also those that failed") {
        crafted crawl({seen(1, "fast"), seen(2, "slow"), seen(3, "late"), seen(4, "never", outcome::out_of_scope),
                       answered(1, 200, 100, 1, 1500us), answered(2, 200, 10, 2, 2s),
                       failed(3, outcome::timed_out, "after 30 s")});
        CHECK(rows(crawl.db, "SELECT url, took_ms, outcome FROM slowest_pages") ==
              strings{"http://h/late 30000.0 timed out", "http://h/slow 2000.0 fetched", "http://h/fast 1.5 fetched"});
        CHECK(rows(crawl.db, "SELECT url, bytes, received FROM largest_pages") ==
              strings{"http://h/fast 100 50", "http://h/slow 10 5"});
        CHECK(rows(crawl.db, "SELECT * FROM sizes") == strings{"text/html 2 110 55 55.0 100"});
        CHECK(rows(crawl.db, "SELECT * FROM response_times") == strings{"3 1", "3000 1", "30000 1"});
        CHECK(rows(crawl.db, "SELECT * FROM depths") == strings{"1 2"});
        CHECK(rows(crawl.db, "SELECT * FROM outcomes") ==
              strings{"fetched 200 2", "out of scope NULL 1", "timed out NULL 1"});
    }

    TEST_CASE("a fragment is broken unless its page has the place, under either spelling") {
        finished_record page = answered(2, 200);
        page.text_length = 1;
        finished_record image = answered(3, 200);
        crafted crawl({seen(1, ""), seen(2, "page"), seen(3, "image"), answered(1, 200), page, image,
                       place_record{2, "here"}, place_record{2, "a b"}, place_record{2, "%41"},
                       fragment_record{1, 2, "here"}, fragment_record{1, 2, "a%20b"}, fragment_record{1, 2, "%41"},
                       fragment_record{1, 2, "gone"}, fragment_record{2, 2, "Here"}, fragment_record{1, 3, "any"}});
        CHECK(rows(crawl.db, "SELECT * FROM broken_fragments ORDER BY fragment") ==
              strings{"http://h/page Here http://h/page NULL", "http://h/page gone http://h/ NULL"});
    }

    TEST_CASE("a fragment goes on with a redirect, which may replace it") {
        finished_record page = answered(4, 200);
        page.text_length = 1;
        crafted crawl({seen(1, ""),
                       seen(2, "keeps"),
                       seen(3, "replaces"),
                       seen(4, "page"),
                       seen(5, "to_top"),
                       answered(1, 200),
                       answered(2, 301),
                       answered(3, 301),
                       answered(5, 301),
                       page,
                       place_record{4, "here"},
                       link_record{2, 4, link_kind::redirect},
                       link_record{3, 4, link_kind::redirect},
                       link_record{5, 2, link_kind::redirect},
                       fragment_record{3, 4, "other"},
                       fragment_record{5, 2, ""},
                       fragment_record{1, 2, "here"},
                       fragment_record{1, 2, "gone"},
                       fragment_record{1, 3, "here"},
                       fragment_record{1, 5, "gone"}});
        CHECK(rows(crawl.db, "SELECT * FROM broken_fragments ORDER BY fragment, referrer") ==
              strings{"http://h/page gone http://h/ http://h/keeps", "http://h/page other http://h/ http://h/replaces",
                      "http://h/page other http://h/replaces NULL"});
    }

    TEST_CASE("README.md names every table, view and column, and its questions have answers") {
        const std::string readme = read_file(CRAWL_README);
        crafted crawl({seen(1, ""), answered(1, 200)});
        for (const std::string& name :
             rows(crawl.db, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")) {
            CHECK_MESSAGE(readme.find("`" + name + "`") != std::string::npos, name);
            for (const std::string& column : rows(crawl.db, "SELECT name FROM pragma_table_info('" + name + "')")) {
                CHECK_MESSAGE(readme.find("`" + column + "`") != std::string::npos, name, ".", column);
            }
        }
        CHECK(readme.find("is described here: " + std::to_string(schema::version) + ".") != std::string::npos);
        const std::regex question("\n(SELECT [^;]*);");
        std::size_t asked = 0;
        for (std::sregex_iterator q(readme.begin(), readme.end(), question), end; q != end; ++q, ++asked) {
            CHECK_NOTHROW(static_cast<void>(rows(crawl.db, (*q)[1])));
        }
        CHECK(asked >= 5);
    }

    TEST_CASE("a crawl of another version is replaced if it is complete, and refused if it is not") {
        for (const bool complete : {true, false}) {
            const temporary_folder folder;
            const auto file = folder / "c.db";
            {
                store s(file, {.command = "this"});
                s.finish(complete);
            }
            // As the first version left it: no version, fewer columns, other views.
            database(file).execute("PRAGMA user_version = 0; DROP VIEW sizes; CREATE VIEW earlier AS SELECT 1");
            if (complete) {
                CHECK(store(file, {.command = "this"}).replaced_earlier());
                database db(file);
                CHECK(rows(db, "SELECT name FROM sqlite_schema WHERE name IN ('earlier', 'sizes')") ==
                      strings{"sizes"});
            } else {
                CHECK_THROWS_WITH_AS(store(file, {.command = "this"}),
                                     doctest::Contains("of another version of this program"), store_error);
                CHECK(store(file, {.command = "this", .restart = true}).replaced_earlier());
            }
        }
    }

    TEST_CASE("a page of almost the same text is told with the first such page") {
        const auto of_text = [](url_id id, std::uint64_t hash, std::uint64_t simhash) {
            finished_record r = answered(id, 200, 100, hash);
            r.simhash = simhash;
            return r;
        };
        // The sign bit too: SQLite's numbers have one.
        constexpr std::uint64_t text = 0xf0f0f0f0f0f0f0f0U;
        crafted crawl({seen(1, "a"), seen(2, "b"), seen(3, "c"), seen(4, "d"), of_text(1, 1, text),
                       of_text(2, 2, text ^ 0x8000000000000001U), of_text(3, 1, text), of_text(4, 4, ~text)});
        CHECK(rows(crawl.db, "SELECT url, \"of\", distance FROM near_duplicates") ==
              strings{"http://h/b http://h/a 2"});
    }

    TEST_CASE("what a user's parser found is told with its page") {
        crafted crawl({seen(1, "a"), answered(1, 200), extract_record{1, {"price", "3 EUR"}},
                       extract_record{1, {"price", "4 EUR"}}});
        CHECK(rows(crawl.db, "SELECT url, name, value FROM extracts") ==
              strings{"http://h/a price 3 EUR", "http://h/a price 4 EUR"});
    }
}
