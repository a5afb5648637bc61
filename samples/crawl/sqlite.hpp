#pragma once
// SQLite's handles with C++ lifetimes, and its errors as exceptions that name the file.

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace crawl {

/// A database file could not be opened, read or written; the message names the file and the reason.
class store_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// An open database file. Threads: one at a time. Throws: store_error.
class database {
public:
    explicit database(std::filesystem::path path);

    void execute(const std::string& sql);
    [[nodiscard]] std::int64_t query_integer(const std::string& sql);

    /// Throws unless `result` says that all went well; `doing` completes "cannot ...".
    void check(int result, std::string_view doing) const;
    [[noreturn]] void fail(std::string_view doing, std::string_view why) const;

    [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    struct closer {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };
    std::filesystem::path path_;
    std::unique_ptr<sqlite3, closer> handle_;
};

/// A prepared statement. Text that is bound must live until the statement has run.
class statement {
public:
    statement(database& db, std::string_view sql);

    void bind(int index, std::int64_t value);
    void bind(int index, double value);
    void bind(int index, std::string_view text);
    void bind_null(int index);
    /// Binds text, or NULL if it is empty.
    void bind_nonempty(int index, std::string_view text);

    /// Runs a statement that gives no rows, and makes it ready for the next time.
    void run();
    /// The next row, if there is one; after the last the statement is ready again.
    [[nodiscard]] bool step();
    /// Makes ready for the next time what was not read to its end.
    void reset();
    [[nodiscard]] int columns() const;
    [[nodiscard]] std::string_view name(int column) const;
    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::string text(int column) const;

private:
    struct finalizer {
        void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
    };
    database* db_;
    std::unique_ptr<sqlite3_stmt, finalizer> handle_;
};

}  // namespace crawl
