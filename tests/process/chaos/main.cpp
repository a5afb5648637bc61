// A chaos run: pools under everything that can befall them, for as long as one likes. Tells its seed, and exits with 1
// if something is wrong.

#include "process/chaos/parent_kills.hpp"
#include "process/chaos/round.hpp"
#include "process/chaos/watchdog.hpp"
#include "support/leftovers.hpp"
#include "support/sanitized.hpp"

#include <braid/app/init.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <optional>
#include <random>
#include <ranges>
#include <sstream>
#include <string>
#include <vector>

#include <malloc.h>

namespace {

using braid::testing::belongings;
using std::chrono::steady_clock;

// A worker that starves ends by an exception that nobody catches. It need not say so on the terminal.
[[maybe_unused]] const bool quiet = [] {
    if (std::getenv("BRAID_WORKER") || std::getenv("BRAID_ZYGOTE")) std::set_terminate([] { std::abort(); });
    return true;
}();

using namespace std::chrono_literals;

struct settings {
    std::uint64_t seed = std::random_device{}();
    int seconds = 20;
    int parent_kills = 0;
    bool until_killed = false;
};

// After so many rounds all that is made once has been made.
constexpr int rounds_to_warm_up = 4;
// What a heap may have grown by in a run: caches of threads, not what calls leave.
constexpr std::size_t heap_slack = 1 << 20;
// What the C library may keep of stacks of threads, each with its guard, and of its heaps.
constexpr std::size_t mapping_slack = 16;

/// What this process has, that a round must not have more of at its end.
struct holdings {
    belongings open;
    std::size_t mappings = count_mappings();
    std::size_t heap = braid_test::sanitized ? 0 : heap_in_use();

    /// Of any memory. A sanitizer has its own.
    static std::size_t count_mappings() {
        if (braid_test::sanitized) return 0;
        std::ifstream maps("/proc/self/maps");
        std::size_t count = 0;
        for (std::string line; std::getline(maps, line);) ++count;
        return count;
    }
    static std::size_t heap_in_use() {
        const auto info = ::mallinfo2();
        return info.uordblks + info.hblkhd;
    }
};

void compare(const holdings& before, const holdings& now, std::vector<std::string>& complaints) {
    if (!(now.open == before.open)) {
        std::ostringstream told;
        told << now.open << ", before " << before.open;
        complaints.push_back(told.str());
    }
    if (now.mappings > before.mappings + mapping_slack) {
        complaints.push_back(fmt::format("{} mappings, before {}", now.mappings, before.mappings));
    }
    if (now.heap > before.heap + heap_slack) {
        complaints.push_back(fmt::format("{} bytes of heap, before {}", now.heap, before.heap));
    }
    if (!braid::testing::has_no_child()) complaints.push_back("a child process is left");
}

bool report(const std::vector<std::string>& complaints) {
    constexpr std::size_t enough = 30;
    for (const auto& complaint : complaints | std::views::take(enough)) {
        std::fprintf(stderr, "chaos: %s\n", complaint.c_str());
    }
    if (complaints.size() > enough) std::fprintf(stderr, "chaos: and %zu more\n", complaints.size() - enough);
    return complaints.empty();
}

bool run_rounds(const settings& s) {
    const auto until = steady_clock::now() + std::chrono::seconds(s.seconds);
    chaos::use_all_that_is_made_once();
    std::optional<holdings> before;
    int rounds = 0;
    for (; rounds <= rounds_to_warm_up + 1 || steady_clock::now() < until; ++rounds) {
        const std::uint64_t seed = s.seed + static_cast<std::uint64_t>(rounds);
        const chaos::watchdog watched(fmt::format("the round of seed {}", seed));
        chaos::verdict round = chaos::run_round(seed);
        if (rounds == rounds_to_warm_up) before.emplace();
        if (before) compare(*before, holdings(), round.complaints);
        fmt::print("chaos: seed {}: {}\n", seed, round.summary);
        std::fflush(stdout);
        if (!report(round.complaints)) return false;
    }
    fmt::print("chaos: {} rounds, nothing found\n", rounds);
    return true;
}

bool kill_parents(const settings& s, const char* program) {
    const auto began = steady_clock::now();
    const chaos::verdict found = chaos::kill_parents(program, s.seed, s.parent_kills);
    if (!report(found.complaints)) return false;
    fmt::print("chaos: {} parents killed in {:.1f} s ({}), nothing found that outlived them\n", s.parent_kills,
               std::chrono::duration<double>(steady_clock::now() - began).count(), found.summary);
    return true;
}

int run(const settings& s) {
    if (s.until_killed) chaos::run_until_killed(s.seed);
    fmt::print("chaos: run it again with --seed {}\n", s.seed);
    if (s.seconds > 0 && !run_rounds(s)) return 1;
    return s.parent_kills == 0 || kill_parents(s, "/proc/self/exe") ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const braid::runtime keep = braid::init(argc, argv);
    ::mallopt(M_ARENA_MAX, 1);  // so that what is in use can be told
    settings s;
    CLI::App options("Pools under everything that can befall them");
    options.add_option("--seed", s.seed, "of all that is random (default: a new one, which is printed)");
    options.add_option("--seconds", s.seconds, "how long; the round that is on is finished");
    options.add_option("--parent-kills", s.parent_kills, "afterwards, kill this program so often");
    options.add_flag("--until-killed", s.until_killed, "be killed: what --parent-kills starts");
    CLI11_PARSE(options, argc, argv);
    try {
        return run(s);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "chaos: %s\n", e.what());
        return 1;
    }
}
