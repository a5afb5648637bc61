#include "process/chaos/errand.hpp"

#include "support/run_counter.hpp"

#include <braid/core/sleep.hpp>
#include <braid/core/stop.hpp>

#include <csignal>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <vector>

#include <unistd.h>

namespace chaos {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t page = 4096;

void take_time(std::chrono::microseconds time, bool polite) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) {
        if (polite && braid::stop_requested()) throw braid::cancelled(braid::cancel_reason::user);
    }
}

void hold(std::size_t bytes) {
    std::vector<char> memory(bytes);
    for (std::size_t at = 0; at < bytes; at += page) memory[at] = 1;
}

[[noreturn]] void crash() {
    std::signal(SIGSEGV, SIG_DFL);  // a sanitizer would tell the world
    std::raise(SIGSEGV);
    std::abort();
}

}  // namespace

std::string text_for(std::size_t number, std::size_t size) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (number * 31 + i) % 26);
    return text;
}

std::string run_errand(const errand& e) {
    braid::testing::run_counter::ran(e.counter, e.number);
    if (e.text != text_for(e.number, e.text.size())) throw std::logic_error("this is not the text that was sent");
    switch (e.what) {
        case deed::answer:
        case deed::answer_as_task: break;
        case deed::take_time: take_time(e.time, true); break;
        case deed::take_time_on: take_time(e.time, false); break;
        case deed::hold_memory: hold(e.memory); break;
        case deed::fail: throw std::out_of_range(std::to_string(e.number));
        case deed::crash: crash();
        case deed::leave: ::_exit(3);
    }
    return text_for(e.number + 1, e.reply_size);
}

braid::task<std::string> run_errand_as_task(errand e) {
    co_await braid::checkpoint();
    co_return run_errand(e);
}

plan plan_of(std::uint64_t seed, std::size_t number) {
    std::mt19937_64 random(seed * 1'000'003 + number);
    const auto one_in = [&](unsigned n) { return random() % n == 0; };
    const auto size = [&]() -> std::size_t {
        if (one_in(200)) return random() % (3U << 20);
        return one_in(10) ? random() % (64U << 10) : random() % 300;
    };
    plan p;
    p.size_there = size();
    p.size_back = size();
    p.limit = one_in(6) ? std::chrono::microseconds(random() % 3'000) : 400'000us;
    if (one_in(8)) p.cancel_after = std::chrono::microseconds(random() % 1'500);
    if (one_in(5)) p.retries = 2;
    switch (random() % 16) {
        case 0: p.what = deed::fail; break;
        case 1: p.what = deed::answer_as_task; break;
        case 2:
        case 3: p.what = deed::take_time, p.time = std::chrono::microseconds(random() % 2'000); break;
        case 4: p.what = deed::take_time_on, p.time = std::chrono::microseconds(random() % 3'000); break;
        case 5: p.what = deed::hold_memory, p.memory = random() % (8U << 20); break;
        case 6:
            if (one_in(20)) p.what = one_in(2) ? deed::crash : deed::leave;
            break;
        default: break;
    }
    return p;
}

}  // namespace chaos
