#pragma once
// One request and its response, as they were on the wire: what an archive keeps.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "sha1.hpp"
#include "wire_copy.hpp"

namespace crawl {

/// Inside of TLS, and without the announcements (1xx) before the response.
struct exchange {
    explicit exchange(const std::filesystem::path& temporary) : response(temporary) {}

    std::chrono::system_clock::time_point begun{};
    std::string address{};  ///< numeric, of the server; empty if a proxy was between
    std::string request{};
    wire_copy response;            ///< the head and what came of the body, with its chunks and still compressed
    std::uint64_t head_size{};     ///< of the response; 0 until the head is complete
    int status{};                  ///< of the response
    sha1 payload{};                ///< of what came of the body without its chunks, still compressed
    std::uint64_t payload_size{};  ///< bytes of that
    std::string payload_digest{};  ///< when it is complete; else empty
    std::string
        truncated{};  ///< why the end of the body is missing, in a word of the WARC standard; empty if it is not
};

}  // namespace crawl
