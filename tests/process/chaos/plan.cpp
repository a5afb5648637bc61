#include "process/chaos/plan.hpp"

#include <random>

namespace chaos {

namespace {

class draw {
public:
    explicit draw(std::uint64_t seed) : random_(seed) {}

    std::uint64_t below(std::uint64_t n) { return random_() % n; }
    bool one_in(std::uint64_t n) { return below(n) == 0; }
    std::chrono::microseconds time(std::uint64_t most) { return std::chrono::microseconds(below(most)); }
    std::size_t size() {
        if (one_in(200)) return below(3U << 20);
        return one_in(10) ? below(64U << 10) : below(300);
    }

private:
    std::mt19937_64 random_;
};

errand_plan draw_errand(draw& random, unsigned deaths) {
    errand_plan e;
    e.size_there = random.size();
    e.size_back = random.size();
    switch (random.below(16)) {
        case 0: e.what = deed::fail; break;
        case 1:
        case 2: e.what = deed::take_time, e.time = random.time(2'000); break;
        case 3: e.what = deed::take_time_on, e.time = random.time(3'000); break;
        case 4: e.what = deed::hold_memory, e.memory = random.below(8U << 20); break;
        case 5:
            if (random.one_in(deaths)) e.what = random.one_in(2) ? deed::crash : deed::leave;
            break;
        default: break;
    }
    return e;
}

way draw_way(draw& random) {
    switch (random.below(24)) {
        case 0: return way::map;
        case 1: return way::map_unordered;
        case 2: return way::map_outcomes;
        case 3: return way::map_files;
        case 4: return way::file;
        case 5: return way::memory;
        case 6: return way::new_memory;
        case 7:
        case 8: return way::text_by_task;
        case 9:
        case 10: return way::text_if_room;
        default: return way::text;
    }
}

}  // namespace

plan plan_of(std::uint64_t seed, std::size_t call) {
    draw random(seed * 1'000'003 + call);
    plan p;
    p.errand = draw_errand(random, 20);
    if (random.one_in(6)) p.limit = random.time(3'000);
    if (random.one_in(5)) p.retries = 2;
    p.by = draw_way(random);
    if (p.by == way::text) {
        if (random.one_in(8)) p.cancel_after = random.time(1'500);
        // What is printed twice could not be told from what is told twice.
        if (p.retries == 0 && random.one_in(4)) p.lines = 1 + random.below(4);
    }
    if (is_map(p.by)) {
        p.items = random.below(most_items + 1);
        p.batch = random.below(8);
        p.ahead = random.one_in(2) ? 1 + random.below(6) : 0;
        p.enough = random.one_in(4) ? random.below(most_items) : most_items + 1;
    }
    return p;
}

errand_plan plan_of_item(std::uint64_t seed, std::size_t call, std::size_t item) {
    draw random((seed * 1'000'003 + call) * 61 + item + 1);
    errand_plan e = draw_errand(random, 40);
    // Else few maps came to their end.
    if (e.what == deed::fail && !random.one_in(4)) e.what = deed::answer;
    return e;
}

}  // namespace chaos
