#include <crawl/store.hpp>

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "test_files.hpp"
#include "support/temporary_folder.hpp"

namespace fs = std::filesystem;

namespace {

using namespace crawl;
using crawl::testing::temporary_folder;

std::vector<record> sample() {
    const auto when = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'123));
    finished_record home{.id = 1,
                         .how = outcome::fetched,
                         .detail = {},
                         .status = 200,
                         .type = "text/html",
                         .title = "It's \"home\"",
                         .text_length = 12,
                         .content_hash = 0xabc,
                         .fetched_at = when,
                         .bytes = 99};
    finished_record gone{.id = 2,
                         .how = outcome::fetched,
                         .detail = {},
                         .status = 404,
                         .type = {},
                         .title = {},
                         .text_length = {},
                         .content_hash = {},
                         .fetched_at = when,
                         .bytes = 0};
    finished_record dead{.id = 3,
                         .how = outcome::network_error,
                         .detail = "connection refused",
                         .status = 0,
                         .type = {},
                         .title = {},
                         .text_length = {},
                         .content_hash = {},
                         .fetched_at = {},
                         .bytes = {}};
    return {discovered_record{1, "http://h/", 0, outcome::pending, ""},
            discovered_record{2, "http://h/gone", 1, outcome::pending, ""},
            discovered_record{3, "http://h/dead", 1, outcome::pending, ""},
            discovered_record{4, "http://other/", 1, outcome::out_of_scope, ""},
            discovered_record{5, "mailto:x", 1, outcome::bad_scheme, "mailto: is not fetched"},
            home,
            gone,
            dead,
            link_record{1, 2, link_kind::a},
            link_record{1, 2, link_kind::img},
            link_record{4, 2, link_kind::a},
            link_record{1, 3, link_kind::css_url},
            link_record{1, 1, link_kind::a}};
}

std::string one(const fs::path& file, const std::string& sql) {
    database db(file);
    statement query(db, sql);
    if (!query.step()) return "no row";
    return query.text(0);
}

std::string error_of(const fs::path& file) {
    try {
        store s(file);
    } catch (const store_error& e) {
        return e.what();
    }
    return "no error";
}

}  // namespace

