#pragma once
// What a process pool must not leave behind in this process.

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <ostream>

#include <sys/wait.h>
#include <cerrno>

namespace braid::testing {

struct belongings {
    std::ptrdiff_t descriptors = count("/proc/self/fd");
    std::ptrdiff_t threads = count("/proc/self/task");

    friend bool operator==(const belongings&, const belongings&) = default;
    friend std::ostream& operator<<(std::ostream& out, const belongings& b) {
        return out << b.descriptors << " descriptors, " << b.threads << " threads";
    }

private:
    static std::ptrdiff_t count(const char* folder) {
        const std::filesystem::directory_iterator listing(folder);
        return std::distance(begin(listing), end(listing));
    }
};

/// Neither running nor a zombie.
inline bool has_no_child() {
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == -1 && errno == ECHILD;
}

}  // namespace braid::testing
