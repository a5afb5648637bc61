#include "sqlite.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace crawl {
namespace {

// So long another program may hold the file: longer than a transaction takes.
constexpr int most_busy_ms = 5000;

bool may(const std::filesystem::path& path, int mode) {
    return faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0;
}

/// Why a file cannot be opened or written, in better words than SQLite's "unable to open"; empty if no reason is seen.
std::string_view why_unusable(const std::filesystem::path& path) {
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    std::error_code failed;
    if (std::filesystem::is_directory(path, failed)) return "it is a folder";
    if (failed == std::errc::permission_denied) return "no permission to enter its folder";
    if (!std::filesystem::is_directory(folder, failed)) return "its folder does not exist";
    if (may(path, F_OK) && !may(path, R_OK | W_OK)) return "no permission to write it";
    if (!may(folder, W_OK | X_OK)) return "no permission to write in its folder";
    return {};
}

}  // namespace

database::database(std::filesystem::path path) : path_(std::move(path)) {
    sqlite3* raw = nullptr;
    const int result =
        sqlite3_open_v2(path_.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    handle_.reset(raw);
    check(result, "open");
    sqlite3_extended_result_codes(raw, 1);
    sqlite3_busy_timeout(raw, most_busy_ms);
}

void database::execute(const std::string& sql) {
    check(sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr), "write");
}

std::int64_t database::query_integer(const std::string& sql) {
    statement query(*this, sql);
    if (!query.step()) fail("read", "no row");
    return query.integer(0);
}

void database::check(int result, std::string_view doing) const {
    if (result == SQLITE_OK || result == SQLITE_DONE || result == SQLITE_ROW) return;
    if (handle() == nullptr) fail(doing, sqlite3_errstr(result));
    switch (result & 0xFF) {
        case SQLITE_BUSY: fail(doing, "another program is using it");
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_IOERR:
            if (const std::string_view why = why_unusable(path_); !why.empty()) fail(doing, why);
            [[fallthrough]];
        default: fail(doing, sqlite3_errmsg(handle()));
    }
}

void database::fail(std::string_view doing, std::string_view why) const {
    throw store_error(fmt::format("cannot {} the database {}: {}", doing, path_.string(), why));
}

statement::statement(database& db, std::string_view sql) : db_(&db) {
    sqlite3_stmt* raw = nullptr;
    db.check(sqlite3_prepare_v3(db.handle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw,
                                nullptr),
             "read");
    handle_.reset(raw);
}

void statement::bind(int index, std::int64_t value) {
    db_->check(sqlite3_bind_int64(handle_.get(), index, value), "write");
}

void statement::bind(int index, double value) { db_->check(sqlite3_bind_double(handle_.get(), index, value), "write"); }

void statement::bind(int index, std::string_view text) {
    // SQLite takes a null pointer for NULL: an empty view may have one.
    const char* data = text.empty() ? "" : text.data();
    db_->check(sqlite3_bind_text64(handle_.get(), index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8), "write");
}

void statement::bind_null(int index) { db_->check(sqlite3_bind_null(handle_.get(), index), "write"); }

void statement::bind_nonempty(int index, std::string_view text) {
    if (text.empty()) {
        bind_null(index);
    } else {
        bind(index, text);
    }
}

void statement::run() {
    sqlite3_step(handle_.get());
    db_->check(sqlite3_reset(handle_.get()), "write");  // gives the error of the step
}

bool statement::step() {
    if (sqlite3_step(handle_.get()) == SQLITE_ROW) return true;
    db_->check(sqlite3_reset(handle_.get()), "read");
    return false;
}

void statement::reset() { db_->check(sqlite3_reset(handle_.get()), "read"); }
int statement::columns() const { return sqlite3_column_count(handle_.get()); }

std::string_view statement::name(int column) const { return sqlite3_column_name(handle_.get(), column); }

bool statement::is_null(int column) const { return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL; }

std::int64_t statement::integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }

std::string statement::text(int column) const {
    const unsigned char* data = sqlite3_column_text(handle_.get(), column);
    if (data == nullptr) return {};
    return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

}  // namespace crawl
