// The end of a pool, seen by those who are late: handlers that are still queued, calls of other threads, and callers
// who keep something of a pool that is gone.

#include <braid/process/process_pool.hpp>

#include "support/gate.hpp"
#include "support/leftovers.hpp"
#include "support/loop_thread.hpp"

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/when_all.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

using namespace braid;
using namespace braid::testing;
using namespace std::chrono_literals;

namespace {

/// An argument that does something when it is destroyed: the last that happens of a call that is refused.
class parting_shot {
public:
    parting_shot() = default;
    explicit parting_shot(std::function<void()> shot) : shot_(std::move(shot)) {}
    parting_shot(parting_shot&& other) noexcept : shot_(std::exchange(other.shot_, nullptr)) {}
    parting_shot& operator=(parting_shot&&) = delete;
    ~parting_shot() {
        if (shot_) shot_();
    }
    template <class Archive>
    void serialize(Archive&) {}

private:
    std::function<void()> shot_;
};

// What the workers run.
int square(int x) { return x * x; }
void takes(const parting_shot&) {}
std::size_t length(const std::vector<char>& bytes) { return bytes.size(); }

/// What a thread is told by another.
class milestone {
public:
    void reach() {
        reached_ = true;
        reached_.notify_all();
    }
    void wait() const { reached_.wait(false); }

private:
    std::atomic<bool> reached_ = false;
};

task<> reaches(milestone& m) {
    m.reach();
    co_return;
}

template <class Call>
task<> makes(Call call, milestone& made, bool& refused) {
    try {
        co_await when_all(std::move(call), reaches(made));  // in this order
    } catch (const closed&) {
        refused = true;
    }
}

template <class Call>
task<> waits_for(Call call, bool& over) {
    try {
        co_await std::move(call);
    } catch (const closed&) {
        over = true;
    } catch (const cancelled&) {
        over = true;
        throw;
    }
}

template <class Call>
task<> makes_and_cancels(Call call, milestone& given_up, bool& over) {
    co_await with_task_group([&](task_group& g) -> task<> {
        g.start(waits_for<Call>, std::move(call), std::ref(over));
        co_await checkpoint();
        g.cancel();
        given_up.reach();
    });
}

void run_until(boost::asio::io_context& context, task<> reached) {
    spawn(context, std::move(reached), [&](std::exception_ptr) { context.stop(); });
    context.run();
    context.restart();
}

/// A pool on a context that nobody runs. Before it leaves, when some calls have been refused, something is done
/// elsewhere.
class last_turn {
public:
    /// A call that can be made later.
    auto call() { return pool_->run(square, 3); }
    void end_with(int calls, std::function<void()> shot) {
        for (int i = 0; i != calls; ++i) refused_.push_back(pool_->submit(takes, parting_shot()));
        refused_.push_back(pool_->submit(takes, parting_shot(std::move(shot))));
        pool_.reset();
    }

private:
    boost::asio::io_context context_;
    std::vector<job<void>> refused_;
    std::unique_ptr<process_pool> pool_ =
        std::make_unique<process_pool>(context_.get_executor(), process_pool_options{.workers = 1});
};

/// Another thread gives `makes` a call, and what is to be told once it is made, and when it has ended as it should.
/// A home runs 256 works, two for each call that is refused, until it does what ends a turn: after one of these numbers
/// of calls that is what comes next, and the pool's last turn.
template <class Makes>
void in_the_last_turn(Makes makes) {
    for (int calls = 120; calls != 136; ++calls) {
        CAPTURE(calls);
        last_turn pool;
        milestone made;
        bool ended = false;
        std::thread caller;
        auto call = pool.call();
        pool.end_with(calls, [&] {
            caller = std::thread([&] { run_blocking(makes(std::move(call), made, ended)); });
            made.wait();
        });
        REQUIRE(caller.joinable());
        caller.join();
        CHECK(ended);
    }
}

}  // namespace

TEST_SUITE("process/process_pool: the end") {
    TEST_CASE("a pool that goes while a worker's pipe is full leaves nothing that its context trips over later") {
        boost::asio::io_context context;
        gate door;
        std::optional<job<int>> standing;
        std::optional<job<std::size_t>> large;
        {
            process_pool pool(context.get_executor(), {.workers = 1, .grace = 0ms});
            standing.emplace(pool.submit(gate::pass, door.path()));
            large.emplace(pool.submit(length, std::vector<char>(8U << 20)));
            run_until(context, door.arrival());
        }
        context.run();
        CHECK(standing->done());
        CHECK(large->done());
        CHECK(has_no_child());
    }

    TEST_CASE("a pool that is destroyed while another thread runs its context loses no call, whatever is on its way") {
        constexpr int rounds = 50;
        int ended = 0;
        braid_test::loop_thread loop;
        for (int round = 0; round != rounds; ++round) {
            std::vector<job<std::size_t>> jobs;
            {
                process_pool pool(loop.executor(), {.workers = 2, .grace = 0ms});
                for (int i = 0; i != 4; ++i) jobs.push_back(pool.submit(length, std::vector<char>(3U << 20)));
                if (round % 2 == 0) CHECK(pool.submit(square, 3).get_blocking() == 9);
            }
            for (auto& each : jobs) {
                try {
                    ended += each.get_blocking() == 3U << 20;
                } catch (const cancelled&) {
                    ++ended;
                } catch (const closed&) {
                    ++ended;
                }
            }
        }
        CHECK(ended == 4 * rounds);
        CHECK(has_no_child());
    }

    TEST_CASE("a call of another thread that comes in a pool's last turn is refused, though nobody runs its loop") {
        in_the_last_turn(
            [](auto call, milestone& made, bool& refused) { return makes(std::move(call), made, refused); });
    }

    TEST_CASE("so is one that is cancelled before it has arrived there") {
        in_the_last_turn([](auto call, milestone& given_up, bool& ended) {
            return makes_and_cancels(std::move(call), given_up, ended);
        });
    }

    TEST_CASE("closing a pool that is gone is done at once, and it has no statistics any more") {
        braid_test::loop_thread loop;
        auto pool = std::make_unique<process_pool>(loop.executor(), process_pool_options{.workers = 1});
        auto closing = pool->close();
        auto asking = pool->stats();
        pool.reset();
        run_blocking(std::move(closing));
        CHECK_THROWS_AS(run_blocking(std::move(asking)), closed);
    }
}
