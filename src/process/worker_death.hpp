#pragma once
// What is known of the death of a worker, as the pool gathers it for `worker_died`.

#include "process/reaper.hpp"

#include <braid/process/detail/call.hpp>
#include <braid/process/error.hpp>
#include <braid/wire/image.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace braid::detail {

struct worker_death {
    int pid = -1;
    process_detail::exit_status status;
    death_reason reason = death_reason::unknown;
    std::string violation;  ///< of the protocol
    called_function called{nullptr, &typeid(void)};
    std::string name;                   ///< what the caller calls it; else it is looked up
    std::optional<std::uint64_t> item;  ///< of a map
    std::chrono::microseconds ran_for{};
    std::vector<wire::code_address> stack;
    std::vector<std::string> stderr_tail;
    std::vector<worker_died> earlier;  ///< attempts
};

}  // namespace braid::detail
