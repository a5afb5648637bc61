#include <braid/trace/stall_watch.hpp>

#include <braid/core/observe.hpp>

#include "core/await_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

namespace braid {

namespace {

using namespace detail;

constexpr std::size_t awaits_at_most = 32;

/// What one thread is doing. It is copied when a step begins: the frames may be gone when it is read.
struct activity : list_node {
    activity();
    ~activity();

    std::mutex mutex;
    // Under mutex.
    bool busy = false;
    bool reported = false;
    time_point began;
    std::vector<std::source_location> awaits;
};

struct all_activities {
    std::mutex mutex;
    list<activity> threads;  // under mutex
};
all_activities& activities() {
    static all_activities& all = *new all_activities;  // threads may end after everything that is static
    return all;
}

activity::activity() {
    awaits.reserve(awaits_at_most);
    const std::lock_guard lock(activities().mutex);
    activities().threads.push_back(*this);
}
activity::~activity() {
    const std::lock_guard lock(activities().mutex);
    unlink();
}

class recorder final : public work_observer {
public:
    void begins(work& w) noexcept override {
        activity& mine = this_thread();
        const std::lock_guard lock(mine.mutex);
        mine.busy = true;
        mine.reported = false;
        mine.began = clock::now();
        mine.awaits.clear();
        const operation* op = operation::of(w);
        for (promise_base* p = op ? &op->waiter() : nullptr; p && mine.awaits.size() < awaits_at_most;
             p = p->continuation ? &promise_of(p->continuation) : nullptr) {
            if (p->where.line() != 0) mine.awaits.push_back(p->where);
        }
    }
    void ended() noexcept override {
        activity& mine = this_thread();
        const std::lock_guard lock(mine.mutex);
        mine.busy = false;
    }

private:
    static activity& this_thread() {
        static thread_local activity mine;
        return mine;
    }
};
recorder the_recorder;

/// Those that have lasted too long since the last look.
std::vector<stall> look_for_stalls(duration limit) {
    std::vector<stall> found;
    const std::lock_guard all(activities().mutex);
    activities().threads.for_each([&](activity& thread) {
        const std::lock_guard lock(thread.mutex);
        const duration held = clock::now() - thread.began;
        if (!thread.busy || thread.reported || held < limit) return;
        thread.reported = true;
        found.push_back({.held = held, .awaits = thread.awaits});
    });
    return found;
}

}  // namespace

std::string stall::text() const {
    const double ms = std::chrono::duration<double, std::milli>(held).count();
    std::string text = fmt::format("a loop has been held for {:.0f} ms by a task, ", ms);
    if (awaits.empty()) return text + "at its beginning, or by a completion handler\n";
    text += "since it went on from\n";
    for (const auto& await : awaits) {
        if (!is_internal(await)) text += "    " + text_of(await) + "\n";
    }
    return text;
}

class stall_watch::watcher {
public:
    watcher(duration limit, std::function<void(const stall&)> report) : limit_(limit), report_(std::move(report)) {
        if (limit <= limit.zero()) throw usage_error("a stall watch needs a limit that is longer than nothing");
        work_observer* nobody = nullptr;
        if (!the_work_observer.compare_exchange_strong(nobody, &the_recorder))
            throw usage_error("there is a stall watch already: a program has one at most");
        thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
    }
    watcher(const watcher&) = delete;
    watcher& operator=(const watcher&) = delete;
    ~watcher() {
        thread_.request_stop();
        thread_.join();
        the_work_observer = nullptr;
    }

private:
    void watch(const std::stop_token& stop) {
        const duration between_looks = std::max<duration>(limit_ / 4, std::chrono::milliseconds(1));
        std::unique_lock lock(mutex_);
        while (!stop.stop_requested()) {
            for (const stall& s : look_for_stalls(limit_)) report_(s);
            stopping_.wait_for(lock, stop, between_looks, [] { return false; });
        }
    }

    const duration limit_;
    const std::function<void(const stall&)> report_;
    std::mutex mutex_;
    std::condition_variable_any stopping_;
    std::jthread thread_;
};

stall_watch::stall_watch(duration limit, std::function<void(const stall&)> report) {
    if (!report) report = [](const stall& s) { fmt::print(stderr, "braid: {}", s.text()); };
    watcher_ = std::make_unique<watcher>(limit, std::move(report));
}
stall_watch::~stall_watch() = default;

}  // namespace braid
