#include <braid/core/detail/timer_queue.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <random>
#include <vector>

using steady = braid::detail::clock;
using braid::detail::timer;
using braid::detail::timer_queue;
using namespace std::chrono_literals;

namespace {

/// Tells when it fires, and may take another with it.
struct told : timer {
    told() {
        fire = [](timer* t) noexcept { static_cast<told*>(t)->fired(); };
    }
    void fired() {
        order->push_back(this);
        if (victim) queue->disarm(*victim);
        if (again) {
            at += 1ms;
            queue->arm(*this);
        }
    }
    std::vector<told*>* order = nullptr;
    timer_queue* queue = nullptr;
    told* victim = nullptr;
    bool again = false;
};

struct fixture {
    explicit fixture(std::size_t count) : timers(count) {
        for (told& t : timers) {
            t.order = &order;
            t.queue = &queue;
        }
    }
    void arm(std::size_t index, steady::duration after) {
        timers[index].at = begin + after;
        queue.arm(timers[index]);
    }
    std::size_t fire_all(steady::duration after) {
        const std::size_t before = order.size();
        while (!queue.fire_due(begin + after)) {
        }
        return order.size() - before;
    }

    steady::time_point begin = steady::now();
    timer_queue queue;
    std::vector<told*> order;
    std::vector<told> timers;
};

}  // namespace

TEST_SUITE("core/timer_queue") {
    TEST_CASE("timers fire in the order of their times, and only those that are due") {
        fixture f(1000);
        std::mt19937 random(7);
        for (std::size_t i = 0; i < 1000; ++i) f.arm(i, std::chrono::microseconds(random() % 2000));
        CHECK(f.fire_all(-1us) == 0);
        f.fire_all(1000us);
        CHECK(std::ranges::all_of(f.order, [&](told* t) { return t->at <= f.begin + 1000us; }));
        CHECK(f.queue.earliest() > f.begin + 1000us);
        f.fire_all(1h);
        CHECK(f.order.size() == 1000);
        CHECK(std::ranges::is_sorted(f.order, {}, [](told* t) { return t->at; }));
        CHECK(f.queue.empty());
        CHECK(f.queue.earliest() == steady::time_point::max());
    }

    TEST_CASE("whatever is armed and disarmed in whatever order, those that are armed fire, once, in order") {
        for (unsigned seed = 1; seed <= 20; ++seed) {
            CAPTURE(seed);
            fixture f(500);
            std::mt19937 random(seed);
            for (int step = 0; step < 20'000; ++step) {
                const std::size_t index = random() % f.timers.size();
                if (f.timers[index].armed()) {
                    f.queue.disarm(f.timers[index]);
                } else {
                    f.arm(index, std::chrono::microseconds(random() % 5000));
                }
            }
            const auto armed =
                static_cast<std::size_t>(std::ranges::count_if(f.timers, [](const told& t) { return t.armed(); }));
            CHECK(f.fire_all(1h) == armed);
            CHECK(std::ranges::is_sorted(f.order, {}, [](told* t) { return t->at; }));
            CHECK(std::ranges::none_of(f.timers, [](const told& t) { return t.armed(); }));
        }
    }

    TEST_CASE("one that fires may disarm another of the same batch, and arm itself anew") {
        fixture f(3);
        f.timers[0].victim = &f.timers[1];
        f.timers[2].again = true;
        for (std::size_t i = 0; i < 3; ++i) f.arm(i, std::chrono::microseconds(i));
        CHECK(f.queue.fire_due(f.begin + 10us));
        CHECK(f.order == std::vector{&f.timers[0], &f.timers[2]});
        CHECK_FALSE(f.timers[1].armed());
        CHECK(f.queue.earliest() == f.begin + 2us + 1ms);
        f.queue.disarm(f.timers[2]);
        CHECK(f.queue.empty());
    }
}
