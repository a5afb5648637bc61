// Timers as Asio's: awaited by an asio::awaitable; 100,000 of them with callbacks, which cost less.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/timers.hpp"

#include <vector>

namespace asio = boost::asio;

namespace {

asio::awaitable<void> already_due(std::uint64_t operations) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const auto past = bench::clock::now();
    for (std::uint64_t i = 0; i < operations; ++i) {
        timer.expires_at(past);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

void armed_and_cancelled(std::uint64_t operations) {
    asio::io_context loop{1};
    asio::steady_timer timer(loop);
    for (std::uint64_t i = 0; i < operations; ++i) {
        timer.expires_after(std::chrono::hours(1));
        timer.async_wait([](const boost::system::error_code&) {});
        timer.cancel();
        loop.poll();
    }
}

class asio_timer {
public:
    asio_timer(asio::io_context& loop, bench::repeated_timer times) : times_(times), timer_(loop) {}
    void start() {
        timer_.expires_at(times_.next());
        timer_.async_wait([this](const boost::system::error_code&) {
            if (times_.again()) start();
        });
    }

private:
    bench::repeated_timer times_;
    asio::steady_timer timer_;
};

void many(bench::repeated_timer::schedule& schedule) {
    asio::io_context loop{1};
    std::vector<asio_timer> timers;
    timers.reserve(bench::timers_at_a_time);
    for (std::uint64_t i = 0; i < bench::timers_at_a_time; ++i) {
        timers.emplace_back(loop, bench::repeated_timer(schedule, i)).start();
    }
    loop.run();
}

}  // namespace

int main(int argc, char** argv) {
    const auto asked = bench::parse(argc, argv);
    if (asked.problem == "timer_due") {
        bench::report_each(asked.operations, [](std::uint64_t n) {
            asio::io_context loop{1};
            asio::co_spawn(loop, already_due(n), asio::detached);
            loop.run();
        });
    } else if (asked.problem == "timer_cancelled") {
        bench::report_each(asked.operations, armed_and_cancelled);
    } else if (bench::repeated_timer::schedule::is_asked_for(asked)) {
        bench::repeated_timer::schedule schedule(asked);
        many(schedule);
        schedule.report();
    } else {
        return 77;
    }
}
