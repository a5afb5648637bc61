// How a crawl takes a file over, shares it with those who read, and comes to its end in it.

#include <crawl/store.hpp>

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <tuple>
#include <vector>

#include "support/temporary_folder.hpp"

namespace fs = std::filesystem;

namespace {

using namespace crawl;
using crawl::testing::temporary_folder;

constexpr auto start = "start http://h/\n";

std::vector<record> two_pages() {
    return {discovered_record{1, "http://h/", 0, outcome::pending, ""},
            discovered_record{2, "http://h/gone", 1, outcome::pending, ""}, link_record{1, 2, link_kind::a},
            finished_record{.id = 1, .how = outcome::fetched, .status = 200},
            finished_record{.id = 2, .how = outcome::fetched, .status = 404}};
}

std::string one(const fs::path& file, const std::string& sql) {
    database db(file);
    statement query(db, sql);
    return query.step() ? query.text(0) : "no row";
}

// In the process that is to be killed.
int statements_left = 0;

int count_statements(unsigned, void*, void*, void*) {
    if (--statements_left == 0) std::ignore = raise(SIGKILL);
    return 0;
}

int watch(sqlite3* opened, char**, const sqlite3_api_routines*) {
    return sqlite3_trace_v2(opened, SQLITE_TRACE_STMT, count_statements, nullptr);
}

/// Ends a crawl in a process of its own, which is killed at that statement of SQL. False if it has not so many.
bool is_killed_at_its_end(const fs::path& file, int statement) {
    const pid_t child = fork();
    if (child == 0) {
        try {
            sqlite3_auto_extension(reinterpret_cast<void (*)()>(watch));
            store s(file, {.command = start});
            auto records = two_pages();
            records.push_back(cookies_record{{{.name = "id", .value = "1", .domain = "h", .path = "/"}}});
            s.add(records);
            statements_left = statement;
            s.settle(true);
            std::ignore = s.find_broken();
            s.close(true);
            _exit(0);
        } catch (...) {
            _exit(1);
        }
    }
    int status = 0;
    waitpid(child, &status, 0);
    CHECK((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
    return WIFSIGNALED(status);
}

}  // namespace

TEST_SUITE("crawl/store_end") {
    TEST_CASE("others can read a file while a crawl writes it, and do not keep it from coming to its end") {
        const temporary_folder folder;
        const fs::path file = folder / "c.db";
        {
            store s(file);
            s.add(two_pages());
            CHECK(one(file, "SELECT count(*) FROM pages") == "2");
            database other(file);
            statement pages(other, "SELECT url FROM pages ORDER BY id");
            REQUIRE(pages.step());
            s.add(std::vector<record>{discovered_record{3, "http://h/3", 1, outcome::pending, ""}});
            s.finish();
            REQUIRE(pages.step());
            CHECK_FALSE(pages.step());
        }
        CHECK(one(file, "SELECT count(*) || complete FROM pages, crawl") == "31");
        CHECK_FALSE(fs::exists(file.string() + "-lock"));
    }

    TEST_CASE("a crawl that is killed in any step of its end is gone on with, as long as it is not complete") {
        int before = 0;
        int after = 0;
        for (int step = 1; before + after + 1 == step; ++step) {
            const temporary_folder folder;
            const fs::path file = folder / "c.db";
            if (!is_killed_at_its_end(file, step)) break;
            const bool complete = one(file, "SELECT complete FROM crawl") == "1";
            ++(complete ? after : before);
            CHECK(one(file, "SELECT count(*) FROM pages") == "2");
            CHECK(store(file, {.command = start}).resumed() != complete);
        }
        CHECK(before > 8);
        CHECK(after == 1);  // when the file is made to stand alone, which whoever opens it does as well
    }

    TEST_CASE("an earlier crawl stays in the file until the new one begins") {
        const temporary_folder folder;
        const fs::path file = folder / "c.db";
        {
            store s(file, {.command = start});
            s.add(two_pages());
            s.finish();
        }
        {
            const store s(file, {.command = "start http://new/\n", .on_hold = true});
            CHECK(s.replaced_earlier());
            CHECK(s.earlier_command() == start);
        }
        CHECK(one(file, "SELECT count(*) FROM pages") == "2");
        store s(file, {.on_hold = true});
        s.begin();
        CHECK(one(file, "SELECT count(*) FROM pages") == "0");
    }
}
