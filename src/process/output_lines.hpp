#pragma once
// What a worker prints, cut into lines, each with the call that printed it.
//
// Which call that was, only the worker knows: by the time a line is read it may have begun others. So it ends what a
// call has printed with a mark in the same stream. A call that prints nothing needs none; see output_marks.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace braid::process_detail {

/// Everything before it in the stream that no other mark claims is of this call. A line of its own; it also ends a line
/// that the call left unfinished.
[[nodiscard]] std::string output_mark(std::uint64_t call);

struct output_line {
    std::string text;
    std::optional<std::uint64_t> call = {};
    bool goes_on = false;
};

/// Of one stream.
class output_lines {
public:
    static constexpr std::size_t longest = 64 * 1024;

    void feed(std::string_view bytes);
    /// The worker is gone: what it left unfinished is a line.
    void finish();

    /// What no mark has claimed of the lines before number `until` is of this call, or of none.
    void claim(std::uint64_t until, std::optional<std::uint64_t> call);
    /// The number of the next line.
    [[nodiscard]] std::uint64_t end() const noexcept { return taken_ + lines_.size(); }

    [[nodiscard]] bool has_unclaimed() const noexcept { return claimed_ != lines_.size(); }
    [[nodiscard]] bool has_claimed() const noexcept { return claimed_ != 0; }
    /// In lines that are still here.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// Hands out what is claimed, and forgets it.
    [[nodiscard]] std::vector<output_line> take_claimed();

private:
    void end_line(std::string_view line);
    void add(std::string_view text, bool goes_on);

    std::string unfinished_;
    std::vector<output_line> lines_;
    std::size_t claimed_ = 0;  // of lines_, from the front
    std::size_t bytes_ = 0;    // in lines_
    std::uint64_t taken_ = 0;
};

}  // namespace braid::process_detail
