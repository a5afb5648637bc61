#include "archiver.hpp"

#include <utility>

#include "iso_time.hpp"
#include "warc_record.hpp"

namespace crawl {
namespace {

constexpr int not_modified = 304;
constexpr std::string_view same_payload = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest";
constexpr std::string_view unchanged = "http://netpreserve.org/warc/1.1/revisit/server-not-modified";

std::string digest_of(const wire_copy& bytes, std::uint64_t first) {
    sha1 digest;
    bytes.each_piece([&digest](std::string_view piece) { digest.update(piece); }, first);
    return digest.finish();
}

std::string digest_of(std::string_view bytes) {
    sha1 digest;
    digest.update(bytes);
    return digest.finish();
}

}  // namespace

archiver::archiver(const archive_options& options) : file_(options.file, options.kept) {
    if (options.kept == 0) about_ = options.about;
}

void archiver::start() {
    file_.start();
    if (const auto about = std::exchange(about_, std::nullopt)) write_about(*about);
}

std::vector<archived_payload> archiver::write(std::span<const archived_exchange> what, const lookup& known) {
    start();
    fresh_.clear();
    for (const archived_exchange& one : what) write_request(one, write_response(one, known));
    std::vector<archived_payload> fresh;
    for (auto& [digest, payload] : fresh_) fresh.push_back(std::move(payload));
    fresh_.clear();
    return fresh;
}

void archiver::write_about(const std::string& about) {
    const std::string head = warc_head({{"WARC-Type", "warcinfo"},
                                        {"WARC-Record-ID", new_record_id()},
                                        {"WARC-Date", iso_time(std::chrono::system_clock::now())},
                                        {"WARC-Block-Digest", digest_of(about)},
                                        {"Content-Type", "application/warc-fields"},
                                        {"Content-Length", std::to_string(about.size())}});
    file_.add(head, [&about](const warc_file::sink& write) { write(about); });
}

/// Gives the record's name.
std::string archiver::write_response(const archived_exchange& what, const lookup& known) {
    const exchange& wire = *what.wire;
    std::string id = new_record_id();
    const std::string date = iso_time(wire.begun);
    const bool may_refer = !wire.payload_digest.empty() && wire.payload_size >= smallest_reference;
    const bool confirmed = wire.status == not_modified;
    const auto before = may_refer ? find(wire.payload_digest, known) : std::nullopt;
    const bool revisit = before || confirmed;
    if (may_refer && !before)
        fresh_.emplace(wire.payload_digest, archived_payload{wire.payload_digest, what.url, date, id});

    const std::uint64_t length = before ? wire.head_size : wire.response.size();
    const std::string head =
        warc_head({{"WARC-Type", revisit ? "revisit" : "response"},
                   {"WARC-Record-ID", id},
                   {"WARC-Date", date},
                   {"WARC-Target-URI", what.url},
                   {"WARC-IP-Address", wire.address},
                   {"WARC-Profile", revisit ? std::string(before ? same_payload : unchanged) : std::string()},
                   {"WARC-Refers-To", before ? before->record : std::string()},
                   {"WARC-Refers-To-Target-URI", before ? before->url : (confirmed ? what.url : std::string())},
                   {"WARC-Refers-To-Date", before ? before->date : std::string()},
                   // The length of a body that is elsewhere is missing here; so the standard has it.
                   {"WARC-Truncated", before ? "length" : wire.truncated},
                   {"WARC-Payload-Digest", confirmed ? std::string() : wire.payload_digest},
                   {"WARC-Block-Digest", digest_of(wire.response, length)},
                   {"Content-Type", "application/http;msgtype=response"},
                   {"Content-Length", std::to_string(length)}});
    file_.add(head, [&](const warc_file::sink& write) { wire.response.each_piece(write, length); });
    return id;
}

void archiver::write_request(const archived_exchange& what, const std::string& response) {
    const std::string& bytes = what.wire->request;
    const std::string head = warc_head({{"WARC-Type", "request"},
                                        {"WARC-Record-ID", new_record_id()},
                                        {"WARC-Date", iso_time(what.wire->begun)},
                                        {"WARC-Target-URI", what.url},
                                        {"WARC-IP-Address", what.wire->address},
                                        {"WARC-Concurrent-To", response},
                                        {"WARC-Block-Digest", digest_of(bytes)},
                                        {"Content-Type", "application/http;msgtype=request"},
                                        {"Content-Length", std::to_string(bytes.size())}});
    file_.add(head, [&bytes](const warc_file::sink& write) { write(bytes); });
}

std::optional<archived_payload> archiver::find(const std::string& digest, const lookup& known) const {
    const auto fresh = fresh_.find(digest);
    return fresh != fresh_.end() ? std::optional(fresh->second) : known(digest);
}

}  // namespace crawl
