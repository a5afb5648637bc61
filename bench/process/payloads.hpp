#pragma once
// What the contenders of the process suite send when it is large.

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace bench {

inline constexpr std::size_t large = std::size_t{64} << 20;

struct record {
    long id = 0;
    double weight = 0;
    std::string name;
    std::vector<std::string> lines;
};

/// About 1 KiB, half a dozen strings.
inline record record_of_1_kib() {
    return {.id = 17, .weight = 2.5, .name = "a record", .lines = std::vector<std::string>(5, std::string(190, 'l'))};
}

}  // namespace bench
