// Heavy work goes to another process, and the event loop keeps its beat meanwhile.
#include <braid/braid.hpp>
#include <fmt/core.h>

long primes_below(long n) {
    long count = 0;
    for (long i = 2; i < n; ++i) {
        bool prime = true;
        for (long d = 2; prime && d * d <= i; ++d) prime = i % d != 0;
        count += prime ? 1 : 0;
    }
    return count;
}

braid::task<> beat(int& beats) {
    for (;; ++beats) co_await braid::sleep_for(std::chrono::milliseconds(1));
}

braid::task<> app() {
    int beats = 0;
    auto race = co_await braid::when_any(braid::on_process(primes_below, 500'000L), beat(beats));
    fmt::print("{} primes, and the loop went on: {}\n", race.get<0>(), beats > 3);
}

int main(int argc, char** argv) { return braid::run(argc, argv, app); }
