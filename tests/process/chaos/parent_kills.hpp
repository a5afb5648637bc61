#pragma once
// Kills this program, started again, at random moments, and looks whether it leaves a process behind.

#include <cstdint>
#include <string>
#include <vector>

namespace chaos {

/// So often; gives back what is wrong with it. `program` is this one. Throws: std::system_error.
std::vector<std::string> kill_parents(const std::string& program, std::uint64_t seed, int times);

}  // namespace chaos
