// What a crawl needs to be gone on with, beside its pages.

#include <fmt/format.h>

#include "store.hpp"

namespace crawl {

void store::write(const payload_record& r) {
    insert_payload_->bind(1, r.digest);
    insert_payload_->bind(2, r.url);
    insert_payload_->bind(3, r.date);
    insert_payload_->bind(4, r.record);
    insert_payload_->run();
}

std::optional<archived_payload> store::payload(const std::string& digest) {
    find_payload_->bind(1, digest);
    if (!find_payload_->step()) return std::nullopt;
    archived_payload found{digest, find_payload_->text(0), find_payload_->text(1), find_payload_->text(2)};
    find_payload_->reset();
    return found;
}

/// There are few, and they have an order.
void store::write(const cookies_record& r) {
    db_.execute("DELETE FROM cookies");
    statement insert(db_,
                     "INSERT INTO cookies(name, value, domain, path, host_only, secure, until) "
                     "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    for (const cookie& c : r.jar) {
        insert.bind(1, c.name);
        insert.bind(2, c.value);
        insert.bind(3, c.domain);
        insert.bind(4, c.path);
        insert.bind(5, std::int64_t{c.host_only ? 1 : 0});
        insert.bind(6, std::int64_t{c.secure ? 1 : 0});
        if (c.until == cookie_time::max()) {
            insert.bind_null(7);
        } else {
            insert.bind(7, std::int64_t{std::chrono::system_clock::to_time_t(c.until)});
        }
        insert.run();
    }
}

std::vector<cookie> store::cookies() {
    statement query(db_, "SELECT name, value, domain, path, host_only, secure, until FROM cookies ORDER BY rowid");
    std::vector<cookie> jar;
    while (query.step()) {
        jar.push_back({.name = query.text(0),
                       .value = query.text(1),
                       .domain = query.text(2),
                       .path = query.text(3),
                       .host_only = query.integer(4) != 0,
                       .secure = query.integer(5) != 0});
        if (!query.is_null(6)) jar.back().until = time_of_seconds(query.integer(6));
    }
    return jar;
}

/// They are secrets, and nobody goes on with a crawl that is complete: not even in free pages is anything left.
void store::drop_cookies() {
    if (db_.query_integer("SELECT count(*) FROM cookies") == 0) return;
    db_.execute("PRAGMA secure_delete = ON; DELETE FROM cookies; PRAGMA secure_delete = OFF");
}

}  // namespace crawl
