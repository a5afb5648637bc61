#include "store.hpp"

#include <fmt/format.h>

#include <charconv>

#include "earlier_crawl.hpp"
#include "fragments.hpp"
#include "schema.hpp"

namespace crawl {
namespace {

void bind_optional(statement& to, int index, const std::optional<std::uint64_t>& value) {
    if (value) {
        to.bind(index, static_cast<std::int64_t>(*value));
    } else {
        to.bind_null(index);
    }
}

bool finds_fragments(const std::string& command) { return command.find("\nfragments\n") != std::string::npos; }

}  // namespace

std::string hash_text(std::uint64_t hash) { return fmt::format("{:016x}", hash); }

std::optional<std::uint64_t> parse_hash(std::string_view digits) {
    std::uint64_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, value, 16);
    if (digits.empty() || error != std::errc() || rest != end) return std::nullopt;
    return value;
}

store::store(const std::filesystem::path& path, store_options options) : db_(path) {
    claim(options);
    if (!resumed()) create_tables(options);
    if (earlier_crawl::is_in(db_)) refreshed_ = std::make_unique<earlier_crawl>(db_);
    insert_page_.emplace(
        db_, "INSERT INTO pages(id, url, depth, redirects, outcome, detail) VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
    admit_page_.emplace(
        db_, "UPDATE pages SET depth = ?2, redirects = ?3, outcome = 'pending', detail = NULL WHERE id = ?1");
    finish_page_.emplace(db_,
                         "UPDATE pages SET outcome = ?2, detail = ?3, status = ?4, type = ?5, title = ?6, "
                         "text_length = ?7, content_hash = ?8, fetched_at = ?9, bytes = ?10, received = ?11, "
                         "took_ms = ?12, etag = ?13, last_modified = ?14, language = ?15, simhash = ?16 WHERE id = ?1");
    insert_link_.emplace(db_, "INSERT INTO page_links(from_id, to_id, kind_id, nofollow) VALUES(?1, ?2, ?3, ?4)");
    insert_place_.emplace(db_, "INSERT INTO places(page_id, name) VALUES(?1, ?2)");
    insert_fragment_.emplace(db_,
                             "INSERT INTO fragment_links(from_id, to_id, fragment, decoded) VALUES(?1, ?2, ?3, ?4)");
    insert_extract_.emplace(db_, "INSERT INTO page_extracts(page_id, name, value) VALUES(?1, ?2, ?3)");
    insert_payload_.emplace(db_, "INSERT INTO archived_payloads(digest, url, date, record) VALUES(?1, ?2, ?3, ?4)");
    find_payload_.emplace(db_, "SELECT url, date, record FROM archived_payloads WHERE digest = ?1");
    set_files_.emplace(db_, "UPDATE crawl SET exported = ?1, archived = ?2");
}

store::~store() = default;

/// Makes sure that the file is empty or an earlier crawl's, and that nobody else is at it.
void store::claim(const store_options& options) {
    // Two crawls into one file would mix: the lock is taken by the first write and kept.
    db_.execute("PRAGMA locking_mode = EXCLUSIVE");
    db_.execute("BEGIN IMMEDIATE; COMMIT");
    found_ = what_is_there(options);
    db_.execute("PRAGMA journal_mode = WAL");
    // In WAL mode this risks the last moments on a power cut, never the soundness of the file.
    db_.execute("PRAGMA synchronous = NORMAL");
}

store::earlier store::what_is_there(const store_options& options) {
    if (db_.query_integer("SELECT count(*) FROM sqlite_schema") == 0) return earlier::none;
    if (db_.query_integer("PRAGMA application_id") != schema::application_id) {
        db_.fail("write", "it holds something else than a crawl, and is left as it is; choose another file");
    }
    // A crawl of a version that could not be gone on with has no such table.
    const bool resumable = db_.query_integer("SELECT count(*) FROM sqlite_schema WHERE name = 'crawl'") != 0;
    if (!resumable || options.restart) return earlier::to_drop;
    const std::int64_t version = db_.query_integer("PRAGMA user_version");
    statement query(db_, "SELECT command, complete FROM crawl");
    if (!query.step()) return earlier::to_drop;
    if (query.integer(1) != 0) {
        // Where nobody looked for places and fragments, every page has to be read again.
        const bool enough = !finds_fragments(options.command) || finds_fragments(query.text(0));
        return options.refresh && version == schema::version && enough ? earlier::to_refresh : earlier::to_drop;
    }
    if (version != schema::version) {
        db_.fail("write", fmt::format("it holds a crawl that is not complete, of another version of this program (its "
                                      "schema is {}, here it is {}); --restart to drop it, or choose another file",
                                      version, schema::version));
    }
    if (query.text(0) != options.command) {
        db_.fail("write",
                 "it holds a crawl that is not complete, of another start or other limits; give the same to go on with "
                 "it, --restart to drop it, or choose another file");
    }
    return earlier::to_go_on_with;
}

void store::create_tables(const store_options& options) {
    db_.execute("BEGIN IMMEDIATE");
    std::int64_t archived = 0;
    if (found_ == earlier::to_refresh) {
        {
            statement query(db_, "SELECT archived FROM crawl WHERE archive = ?1");
            query.bind(1, options.archive);
            if (query.step()) archived = query.integer(0);
        }
        earlier_crawl::set_aside(db_, archived != 0);
    }
    if (replaced_earlier()) schema::drop_all(db_);
    db_.execute(schema::create());
    {
        statement insert(db_, "INSERT INTO crawl(command, complete, archive, archived) VALUES(?1, 0, ?2, ?3)");
        insert.bind(1, options.command);
        insert.bind_nonempty(2, options.archive);
        insert.bind(3, archived);
        insert.run();
    }
    db_.execute("COMMIT");
}

void store::each_known(
    const std::function<void(const waiting_url&, outcome, std::optional<std::uint64_t> content_hash)>& take) {
    statement query(db_, "SELECT id, url, depth, redirects, outcome, content_hash FROM pages ORDER BY id");
    while (query.step()) {
        const std::string name = query.text(4);
        const auto how = outcome_of(name);
        if (!how) db_.fail("go on with", fmt::format("it has an outcome that is none: {}", name));
        take({static_cast<url_id>(query.integer(0)), static_cast<std::uint32_t>(query.integer(2)),
              static_cast<std::uint32_t>(query.integer(3)), query.text(1)},
             *how, parse_hash(query.text(5)));
    }
}

void store::add(std::span<const record> batch, bytes_beside files) {
    db_.execute("BEGIN");
    try {
        for (const record& r : batch) {
            std::visit([this](const auto& of_its_kind) { write(of_its_kind); }, r);
        }
        set_files_->bind(1, static_cast<std::int64_t>(files.lines));
        set_files_->bind(2, static_cast<std::int64_t>(files.archive));
        set_files_->run();
        db_.execute("COMMIT");
    } catch (const store_error&) {
        // The first error is the one to tell; when the disk is full SQLite has rolled back by itself.
        sqlite3_exec(db_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
        throw;
    }
}

bytes_beside store::files() {
    const auto bytes = [this](const char* sql) { return static_cast<std::uint64_t>(db_.query_integer(sql)); };
    return {bytes("SELECT exported FROM crawl"), bytes("SELECT archived FROM crawl")};
}

void store::finish(bool complete) {
    refreshed_.reset();
    if (complete) {
        earlier_crawl::drop(db_);
        drop_cookies();
        db_.execute("UPDATE crawl SET complete = 1");
    } else {
        db_.execute(fmt::format("UPDATE pages SET outcome = '{}' WHERE outcome = '{}'", to_string(outcome::cancelled),
                                to_string(outcome::pending)));
    }
    write_near_copies();
    db_.execute("CREATE INDEX IF NOT EXISTS pages_by_url ON pages(url)");
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
    db_.execute("PRAGMA journal_mode = DELETE");
}

void store::write(const discovered_record& r) {
    insert_page_->bind(1, static_cast<std::int64_t>(r.id));
    insert_page_->bind(2, r.url);
    insert_page_->bind(3, std::int64_t{r.depth});
    insert_page_->bind(4, std::int64_t{r.redirects});
    insert_page_->bind(5, to_string(r.verdict));
    insert_page_->bind_nonempty(6, r.detail);
    insert_page_->run();
}

void store::write(const admitted_record& r) {
    admit_page_->bind(1, static_cast<std::int64_t>(r.id));
    admit_page_->bind(2, std::int64_t{r.depth});
    admit_page_->bind(3, std::int64_t{r.redirects});
    admit_page_->run();
}

void store::write(const finished_record& r) {
    const std::string hash = r.content_hash ? hash_text(*r.content_hash) : std::string();
    const std::string when = r.fetched_at ? iso_time(*r.fetched_at) : std::string();
    finish_page_->bind(1, static_cast<std::int64_t>(r.id));
    finish_page_->bind(2, to_string(r.how));
    finish_page_->bind_nonempty(3, r.detail);
    if (r.status != 0) {
        finish_page_->bind(4, std::int64_t{r.status});
    } else {
        finish_page_->bind_null(4);
    }
    finish_page_->bind_nonempty(5, r.type);
    finish_page_->bind_nonempty(6, r.title);
    bind_optional(*finish_page_, 7, r.text_length);
    finish_page_->bind_nonempty(8, hash);
    finish_page_->bind_nonempty(9, when);
    bind_optional(*finish_page_, 10, r.bytes);
    bind_optional(*finish_page_, 11, r.received);
    if (r.took) {
        finish_page_->bind(12, std::chrono::duration<double, std::milli>(*r.took).count());
    } else {
        finish_page_->bind_null(12);
    }
    finish_page_->bind_nonempty(13, r.known.etag);
    finish_page_->bind_nonempty(14, r.known.last_modified);
    finish_page_->bind_nonempty(15, r.language);
    bind_optional(*finish_page_, 16, r.simhash);
    finish_page_->run();
}

void store::write(const link_record& r) {
    insert_link_->bind(1, static_cast<std::int64_t>(r.from));
    insert_link_->bind(2, static_cast<std::int64_t>(r.to));
    insert_link_->bind(3, std::int64_t{static_cast<std::uint8_t>(r.kind)});
    insert_link_->bind(4, std::int64_t{r.nofollow ? 1 : 0});
    insert_link_->run();
}

void store::write(const place_record& r) {
    insert_place_->bind(1, static_cast<std::int64_t>(r.page));
    insert_place_->bind(2, r.name);
    insert_place_->run();
}

void store::write(const fragment_record& r) {
    const std::string decoded = decoded_fragment(r.fragment);
    insert_fragment_->bind(1, static_cast<std::int64_t>(r.from));
    insert_fragment_->bind(2, static_cast<std::int64_t>(r.to));
    insert_fragment_->bind(3, r.fragment);
    insert_fragment_->bind(4, decoded);
    insert_fragment_->run();
}

void store::write(const extract_record& r) {
    insert_extract_->bind(1, static_cast<std::int64_t>(r.page));
    insert_extract_->bind(2, r.what.name);
    insert_extract_->bind(3, r.what.value);
    insert_extract_->run();
}

}  // namespace crawl
