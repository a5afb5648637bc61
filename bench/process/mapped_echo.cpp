// The floors of 64 MiB there and back: memory that two processes have mapped and touched, and a pipe each way that says
// whose turn it is. Unit: milliseconds. bytes_existing copies into it and out of it; bytes_shared does not.
#include <array>
#include <cstddef>
#include <cstring>
#include <vector>

#include <sys/mman.h>

#include "process/payloads.hpp"
#include "support/contender.hpp"
#include "support/echo_child.hpp"

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);
    if (asked.problem != "bytes_existing" && asked.problem != "bytes_shared") return 77;
    void* const mapped =
        ::mmap(nullptr, bench::large, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (mapped == MAP_FAILED) return 1;
    std::array<std::byte, 64> turn{};
    bench::echo_child<decltype(turn)> child;
    child.round_trip(turn);
    // After the fork, which would leave it in small pages.
    std::vector<char> bytes(bench::large, 'x');
    std::memcpy(mapped, bytes.data(), bytes.size());
    std::memcpy(bytes.data(), mapped, bytes.size());

    const bench::stopwatch watch;
    for (std::uint64_t i = 0; i < asked.operations; ++i) {
        if (asked.problem == "bytes_existing") std::memcpy(mapped, bytes.data(), bytes.size());
        child.round_trip(turn);
        if (asked.problem == "bytes_existing") std::memcpy(bytes.data(), mapped, bytes.size());
    }
    const double wall = watch.wall_seconds();

    child.close();
    bench::report(wall * 1e3 / static_cast<double>(asked.operations), watch.cpu_seconds());
}
