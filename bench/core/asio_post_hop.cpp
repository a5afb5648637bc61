// A hop to an Asio thread_pool and back: post there, post back.

#include <boost/asio/io_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "core/hops.hpp"

#include <functional>

namespace asio = boost::asio;

namespace {

class hops {
public:
    hops(std::uint64_t each, bench::hop_times* times) : each_(each), times_(times) {}

    void run(std::uint64_t in_flight) {
        const auto work = asio::make_work_guard(loop_);
        open_ = in_flight;
        for (std::uint64_t i = 0; i < in_flight; ++i) hop(each_);
        loop_.run();
        pool_.join();
    }

private:
    void hop(std::uint64_t left) {
        if (left == 0) {
            if (--open_ == 0) loop_.stop();
            return;
        }
        if (times_) times_->begin();
        asio::post(pool_, [this, left] {
            asio::post(loop_, [this, left] {
                if (times_) times_->end();
                hop(left - 1);
            });
        });
    }

    asio::io_context loop_{1};
    asio::thread_pool pool_{bench::hop_threads()};
    std::uint64_t each_;
    std::uint64_t open_ = 0;
    bench::hop_times* times_;
};

}  // namespace

int main(int argc, char** argv) {
    return bench::measure_hops(
        bench::parse(argc, argv), [](bench::hop_times& times, std::uint64_t count) { hops(count, &times).run(1); },
        [](std::uint64_t in_flight, std::uint64_t each) { hops(each, nullptr).run(in_flight); });
}
