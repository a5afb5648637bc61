// One verb, three places: the same function here, on a thread and in a process.
#include <braid/braid.hpp>
#include <fmt/core.h>

#include <numeric>

struct order {
    std::string customer;
    std::vector<int> prices;
};

int total(const order& o) {
    if (o.prices.empty()) throw std::invalid_argument(o.customer + " ordered nothing");
    return std::accumulate(o.prices.begin(), o.prices.end(), 0);
}

braid::task<> app() {
    const order ada{"Ada", {19, 23}};
    const order bob{"Bob", {}};
    fmt::print("here:         {}\n", total(ada));
    fmt::print("on a thread:  {}\n", co_await braid::on_thread(total, ada));
    fmt::print("in a process: {}\n", co_await braid::on_process(total, ada));
    try {
        co_await braid::fail_after(std::chrono::seconds(3), braid::on_process(total, bob));
    } catch (const std::invalid_argument& e) {
        fmt::print("and an error: {}\n", e.what());
    }
}

int main(int argc, char** argv) { return braid::run(argc, argv, app); }
