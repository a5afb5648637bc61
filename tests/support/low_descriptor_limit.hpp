#pragma once
// A process that has (almost) no descriptors left, for a while.

#include <stdexcept>

#include <fcntl.h>
#include <sys/resource.h>

namespace braid::testing {

/// As long as this lives, at most so many more can be opened. Threads: the limit is everybody's.
class low_descriptor_limit {
public:
    explicit low_descriptor_limit(unsigned more) {
        if (::getrlimit(RLIMIT_NOFILE, &before_) != 0) throw std::runtime_error("no limit to read");
        // It is a limit of their numbers.
        int limit = 0;
        for (unsigned free = 0; free < more || is_open(limit); ++limit) free += is_open(limit) ? 0 : 1;
        rlimit now = before_;
        now.rlim_cur = static_cast<rlim_t>(limit);
        if (::setrlimit(RLIMIT_NOFILE, &now) != 0) throw std::runtime_error("no limit to set");
    }
    low_descriptor_limit(const low_descriptor_limit&) = delete;
    low_descriptor_limit& operator=(const low_descriptor_limit&) = delete;
    ~low_descriptor_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    static bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

    rlimit before_{};
};

}  // namespace braid::testing
