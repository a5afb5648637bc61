#pragma once
// The last lines of a text of any length.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace braid::process_detail {

class text_tail {
public:
    static constexpr std::size_t most_lines = 20;
    static constexpr std::size_t most_bytes = 4096;

    void append(std::string_view text);

    /// The last of them, without their ends. One whose beginning is forgotten begins with "...".
    [[nodiscard]] std::vector<std::string> lines() const;

private:
    std::string kept_;  // up to twice as much as is told, so that it is seldom moved
    bool forgot_ = false;
};

}  // namespace braid::process_detail
