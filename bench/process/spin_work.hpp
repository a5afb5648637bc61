#pragma once
// Work for a processor and nothing else.

#include <cstdint>

namespace bench {

inline void spin(std::uint64_t rounds) {
    volatile std::uint64_t state = 1;
    for (std::uint64_t i = 0; i < rounds; ++i) state = state * 6364136223846793005U + 1442695040888963407U;
}

/// What takes some 10 ms; the same for all contenders, whatever the machine does meanwhile.
constexpr std::uint64_t rounds_of_10_ms() { return 5'000'000; }

}  // namespace bench
