#pragma once
// What a process pool must not leave behind in this process.

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>

#include <sys/wait.h>
#include <cerrno>

namespace braid::testing {

struct belongings {
    std::ptrdiff_t descriptors = count("/proc/self/fd");
    std::ptrdiff_t threads = count("/proc/self/task");
    std::ptrdiff_t mappings = count_shared_mappings();

    friend bool operator==(const belongings&, const belongings&) = default;
    friend std::ostream& operator<<(std::ostream& out, const belongings& b) {
        return out << b.descriptors << " descriptors, " << b.threads << " threads, " << b.mappings
                   << " mappings of shared memory";
    }

private:
    static std::ptrdiff_t count(const char* folder) {
        const std::filesystem::directory_iterator listing(folder);
        return std::distance(begin(listing), end(listing));
    }
    /// As it is shared with workers. Other memory is an allocator's to give back, or to keep.
    static std::ptrdiff_t count_shared_mappings() {
        std::ifstream maps("/proc/self/maps");
        std::ptrdiff_t count = 0;
        std::string range;
        for (std::string access, rest; maps >> range >> access && std::getline(maps, rest);) count += access[3] == 's';
        return count;
    }
};

/// Neither running nor a zombie.
inline bool has_no_child() {
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == -1 && errno == ECHILD;
}

}  // namespace braid::testing
