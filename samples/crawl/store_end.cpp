// How a crawl comes to its end in the database, step by step: whoever dies between two of them goes on.

#include <fmt/format.h>

#include "earlier_crawl.hpp"
#include "store.hpp"

namespace crawl {

void store::settle(bool all_done) {
    refreshed_.reset();
    if (!all_done) {
        db_.execute(fmt::format("UPDATE pages SET outcome = '{}' WHERE outcome = '{}'", to_string(outcome::cancelled),
                                to_string(outcome::pending)));
    }
    write_near_copies();
    db_.execute("CREATE INDEX IF NOT EXISTS pages_by_url ON pages(url)");
}

void store::close(bool complete) {
    forget_statements();
    if (complete) {
        // What the disk has no room for is told while it can still be gone on with.
        db_.execute("PRAGMA wal_checkpoint(PASSIVE)");
        mark_complete();
    }
    stand_alone();
}

/// With what goes when a crawl is complete, or not at all.
void store::mark_complete() {
    db_.execute("BEGIN IMMEDIATE");
    earlier_crawl::drop(db_);
    drop_cookies();
    db_.execute("UPDATE crawl SET complete = 1; COMMIT");
}

/// Writes what is still in the log to the file. Where others read it that cannot be, and need not: all is there, and
/// the last of them does it.
void store::stand_alone() noexcept {
    sqlite3_busy_timeout(db_.handle(), 0);
    sqlite3_exec(db_.handle(), "PRAGMA journal_mode = DELETE", nullptr, nullptr, nullptr);
}

void store::forget_statements() {
    insert_page_.reset();
    admit_page_.reset();
    finish_page_.reset();
    insert_link_.reset();
    insert_place_.reset();
    insert_fragment_.reset();
    insert_extract_.reset();
    insert_payload_.reset();
    find_payload_.reset();
    set_files_.reset();
}

}  // namespace crawl
