// The floor of many calls in flight: 1,000 messages of 64 bytes go to another process in one write, and come back in
// one. Unit: messages a second.
#include <array>
#include <cstddef>

#include "support/contender.hpp"
#include "support/echo_child.hpp"

int main(int argc, char** argv) {
    constexpr std::uint64_t in_flight = 1'000;
    const auto asked = bench::parse(argc, argv);
    const std::uint64_t batches = (asked.operations + in_flight - 1) / in_flight;
    std::array<std::byte, 64 * in_flight> messages{};
    bench::echo_child<decltype(messages)> child;

    const bench::stopwatch watch;
    for (std::uint64_t i = 0; i < batches; ++i) child.round_trip(messages);
    const double wall = watch.wall_seconds();

    child.close();
    bench::report(static_cast<double>(batches * in_flight) / wall, watch.cpu_seconds());
}
