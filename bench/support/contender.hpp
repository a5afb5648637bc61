#pragma once
// What every contender of a benchmark shares: its command line, its clocks and its one line of output. The protocol is
// described in bench/README.md.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// What the runner asks for.
struct request {
    std::string problem;
    std::uint64_t operations = 0;
};

/// Ends the program, with a message, if the command line is not `--problem NAME --operations N`.
inline request parse(int argc, char** argv) {
    request asked;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view option = argv[i];
        if (option == "--problem") asked.problem = argv[i + 1];
        if (option == "--operations") asked.operations = std::strtoull(argv[i + 1], nullptr, 10);
    }
    if (asked.problem.empty() || asked.operations == 0) {
        std::fprintf(stderr, "usage: %s --problem NAME --operations N\n", argv[0]);
        std::exit(2);
    }
    return asked;
}

/// CPU seconds, user and system, of this process and of the children it has waited for.
inline double cpu_seconds() {
    const auto seconds_of = [](int who) {
        rusage usage{};
        getrusage(who, &usage);
        const auto seconds = [](const timeval& t) {
            return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
        };
        return seconds(usage.ru_utime) + seconds(usage.ru_stime);
    };
    return seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN);
}

/// Both clocks, started when it is made. Children count towards the CPU time once they have been waited for.
class stopwatch {
public:
    [[nodiscard]] double wall_seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_).count();
    }
    [[nodiscard]] double cpu_seconds() const { return bench::cpu_seconds() - cpu_; }

private:
    std::chrono::steady_clock::time_point wall_ = std::chrono::steady_clock::now();
    double cpu_ = bench::cpu_seconds();
};

/// How long each of many operations in a row took. The clock is read once for each.
class laps {
public:
    explicit laps(std::uint64_t operations) { microseconds_.reserve(operations); }

    /// One more has ended, and the next begins.
    void lap() {
        const auto now = std::chrono::steady_clock::now();
        microseconds_.push_back(std::chrono::duration<float, std::micro>(now - begun_).count());
        begun_ = now;
    }

    /// Half of them took less, in microseconds. Ends the measurement: they are in another order then.
    [[nodiscard]] double median() {
        const auto middle = microseconds_.begin() + static_cast<std::ptrdiff_t>(microseconds_.size() / 2);
        std::nth_element(microseconds_.begin(), middle, microseconds_.end());
        return *middle;
    }

private:
    std::vector<float> microseconds_;
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

/// The result, in the problem's unit, and the CPU seconds that it took.
inline void report(double value, double cpu) { std::printf("%.6f %.6f\n", value, cpu); }

}  // namespace bench
