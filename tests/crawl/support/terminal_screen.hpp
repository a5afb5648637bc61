#pragma once
// A terminal, as far as the crawler uses one: to see what somebody in front of it would see.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace crawl::testing {

/// Lines that are wider than it wrap, and are broken anew when it is resized, as most terminals do it.
/// Throws: std::runtime_error for a control sequence that it does not know.
class terminal_screen {
public:
    explicit terminal_screen(std::size_t columns) : columns_(columns) {}

    void write(std::string_view text);
    void resize(std::size_t columns);

    /// What is seen: rows without the spaces at their ends, and without the empty ones at the end.
    [[nodiscard]] std::string text() const;

private:
    struct row {
        std::u32string text;
        bool wraps = false;  // the next one is the rest of its line
    };

    std::size_t obey(std::string_view sequence);
    void put(char32_t character);
    row& here();

    std::size_t columns_;
    bool wraps_ = true;
    std::vector<row> rows_ = std::vector<row>(1);
    std::size_t x_ = 0;
    std::size_t y_ = 0;
};

}  // namespace crawl::testing
