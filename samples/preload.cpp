// Load once, use in every worker: they are forked of a process that has it, and share its memory.
#include <braid/braid.hpp>
#include <fmt/core.h>

#include <unistd.h>

std::vector<long> squares;
int loader = 0;

void load(long count) {
    for (long n = 0; n != count; ++n) squares.push_back(n * n);
    loader = ::getpid();
}

long square_of(std::size_t n) { return squares.at(n); }
bool loaded_here() { return loader == ::getpid(); }

braid::task<> app() {
    braid::process_pool pool({.workers = 2, .zygote = {load, 1'000'000L}});
    fmt::print("the square of 4711: {}\n", co_await pool.run(square_of, std::size_t{4711}));
    fmt::print("loaded by the worker itself: {}\n", co_await pool.run(loaded_here));
    fmt::print("here there are {} squares\n", squares.size());
}

int main(int argc, char** argv) { return braid::run(argc, argv, app); }
