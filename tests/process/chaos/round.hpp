#pragma once
// One pool's life in a chaos run: some thousand calls from several threads, while the pool is resized and its workers
// are tormented. All of it follows from the seed, but for what the kernel's scheduler makes of it.

#include <cstdint>
#include <string>
#include <vector>

namespace chaos {

struct verdict {
    std::string summary;
    std::vector<std::string> complaints;
};

/// Throws: what should not happen to a pool.
verdict run_round(std::uint64_t seed);

/// How the workers of that round are had and talked to.
struct features {
    bool zygote = false;
    bool spin = false;
};
features features_of(std::uint64_t seed);

/// What a process has from its first pool with a zygote on, whether or not the first rounds draw one.
void use_all_that_is_made_once();

/// Rounds one after the other, to be killed in.
[[noreturn]] void run_until_killed(std::uint64_t seed);

}  // namespace chaos
