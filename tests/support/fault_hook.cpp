// Lets a process die at the step, and after the bytes, that its environment tells: fault_at in support/faults.hpp.

#include "process/fault_points.hpp"
#include "support/faults.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include <fcntl.h>
#include <unistd.h>

namespace {

using braid::process_detail::step;

struct fault {
    std::atomic<int> at = -1;  // -1: nowhere
    std::atomic<long> left = std::numeric_limits<long>::max();
    const char* claim = nullptr;

    fault() {
        const char* text = std::getenv(braid_test::fault_variable);
        int where = 0;
        long bytes = 0;
        if (!text || std::sscanf(text, "%d:%ld", &where, &bytes) != 2) return;
        at = where;
        left = bytes;
        claim = std::getenv(braid_test::claim_variable);
    }

    /// Only one process dies: the first to come.
    void die() {
        if (claim) {
            const int fd = ::open(claim, O_CREAT | O_EXCL | O_CLOEXEC, 0600);
            if (fd < 0) return;
            ::close(fd);
        }
        ::kill(::getpid(), SIGKILL);
        for (;;) ::pause();
    }
};

}  // namespace

extern "C" std::size_t braid_fault_point(step at, std::size_t wanted, std::size_t moved) noexcept {
    static fault the_fault;
    if (const auto observe = braid_test::at_each_step.load(); observe && wanted != 0) observe(at);
    if (static_cast<int>(at) != the_fault.at) return wanted;
    if (wanted == 0) {
        the_fault.left -= static_cast<long>(moved);
        return 0;
    }
    const long left = the_fault.left;
    if (left <= 0) {
        the_fault.die();
        the_fault.at = -1;  // another one did
        return wanted;
    }
    return left < static_cast<long>(wanted) ? static_cast<std::size_t>(left) : wanted;
}
