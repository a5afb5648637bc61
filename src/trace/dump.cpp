#include <braid/trace/dump.hpp>

#include <braid/core/detail/homes.hpp>
#include <braid/core/detail/job_state.hpp>

#include "core/await_text.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <exception>
#include <iterator>
#include <mutex>
#include <thread>

namespace braid {

namespace {

using namespace detail;

/// What was asked of one home, which may answer long after nobody waits any more.
class inquiry {
public:
    void answer(home& where) noexcept {
        home_info found;
        try {
            found = look_at(where);
        } catch (...) {  // no memory: as good as no answer
        }
        const std::lock_guard lock(mutex_);
        found_ = std::move(found);
        answered_ = true;
        changed_.notify_all();
    }
    home_info wait_until(time_point then) {
        std::unique_lock lock(mutex_);
        changed_.wait_until(lock, then, [this] { return answered_; });
        return std::move(found_);
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    home_info found_;
    bool answered_ = false;
};

task_dump ask_all(duration patience) {
    std::vector<std::shared_ptr<inquiry>> asked;
    for_each_home([&asked](home& where) {
        auto question = std::make_shared<inquiry>();
        where.post_function([question, &where] { question->answer(where); });  // runs there, so it is there then
        asked.push_back(std::move(question));
    });
    task_dump dump;
    const time_point then = clock::now() + patience;
    for (const auto& question : asked) dump.homes.push_back(question->wait_until(then));
    return dump;
}

/// Asks on a thread of its own, so that the caller's home can answer like any other.
class [[nodiscard]] dump_operation : public operation {
public:
    explicit dump_operation(duration patience) noexcept : patience_(patience) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!enter(h)) return false;
        listen();
        asking_ = std::jthread([this] {
            try {
                dump_ = ask_all(patience_);
            } catch (...) {
                error_ = std::current_exception();
            }
            complete();
        });
        return true;
    }
    task_dump await_resume() {
        throw_if_refused();
        asking_.join();
        if (error_) std::rethrow_exception(error_);
        return std::move(dump_);
    }
    [[nodiscard]] std::string describe() const override { return "this dump"; }

private:
    const duration patience_;
    task_dump dump_;
    std::exception_ptr error_;
    std::jthread asking_;
};

double seconds(duration d) { return std::chrono::duration<double>(d).count(); }

void write(std::string& text, const task_info& task, time_point now, int indent) {
    const auto line = [&text](int by, const std::string& words) {
        text.append(static_cast<std::size_t>(by), ' ').append(words).append("\n");
    };
    line(indent, "- " + (task.name.empty() ? "a task" : task.name));
    for (const auto& await : task.awaits) line(indent + 4, text_of(await));
    line(indent + 4, task.waits_for.empty() ? "is ready to go on"
                                            : fmt::format("waits for {}, {:.3f} s long so far", task.waits_for,
                                                          seconds(now - task.since)));
    for (const task_info& child : task.children) write(text, child, now, indent + 4);
}

}  // namespace

std::string task_dump::text() const {
    std::string text;
    for (std::size_t i = 0; i < homes.size(); ++i) {
        const home_info& where = homes[i];
        fmt::format_to(std::back_inserter(text), "home {} of {}{}\n", i + 1, homes.size(),
                       where.stalled ? ": it does not answer, so something holds it, or nobody runs it" : "");
        for (const task_info& root : where.roots) write(text, root, where.at, 2);
    }
    return text;
}

task<task_dump> dump_tasks(duration patience) { co_return co_await dump_operation(patience); }

task_dump dump_tasks_blocking(duration patience) {
    require_plain_thread("dump_tasks_blocking", "co_await dump_tasks()");
    return ask_all(patience);
}

}  // namespace braid
