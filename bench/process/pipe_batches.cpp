// The floor of many calls in flight: 64 or 1,000 messages of 64 bytes go to another process in one write, and come back
// in one. Unit: messages a second.
#include <array>
#include <cstddef>
#include <cstdint>

#include "support/contender.hpp"
#include "support/echo_child.hpp"

namespace {

template <std::uint64_t InFlight>
void run(const bench::request& asked) {
    const std::uint64_t batches = (asked.operations + InFlight - 1) / InFlight;
    std::array<std::byte, 64 * InFlight> messages{};
    bench::echo_child<decltype(messages)> child;

    const bench::stopwatch watch;
    for (std::uint64_t i = 0; i < batches; ++i) child.round_trip(messages);
    const double wall = watch.wall_seconds();

    child.close();
    bench::report(static_cast<double>(batches * InFlight) / wall, watch.cpu_seconds());
}

}  // namespace

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);
    if (asked.problem == "pipelined_64") run<64>(asked);
    if (asked.problem == "pipelined_1000") run<1'000>(asked);
}
