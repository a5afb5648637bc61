#pragma once
// Runs a scenario again and again, cancelled from outside at its first turn of the loop, at its second, and so on,
// until it ends before the cancellation comes. Each time nothing of it may be left.

#include <braid/core/spawn.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <exception>

namespace braid_test {

/// Counts those that are alive: to be held by every coroutine of a scenario.
class witness {
public:
    explicit witness(int& alive) noexcept : alive_(&alive) { ++*alive_; }
    witness(const witness& other) noexcept : witness(*other.alive_) {}
    witness& operator=(const witness&) = delete;
    ~witness() { --*alive_; }

private:
    int* alive_;
};

/// How one run of a scenario ended.
enum class ending { value, cancelled, failed };

/// `scenario(alive)` gives a task<>. It is cancelled after `turns` handlers of its loop have run.
template <class Scenario>
ending cancel_after(int turns, Scenario scenario) {
    int alive = 0;
    int completions = 0;
    std::exception_ptr error;
    boost::asio::io_context context(1);
    boost::asio::cancellation_signal signal;
    braid::spawn(context, scenario(alive),
                 boost::asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) {
                     error = e;
                     CHECK(alive == 0);
                     ++completions;
                 }));
    for (int i = 0; i < turns && completions == 0; ++i) context.run_one();
    signal.emit(boost::asio::cancellation_type::all);
    context.run();  // ends when nothing is left that could run
    CHECK(completions == 1);
    CHECK(alive == 0);
    if (!error) return ending::value;
    try {
        std::rethrow_exception(error);
    } catch (const braid::cancelled& c) {
        CHECK(c.reason() == braid::cancel_reason::user);
        return ending::cancelled;
    } catch (...) {
        return ending::failed;
    }
}

/// The scenario must be cancelled by an early cancellation, and give `uncancelled` when it comes too late.
template <class Scenario>
void cancel_everywhere(Scenario scenario, ending uncancelled = ending::value) {
    CHECK(cancel_after(0, scenario) == ending::cancelled);
    // Turns that wait for a timer vary in number, so the end is where two long waits in a row change nothing.
    constexpr int turns_at_most = 200;
    int turns = 1;
    while (turns < turns_at_most && cancel_after(turns, scenario) == ending::cancelled) ++turns;
    CHECK(cancel_after(turns_at_most, scenario) == uncancelled);
}

}  // namespace braid_test
