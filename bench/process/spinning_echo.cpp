// The floor of a call between processes that both look out: one word each way in memory that they share. Unit:
// microseconds for a round trip, the median of all.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "support/contender.hpp"
#include "support/look_for.hpp"

namespace {

struct words {
    alignas(64) std::atomic<std::uint64_t> asked = 0;
    alignas(64) std::atomic<std::uint64_t> answered = 0;
};

}  // namespace

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);
    void* memory = ::mmap(nullptr, sizeof(words), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        std::perror("spinning_echo: cannot map memory");
        return 1;
    }
    auto& shared = *::new (memory) words;
    const pid_t child = ::fork();
    if (child < 0) {
        std::perror("spinning_echo: cannot fork");
        return 1;
    }
    if (child == 0) {
        for (std::uint64_t i = 1; i <= asked.operations; ++i) {
            bench::look_for(shared.asked, i);
            shared.answered.store(i, std::memory_order_release);
        }
        std::_Exit(0);
    }
    const bench::stopwatch watch;
    bench::laps trips(asked.operations);
    for (std::uint64_t i = 1; i <= asked.operations; ++i) {
        shared.asked.store(i, std::memory_order_release);
        bench::look_for(shared.answered, i);
        trips.lap();
    }
    ::waitpid(child, nullptr, 0);
    bench::report(trips.median(), watch.cpu_seconds());
}
