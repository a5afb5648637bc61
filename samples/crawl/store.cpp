#include "store.hpp"

#include <fmt/format.h>

#include <charconv>
#include <system_error>
#include <utility>

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

store::store(const std::filesystem::path& path, store_options options) : options_(std::move(options)), db_(path) {
    claim();
    if (!options_.on_hold) begin();
}

store::~store() = default;

void store::begin() {
    if (std::exchange(begun_, true)) return;
    // Others may read while this writes.
    db_.execute("PRAGMA journal_mode = WAL");
    // In WAL mode this risks the last moments on a power cut, never the soundness of the file.
    db_.execute("PRAGMA synchronous = NORMAL");
    if (!resumed()) create_tables();
    if (earlier_crawl::is_in(db_)) refreshed_ = std::make_unique<earlier_crawl>(db_);
    prepare_statements();
}

void store::prepare_statements() {
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

/// Makes sure that the file is empty or an earlier crawl's, and that no other crawl is at it.
void store::claim() {
    db_.execute("BEGIN IMMEDIATE; COMMIT");  // fails where it cannot be written
    try {
        auto taken = file_lock::take(db_.path().string() + "-lock");
        if (taken) lock_.emplace(std::move(*taken));
    } catch (const std::system_error& e) {
        db_.fail("write", e.what());
    }
    if (!lock_) db_.fail("write", "another crawl is writing it");
    found_ = what_is_there();
}

store::earlier store::what_is_there() {
    if (db_.query_integer("SELECT count(*) FROM sqlite_schema") == 0) return earlier::none;
    if (db_.query_integer("PRAGMA application_id") != schema::application_id) {
        db_.fail("write", "it holds something else than a crawl, and is left as it is; choose another file");
    }
    // A crawl of a version that could not be gone on with has no such table.
    const bool resumable = db_.query_integer("SELECT count(*) FROM sqlite_schema WHERE name = 'crawl'") != 0;
    if (!resumable) return earlier::to_drop;
    const std::int64_t version = db_.query_integer("PRAGMA user_version");
    statement query(db_, "SELECT command, complete FROM crawl");
    if (!query.step()) return earlier::to_drop;
    const bool complete = query.integer(1) != 0;
    if (complete) earlier_command_ = query.text(0);
    if (options_.restart) return earlier::to_drop;
    if (complete) {
        // Where nobody looked for places and fragments, every page has to be read again.
        const bool enough = !finds_fragments(options_.command) || finds_fragments(query.text(0));
        return options_.refresh && version == schema::version && enough ? earlier::to_refresh : earlier::to_drop;
    }
    if (version != schema::version) {
        db_.fail("write", fmt::format("it holds a crawl that is not complete, of another version of this program (its "
                                      "schema is {}, here it is {}); --restart to drop it, or choose another file",
                                      version, schema::version));
    }
    if (query.text(0) != options_.command) {
        db_.fail("write",
                 "it holds a crawl that is not complete, of another start or other limits; give the same to go on with "
                 "it, --restart to drop it, or choose another file");
    }
    return earlier::to_go_on_with;
}

/// Bytes of the archive that a refresh goes on with.
std::int64_t store::archived_before() {
    if (found_ != earlier::to_refresh) return 0;
    statement query(db_, "SELECT archived FROM crawl WHERE archive = ?1");
    query.bind(1, options_.archive);
    return query.step() ? query.integer(0) : 0;
}

void store::create_tables() {
    db_.execute("BEGIN IMMEDIATE");
    const std::int64_t archived = archived_before();
    if (found_ == earlier::to_refresh) earlier_crawl::set_aside(db_, archived != 0);
    if (replaced_earlier()) schema::drop_all(db_);
    db_.execute(schema::create());
    {
        statement insert(db_, "INSERT INTO crawl(command, complete, archive, archived) VALUES(?1, 0, ?2, ?3)");
        insert.bind(1, options_.command);
        insert.bind_nonempty(2, options_.archive);
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
    db_.execute("BEGIN IMMEDIATE");
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
    if (!begun_ && !resumed()) return {0, static_cast<std::uint64_t>(archived_before())};
    const auto bytes = [this](const char* sql) { return static_cast<std::uint64_t>(db_.query_integer(sql)); };
    return {bytes("SELECT exported FROM crawl"), bytes("SELECT archived FROM crawl")};
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
