#pragma once
// Kills this program, started again, at random moments, and looks whether it leaves a process behind.

#include "process/chaos/round.hpp"

#include <cstdint>
#include <string>

namespace chaos {

/// So often; gives back what is wrong with it. `program` is this one. Throws: std::system_error.
verdict kill_parents(const std::string& program, std::uint64_t seed, int times);

}  // namespace chaos
