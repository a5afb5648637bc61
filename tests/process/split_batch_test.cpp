// A worker that ends its batch in the moment in which the parent splits it.

#include <braid/process/process_pool.hpp>

#include "process/fault_points.hpp"

#include <braid/core/spawn.hpp>
#include <braid/flow/stream.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <ranges>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace braid;
using braid::process_detail::step;

namespace {

constexpr const char* folder_variable = "BRAIDTEST_SPLIT";

/// Two pipes with names that the parent and its worker share: one lets the first item go on, one says that the batch
/// has ended.
class meeting {
public:
    meeting() {
        std::string made = "/tmp/braid-split-XXXXXX";
        REQUIRE(::mkdtemp(made.data()));
        folder_ = made;
        for (const char* name : {"/go", "/ended"}) REQUIRE(::mkfifo((folder_ + name).c_str(), 0600) == 0);
        ::setenv(folder_variable, folder_.c_str(), 1);
    }
    meeting(const meeting&) = delete;
    meeting& operator=(const meeting&) = delete;
    ~meeting() {
        ::unsetenv(folder_variable);
        for (const char* name : {"/go", "/ended"}) ::unlink((folder_ + name).c_str());
        ::rmdir(folder_.c_str());
    }

    static void say(const char* name) {
        move_byte(name, [](int fd, char& byte) { return ::write(fd, &byte, 1); });
    }
    static void wait(const char* name) {
        move_byte(name, [](int fd, char& byte) { return ::read(fd, &byte, 1); });
    }

private:
    static void move_byte(const char* name, auto move) {
        // Open for both, so that nobody waits for the other to come, and nothing is lost when one of them leaves.
        static const std::string folder = std::getenv(folder_variable);
        const int fd = open_once(folder, name);
        char byte = 'x';
        while (move(fd, byte) < 0 && errno == EINTR) {
        }
    }
    static int open_once(const std::string& folder, const char* name) {
        static const int go = ::open((folder + "/go").c_str(), O_RDWR | O_CLOEXEC);
        static const int ended = ::open((folder + "/ended").c_str(), O_RDWR | O_CLOEXEC);
        return name[1] == 'g' ? go : ended;
    }

    std::string folder_;
};

int times_seven(int x) {
    if (x == 0) meeting::wait("/go");
    return 7 * x;
}

}  // namespace

extern "C" std::size_t braid_fault_point(step at, std::size_t wanted, std::size_t) noexcept {
    static bool has_met = false;
    if (!std::getenv(folder_variable) || wanted == 0 || has_met) return wanted;
    if (at == step::splits_batch) {
        has_met = true;
        meeting::say("/go");
        meeting::wait("/ended");
    } else if (at == step::finished_call) {
        has_met = true;
        meeting::say("/ended");
    }
    return wanted;
}

TEST_SUITE("process/process_pool: splitting a batch") {
    TEST_CASE("a batch that ends where it was told to, before the parent has seen where that was, goes on elsewhere") {
        const meeting both;
        const std::vector<int> got = run_blocking([]() -> task<std::vector<int>> {
            process_pool pool({.workers = 1});
            co_return co_await pool.map(times_seven, std::views::iota(0, 8), {.batch = 8}).collect();
        }());
        CHECK(got == std::vector{0, 7, 14, 21, 28, 35, 42, 49});
    }
}
