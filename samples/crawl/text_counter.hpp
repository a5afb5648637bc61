#pragma once
// White space in text, as a reader of the page sees it: a run counts as one.

#include <cstdint>
#include <string>
#include <string_view>

namespace crawl {

[[nodiscard]] constexpr bool is_html_space(char c) noexcept {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

/// Counts the characters of UTF-8 text that comes in pieces.
class text_counter {
public:
    void add(std::string_view piece) noexcept {
        for (const char c : piece) {
            const bool space = is_html_space(c);
            const bool starts_character = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
            count_ += static_cast<unsigned>(starts_character && !(space && after_space_));
            after_space_ = space;
        }
    }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

private:
    std::uint64_t count_ = 0;
    bool after_space_ = true;
};

/// Joins pieces of text with white space collapsed.
class text_collector {
public:
    void append(std::string_view piece) {
        for (const char c : piece) {
            if (!is_html_space(c)) {
                text_ += c;
            } else if (!text_.empty() && text_.back() != ' ') {
                text_ += ' ';
            }
        }
    }
    /// The text, cut to at most `limit` bytes between two characters.
    [[nodiscard]] std::string collapsed(std::size_t limit) && {
        if (!text_.empty() && text_.back() == ' ') text_.pop_back();
        if (text_.size() > limit) {
            while (limit > 0 && (static_cast<unsigned char>(text_[limit]) & 0xC0U) == 0x80U) --limit;
            text_.resize(limit);
        }
        return std::move(text_);
    }

private:
    std::string text_;
};

}  // namespace crawl
