#pragma once
// What a caller can ask for one call to a worker process.

#include <braid/process/call_limits.hpp>

#include <type_traits>

namespace braid {

/// Which of the waiting calls is begun first; equal ones in the order in which they came.
enum class call_priority : unsigned char { high, normal, low };

/// Trivially destructible, so that GCC 12 may be given a temporary one inside of a `co_await`.
struct call_options {
    /// What errors and statistics call it; null: the name of the function. It has to live until the call has ended.
    const char* name = nullptr;
    call_priority priority = call_priority::normal;
    /// How often it is run again when its worker died of it: only the caller knows whether running it twice is
    /// harmless.
    unsigned retries = 0;
    /// What it may use.
    call_limits limits = {};
};
static_assert(std::is_trivially_destructible_v<call_options>);

}  // namespace braid