TEST_SUITE("crawl/store") {
    TEST_CASE("what is added can be read back, and what was not fetched has its reason") {
        const temporary_folder folder;
        const fs::path file = folder / "c.db";
        {
            store s(file);
            CHECK_FALSE(s.replaced_earlier());
            s.add(sample());
            s.finish();
        }
        CHECK(one(file, "SELECT count(*) FROM pages") == "5");
        CHECK(one(file,
                  "SELECT url || status || type || title || text_length || content_hash || fetched_at || bytes "
                  "FROM pages WHERE id = 1") ==
              "http://h/200text/htmlIt's \"home\"120000000000000abc2023-11-14T22:13:20.123Z99");
        CHECK(one(file, "SELECT outcome || ', ' || detail FROM pages WHERE id = 3") ==
              "network error, connection refused");
        CHECK(one(file, "SELECT count(*) FROM pages WHERE status IS NULL AND outcome <> 'fetched'") == "3");
        CHECK(one(file,
                  "SELECT group_concat(\"from\" || '>' || \"to\" || ' ' || kind, ', ') FROM links WHERE kind <> 'a'") ==
              "http://h/>http://h/gone img, http://h/>http://h/dead css url");
        CHECK(one(file, "SELECT count(*) FROM broken_links WHERE target = 'http://h/gone' AND status = 404") == "3");
        CHECK_FALSE(fs::exists(file.string() + "-wal"));
    }

    TEST_CASE("broken links are told with each page that refers to them, once") {
        const temporary_folder folder;
        store s(folder / "c.db");
        auto records = sample();
        records.push_back(discovered_record{6, "http://h/start", 0, outcome::timed_out, ""});
        s.add(records);
        const auto all = s.find_broken();
        CHECK(all.count == 3);
        CHECK(all.fragments == 0);
        const auto& broken = all.first;
        REQUIRE(broken.size() == 3);
        CHECK(broken[0].target == "http://h/dead");
        CHECK(broken[0].reason == "network error: connection refused");
        CHECK(broken[1].reason == "404");
        CHECK(broken[1].referrers == std::vector<std::string>{"http://h/", "http://other/"});
        CHECK(broken[2].target == "http://h/start");
        CHECK(broken[2].referrers.empty());
    }

    TEST_CASE("an earlier crawl is replaced, and says so") {
        const temporary_folder folder;
        const fs::path file = folder / "c.db";
        {
            store s(file);
            s.add(sample());
            s.finish();
        }
        {
            store s(file);
            CHECK(s.replaced_earlier());
            s.add(std::vector<record>{discovered_record{1, "http://new/", 0, outcome::pending, ""}});
        }
        CHECK(one(file, "SELECT group_concat(url) FROM pages") == "http://new/");
        CHECK(one(file, "SELECT count(*) FROM page_links") == "0");
    }

    TEST_CASE("a file that is not a crawl is refused and left as it is") {
        const temporary_folder folder;
        const fs::path text = folder / "notes.txt";
        std::ofstream(text) << std::string(5000, 'x');
        CHECK(error_of(text) == "cannot write the database " + text.string() + ": file is not a database");
        CHECK(read_file(text) == std::string(5000, 'x'));

        const fs::path other = folder / "other.db";
        {
            database(other).execute("CREATE TABLE mine(x)");
        }
        const std::string before = read_file(other);
        CHECK(error_of(other) ==
              "cannot write the database " + other.string() +
                  ": it holds something else than a crawl, and is left as it is; choose another file");
        CHECK(read_file(other) == before);
    }

    TEST_CASE("a database that cannot be written is an error with its name and the reason") {
        const temporary_folder folder;
        const fs::path missing = folder / "no/such/c.db";
        CHECK(error_of(missing) == "cannot open the database " + missing.string() + ": its folder does not exist");
        const fs::path directory = folder / "";
        CHECK(error_of(directory) == "cannot open the database " + directory.string() + ": it is a folder");
        const fs::path locked = folder / "locked.db";
        {
            store s(locked);
        }
        fs::permissions(locked, fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
        fs::permissions(folder / ".", fs::perms(0555));
        const bool root = geteuid() == 0;  // who may write everywhere
        if (root) REQUIRE(seteuid(65534) == 0);
        const std::string no_write = error_of(locked);
        const std::string no_create = error_of(folder / "new.db");
        if (root) REQUIRE(seteuid(0) == 0);
        fs::permissions(folder / ".", fs::perms(0700));
        CHECK(no_write == "cannot write the database " + locked.string() + ": no permission to write it");
        CHECK(no_create ==
              "cannot open the database " + (folder / "new.db").string() + ": no permission to write in its folder");
    }

    TEST_CASE("two crawls cannot write one file") {
        const temporary_folder folder;
        const fs::path file = folder / "c.db";
        store first(file);
        CHECK(error_of(file).ends_with(file.string() + ": another crawl is writing it"));
        first.add(sample());
        CHECK(error_of(file).ends_with(file.string() + ": another crawl is writing it"));
    }

    TEST_CASE("a full disk is an error, and what was added before is still there") {
        const temporary_folder folder;
        const fs::path file = folder / "c.db";
        // No file of this process may grow beyond this; a write then fails as on a full disk, without the signal.
        const auto old_handler = signal(SIGXFSZ, SIG_IGN);
        rlimit before{};
        getrlimit(RLIMIT_FSIZE, &before);
        bool refused = false;
        {
            store s(file);
            s.add(sample());
            rlimit small{400'000, before.rlim_max};
            setrlimit(RLIMIT_FSIZE, &small);
            std::vector<record> many;
            for (url_id id = 10; id < 10'000; ++id) {
                many.emplace_back(discovered_record{id, "http://h/" + std::string(100, 'x'), 1, outcome::pending, ""});
            }
            try {
                s.add(many);
            } catch (const store_error& e) {
                refused = std::string(e.what()).find(file.string()) != std::string::npos;
            }
            setrlimit(RLIMIT_FSIZE, &before);
        }
        signal(SIGXFSZ, old_handler);
        CHECK(refused);
        CHECK(one(file, "SELECT count(*) FROM pages") == "5");
        CHECK(one(file, "PRAGMA integrity_check") == "ok");
    }

    TEST_CASE("a crawl that is killed leaves a sound database with what was added") {
        const temporary_folder folder;
        const fs::path file = folder / "c.db";
        int ends[2];
        REQUIRE(pipe(ends) == 0);
        const pid_t child = fork();
        if (child == 0) {
            try {
                store s(file);
                for (url_id id = 1;; id += 100) {
                    std::vector<record> batch;
                    for (url_id i = id; i < id + 100; ++i) {
                        batch.emplace_back(
                            discovered_record{i, "http://h/" + std::to_string(i), 1, outcome::pending, ""});
                    }
                    s.add(batch);
                    if (write(ends[1], "x", 1) != 1) _exit(1);
                }
            } catch (...) {
                _exit(1);
            }
        }
        char byte = 0;
        for (int batches = 0; batches < 50; ++batches) REQUIRE(read(ends[0], &byte, 1) == 1);
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        close(ends[0]);
        close(ends[1]);
        CHECK(WIFSIGNALED(status));
        CHECK(std::stoi(one(file, "SELECT count(*) FROM pages")) >= 5000);
        CHECK(std::stoi(one(file, "SELECT count(*) FROM pages")) % 100 == 0);
        CHECK(one(file, "PRAGMA integrity_check") == "ok");
        CHECK(store(file).resumed());
    }

    TEST_CASE("a crawl that is not complete is gone on with by the same command, and by no other") {
        const temporary_folder folder;
        const fs::path file = folder / "c.db";
        store(file, {.command = "this"}).add(sample());
        CHECK_THROWS_WITH_AS(store(file, {.command = "that"}), doctest::Contains("--restart to drop it"), store_error);
        {
            store again(file, {.command = "this"});
            CHECK(again.resumed());
            again.finish(false);
        }
        std::string known;
        {
            store stopped(file, {.command = "this"});
            CHECK(stopped.resumed());
            stopped.each_known([&known](const waiting_url& url, outcome how, auto) {
                known += url.text + " " + std::string(to_string(how)) + "\n";
            });
            stopped.add(std::vector<record>{admitted_record{4, 3, 2}});
        }
        CHECK(known ==
              "http://h/ fetched\nhttp://h/gone fetched\nhttp://h/dead network error\nhttp://other/ out of scope\n"
              "mailto:x bad scheme\n");
        CHECK(one(file, "SELECT outcome || depth || redirects FROM pages WHERE id = 4") == "pending32");
        CHECK(store(file, {.command = "that", .restart = true}).replaced_earlier());
        CHECK(one(file, "SELECT count(*) FROM pages") == "0");
    }

    TEST_CASE("a batch that fails leaves nothing of itself, and the next one is written") {
        const temporary_folder folder;
        store s(folder / "c.db");
        s.add(sample());
        const std::vector<record> twice{discovered_record{7, "http://h/7", 1, outcome::pending, ""},
                                        discovered_record{1, "http://h/", 0, outcome::pending, ""}};
        CHECK_THROWS_AS(s.add(twice), store_error);
        s.add(std::vector<record>{discovered_record{7, "http://h/7", 1, outcome::pending, ""}});
    }
}
