#pragma once
// Fault points, from the side of a test: which process dies, and where, goes through the environment.

#include "process/fault_points.hpp"
#include "support/sanitized.hpp"

#include <atomic>
#include <cstdlib>
#include <string>

#include <unistd.h>

namespace braid_test {

inline constexpr const char* fault_variable = "BRAIDTEST_FAULT";
inline constexpr const char* claim_variable = "BRAIDTEST_FAULT_CLAIM";

/// For as long as it lives, of the processes that are started the first to come there dies.
class fault_at {
public:
    fault_at(braid::process_detail::step at, long bytes)
        : claim_("/tmp/braid-fault-" + std::to_string(::getpid()) + "-" + std::to_string(++count())) {
        ::setenv(fault_variable, (std::to_string(static_cast<int>(at)) + ":" + std::to_string(bytes)).c_str(), 1);
        ::setenv(claim_variable, claim_.c_str(), 1);
    }
    fault_at(const fault_at&) = delete;
    fault_at& operator=(const fault_at&) = delete;
    ~fault_at() {
        ::unsetenv(fault_variable);
        ::unsetenv(claim_variable);
        ::unlink(claim_.c_str());
    }

    /// Whether some process came there.
    [[nodiscard]] bool happened() const { return ::access(claim_.c_str(), F_OK) == 0; }

private:
    static int& count() {
        static int made = 0;
        return made;
    }
    std::string claim_;
};

/// What this process does, on whichever thread comes to a step, before it goes on.
inline std::atomic<void (*)(braid::process_detail::step)> at_each_step = nullptr;

/// Byte by byte where headers are, then in ever larger steps. A sanitizer's lives take long: it sees a few of them.
[[nodiscard]] constexpr long next_point(long bytes) {
    return bytes < 32 ? bytes + (sanitized ? 5 : 1) : bytes + bytes / 2 + 1;
}

}  // namespace braid_test
