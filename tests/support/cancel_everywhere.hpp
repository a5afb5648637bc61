#pragma once
// Runs a scenario again and again, cancelled from outside before its first step, before its second, and so on, until it
// has ended before the cancellation comes. Each time nothing of it may be left.

#include <braid/core/detail/root.hpp>
#include <braid/core/observe.hpp>

#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <stdexcept>

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

/// Looks at each step of one home, from one suspension to the next, and cancels a scope on it before one of them.
class step_watch final : public braid::detail::work_observer {
public:
    /// The only one, because whoever was installed as an observer stays for ever.
    static step_watch& instance() {
        static step_watch& only = *new step_watch;
        return only;
    }

    void watch(braid::detail::home& where, braid::detail::cancel_scope& scope, std::size_t cancel_before) {
        steps_ = 0;
        cancel_before_ = cancel_before;
        scope_ = &scope;
        where_ = &where;
        braid::detail::work_observer* nobody = nullptr;
        if (!braid::detail::the_work_observer.compare_exchange_strong(nobody, this))
            throw std::logic_error("somebody else is watching the homes already");
    }
    /// The scope goes. On the home.
    void scope_ends() noexcept { scope_ = nullptr; }
    /// Gives the number of steps there were.
    std::size_t stop() noexcept {
        braid::detail::the_work_observer = nullptr;
        where_ = nullptr;
        return steps_;
    }

    void begins(braid::detail::work&) noexcept override {
        if (braid::detail::this_driver.current != where_) return;
        if (steps_++ == cancel_before_ && scope_) scope_->cancel(braid::cancel_reason::user);
    }
    void ended() noexcept override {}

private:
    std::atomic<braid::detail::home*> where_ = nullptr;  // other homes, on other threads, are told from it
    // On the home.
    std::size_t steps_ = 0;
    std::size_t cancel_before_ = 0;
    braid::detail::cancel_scope* scope_ = nullptr;
};

/// How one run of a scenario ended.
enum class ending { value, cancelled, failed };

struct run_of_scenario {
    ending how;
    std::size_t steps;
};

inline constexpr auto never = static_cast<std::size_t>(-1);

inline ending how_it_ended(braid::detail::result_slot<void>& result) {
    try {
        result.take();
        return ending::value;
    } catch (const braid::cancelled& c) {
        CHECK(c.reason() == braid::cancel_reason::user);
        return ending::cancelled;
    } catch (...) {
        return ending::failed;
    }
}

/// `scenario(alive)` gives a task<>. It is cancelled before the step of that number, counted from 0.
template <class Scenario>
run_of_scenario cancel_before_step(std::size_t step, Scenario scenario) {
    int alive = 0;
    int completions = 0;
    boost::asio::io_context context(1);
    const auto where = std::make_shared<braid::detail::home>(context.get_executor());
    braid::detail::result_slot<void> result;
    step_watch& watch = step_watch::instance();
    auto root = braid::detail::run_root(scenario(alive), &result, [&] {
        watch.scope_ends();
        CHECK(alive == 0);
        ++completions;
    });
    watch.watch(*where, root.scope(), step);
    std::move(root).start(where);
    context.run();  // ends when nothing is left that could run
    const std::size_t steps = watch.stop();
    CHECK(completions == 1);
    CHECK(alive == 0);
    return {.how = how_it_ended(result), .steps = steps};
}

/// The scenario must end in the way `uncancelled` when nobody cancels it, and in that way or by the cancellation, which
/// a value that is there already beats, wherever it is cancelled.
template <class Scenario>
void cancel_everywhere(Scenario scenario, ending uncancelled = ending::value) {
    const run_of_scenario whole = cancel_before_step(never, scenario);
    CHECK(whole.how == uncancelled);
    CHECK(cancel_before_step(0, scenario).how == ending::cancelled);
    for (std::size_t step = 1; step < whole.steps; ++step) {
        CAPTURE(step);
        const ending how = cancel_before_step(step, scenario).how;
        CHECK((how == ending::cancelled || how == uncancelled));
    }
}

}  // namespace braid_test
