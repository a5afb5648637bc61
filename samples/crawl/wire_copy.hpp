#pragma once
// The bytes of a response as they came: in memory while they are few, else in a file without a name.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace crawl {

/// Threads: one at a time. Throws: std::system_error, when the file cannot be made, written or read.
class wire_copy {
public:
    /// More than this is not kept in memory.
    static constexpr std::size_t most_in_memory = 256 * 1024;

    /// The file would be in this folder.
    explicit wire_copy(std::filesystem::path folder) : folder_(std::move(folder)) {}
    wire_copy(const wire_copy&) = delete;
    wire_copy& operator=(const wire_copy&) = delete;
    ~wire_copy();

    void append(std::string_view bytes);

    /// Forgets what came. Nothing of it is in the file yet: it was a head.
    void clear() noexcept { tail_.clear(); }

    [[nodiscard]] std::uint64_t size() const noexcept { return written_ + tail_.size(); }

    /// Calls `take` with all of it, or with its first bytes, in pieces. May be called again.
    void each_piece(const std::function<void(std::string_view)>& take, std::uint64_t first = UINT64_MAX) const;

private:
    void write_out();

    std::filesystem::path folder_;
    int file_ = -1;
    std::uint64_t written_ = 0;  // bytes in the file; what follows is in tail_
    std::string tail_;
};

}  // namespace crawl
