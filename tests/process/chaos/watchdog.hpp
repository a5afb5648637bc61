#pragma once
// Ends a program that hangs, and tells first what it waits for.

#include "support/sanitized.hpp"

#include <braid/core/spawn.hpp>
#include <braid/trace/dump.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace chaos {

class watchdog {
public:
    explicit watchdog(std::string what) : what_(std::move(what)) {}
    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;
    ~watchdog() {
        {
            const std::lock_guard lock(mutex_);
            over_ = true;
        }
        ended_.notify_one();
        thread_.join();
    }

private:
    static constexpr std::chrono::seconds patience{braid_test::sanitized ? 300 : 90};

    void run() {
        std::unique_lock lock(mutex_);
        if (ended_.wait_for(lock, patience, [&] { return over_; })) return;
        std::fprintf(stderr, "chaos: %s hangs\n", what_.c_str());
        braid::run_blocking([]() -> braid::task<> {
            const auto all = co_await braid::dump_tasks();
            std::fprintf(stderr, "%s\n", all.text().c_str());
        }());
        std::abort();
    }

    const std::string what_;
    std::mutex mutex_;
    std::condition_variable ended_;
    bool over_ = false;  // under mutex_
    std::thread thread_{[this] { run(); }};
};

}  // namespace chaos
