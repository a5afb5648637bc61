// A crash is a value: it costs the one call that crashed.
#include <braid/braid.hpp>
#include <fmt/core.h>

#include <csignal>

int careful(int n) {
    if (n == 2) std::raise(SIGSEGV);  // some C library does this for us one day
    return 10 * n;
}

braid::task<> app() {
    braid::process_pool pool({.workers = 2});
    for (int n = 1; n <= 3; ++n) {
        try {
            fmt::print("{} -> {}\n", n, co_await pool.run(careful, n));
        } catch (const braid::worker_died& e) {
            fmt::print("{} -> {}\n", n, e.what());
            for (const std::string& line : e.stack()) fmt::print("     {}\n", line);
        }
    }
}

int main(int argc, char** argv) { return braid::run(argc, argv, app); }
