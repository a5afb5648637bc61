// A deadline around a call that never ends: when the await has returned, its process is gone.
#include <braid/braid.hpp>
#include <fmt/core.h>

#include <csignal>
#include <unistd.h>

int wait_forever() {
    for (;;) ::pause();
}

braid::task<> app() {
    using namespace std::chrono_literals;
    braid::process_pool pool({.workers = 1, .grace = 10ms});
    const int worker = co_await pool.run(::getpid);
    const auto result = co_await braid::move_on_after(50ms, pool.run(wait_forever));
    fmt::print("a result: {}\n", result.has_value());
    fmt::print("still running: {}\n", ::kill(worker, 0) == 0);
    fmt::print("the next call runs elsewhere: {}\n", co_await pool.run(::getpid) != worker);
}

int main(int argc, char** argv) { return braid::run(argc, argv, app); }
