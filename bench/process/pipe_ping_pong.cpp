// The floor of a call to another process: 64 bytes there and back through two pipes, blocking at both ends. Unit:
// microseconds for each round trip.
#include <array>
#include <cstddef>

#include "support/contender.hpp"
#include "support/echo_child.hpp"

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);
    std::array<std::byte, 64> message{};
    bench::echo_child<decltype(message)> child;

    const bench::stopwatch watch;
    for (std::uint64_t i = 0; i < asked.operations; ++i) child.round_trip(message);
    const double wall = watch.wall_seconds();

    child.close();
    bench::report(wall * 1e6 / static_cast<double>(asked.operations), watch.cpu_seconds());
}
