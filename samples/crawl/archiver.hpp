#pragma once
// Requests and responses as records of a WARC file.
//
// A response is written as it came: its chunks and its compression stay, as archives have it. The digest of its payload
// is of the body without chunks and still compressed. A payload that is in the archive already is not written again: a
// `revisit` record has the head of the response and says where the body is.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "exchange.hpp"
#include "warc_file.hpp"

namespace crawl {

/// A response in the archive whose payload others may share.
struct archived_payload {
    std::string digest;
    std::string url;
    std::string date;
    std::string record;
};

/// What there was for a URL.
struct archived_exchange {
    std::string url;
    std::shared_ptr<const exchange> wire;
};

struct archive_options {
    std::filesystem::path file;
    std::uint64_t kept = 0;  ///< bytes that an earlier run wrote, and took note of
    std::string about{};     ///< the block of the warcinfo record, as lines `name: value`
};

/// Threads: one at a time. Throws: std::runtime_error that names the file and the reason.
class archiver {
public:
    /// Finds a payload that was archived before, by its digest.
    using lookup = std::function<std::optional<archived_payload>(const std::string&)>;

    /// Shorter bodies are written again: a reference would not be smaller.
    static constexpr std::uint64_t smallest_reference = 1024;

    explicit archiver(const archive_options& options);

    /// From here on the file is this crawl's, see growing_file; the first `write` does it, too.
    void start();

    /// Writes a response and a request for each of them. Gives the payloads that were not there before: `known` is to
    /// find them from then on.
    std::vector<archived_payload> write(std::span<const archived_exchange> what, const lookup& known);

    [[nodiscard]] std::uint64_t size() const noexcept { return file_.size(); }

private:
    void write_about(const std::string& about);
    std::string write_response(const archived_exchange& what, const lookup& known);
    void write_request(const archived_exchange& what, const std::string& response);
    [[nodiscard]] std::optional<archived_payload> find(const std::string& digest, const lookup& known) const;

    warc_file file_;
    std::optional<std::string> about_;               // if it is still to be written
    std::map<std::string, archived_payload> fresh_;  // of the current `write`, by digest
};

}  // namespace crawl
