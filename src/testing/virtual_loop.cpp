#include <braid/testing/virtual_loop.hpp>

#include <braid/trace/dump.hpp>

#include <boost/asio/io_context.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace braid::testing::detail {

namespace {

constexpr int turns_at_most = 100'000;  // of the loop while time stands still; each may run hundreds of tasks

constexpr auto deadlocked = "nothing is ready and no timer is armed: nobody will ever go on";
constexpr auto livelocked =
    "something has been ready for 100,000 turns of the loop, so that time stands still: a loop that waits for time "
    "to "
    "pass has to sleep, checkpoint() does not let it pass";

class virtual_time final : public simulation {
public:
    explicit virtual_time(std::optional<std::uint64_t> seed) : shuffled_(seed.has_value()), random_(seed.value_or(0)) {}

    [[nodiscard]] clock::time_point now() const noexcept override { return now_; }
    void jump_to(clock::time_point then) noexcept { now_ = std::max(now_, then); }

    work* next(work_list& ready) noexcept override {
        if (!shuffled_) return ready.pop();
        std::size_t count = 0;
        ready.for_each([&count](const work&) { ++count; });
        return ready.take(static_cast<std::size_t>(random_() % count));  // the same with every standard library
    }

private:
    clock::time_point now_ = clock::now();
    const bool shuffled_;
    std::mt19937_64 random_;
};

}  // namespace

struct virtual_loop::parts {
    explicit parts(virtual_options options)
        : time(options.seed), where(std::make_shared<home>(context.get_executor(), &time)) {}

    /// Until nothing is ready. False when that does not come about.
    bool run_ready() {
        context.restart();
        for (int turns = 0; context.poll_one() != 0; ++turns) {
            if (turns == turns_at_most) return false;
        }
        return true;
    }
    /// False when there is nothing to wait for.
    bool advance() {
        const clock::time_point then = where->earliest_timer();
        if (then == clock::time_point::max()) return false;
        time.jump_to(then);
        where->fire_due();
        return true;
    }
    /// Null, or why it never will.
    const char* run_until(const bool& ended) {
        do {
            if (!run_ready()) return livelocked;
        } while (!ended && advance());
        return ended ? nullptr : deadlocked;
    }

    virtual_time time;
    boost::asio::io_context context{1};
    std::shared_ptr<home> where;
};

virtual_loop::virtual_loop(virtual_options options) : parts_(std::make_unique<parts>(options)) {
    if (this_driver.current) {
        throw usage_error("run_virtual was called inside a coroutine, whose loop it would stop: co_await the task");
    }
}
virtual_loop::~virtual_loop() = default;

void virtual_loop::run(root work, const bool& ended) {
    cancel_scope& scope = work.scope();
    std::move(work).start(parts_->where);
    const char* why = parts_->run_until(ended);
    if (!why) return;
    const deadlock stuck(fmt::format("{}\n{}", why, task_dump{{look_at(*parts_->where)}}.text()));
    parts_->where->post_function([&scope] { scope.cancel(cancel_reason::user); });
    parts_->run_until(ended);
    throw stuck;
}

}  // namespace braid::testing::detail
