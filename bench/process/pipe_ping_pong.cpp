// The floor of a call to another process: 64 bytes there and back through two pipes, blocking at both ends. Unit:
// microseconds for a round trip, the median of all.
#include <array>
#include <cstddef>

#include "support/contender.hpp"
#include "support/echo_child.hpp"

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);
    std::array<std::byte, 64> message{};
    bench::echo_child<decltype(message)> child;

    const bench::stopwatch watch;
    bench::laps trips(asked.operations);
    for (std::uint64_t i = 0; i < asked.operations; ++i) {
        child.round_trip(message);
        trips.lap();
    }

    child.close();
    bench::report(trips.median(), watch.cpu_seconds());
}
