#include "process/launcher_thread.hpp"

#include "process/boost_launcher.hpp"

#include <algorithm>
#include <new>
#include <ranges>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace braid::process_detail {

namespace {

std::string_view name_in(std::string_view entry) noexcept { return entry.substr(0, entry.find('=')); }

}  // namespace

// A name that is there twice means to getenv what comes first.
std::vector<std::string> child_environment(const std::vector<std::string>& own) {
    std::set<std::string_view> taken;
    std::vector<std::string> all;
    for (const std::string& entry : own | std::views::reverse) {
        if (taken.insert(name_in(entry)).second) all.push_back(entry);
    }
    for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view name = name_in(*entry);
        if (!name.starts_with("BRAID_") && taken.insert(name).second) all.emplace_back(*entry);
    }
    return all;
}

launcher_thread::launcher_thread() : null_device_(open_null_device()), thread_([this] { run(); }) {}

launcher_thread::~launcher_thread() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void launcher_thread::start(child_program program, spawn_callback done) {
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back({std::move(program), std::move(done)});
    }
    wake_.notify_one();
}

void launcher_thread::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        request next = std::move(queue_.front());
        queue_.pop_front();
        const bool refuse = stopping_;
        lock.unlock();
        spawn_result result = refuse ? spawn_error(next.program.path, spawn_step::shutdown,
                                                   std::make_error_code(std::errc::operation_canceled))
                                     : launch(next.program);
        next.program.descriptors.clear();  // before the answer: whoever gets it may rely on end-of-file
        next.done(std::move(result));
        next = {};  // what the callback holds goes without the lock
        lock.lock();
    }
}

spawn_result launcher_thread::launch(const child_program& program) const {
    boost_launcher launcher;
    launcher.executable = program.executable;
    const bool has_input = std::any_of(program.descriptors.begin(), program.descriptors.end(),
                                       [](const passed_descriptor& passed) { return passed.child == STDIN_FILENO; });
    if (!has_input) launcher.descriptors.push_back({.parent = null_device_.get(), .child = STDIN_FILENO});
    for (const auto& passed : program.descriptors) {
        launcher.descriptors.push_back({.parent = passed.parent.get(), .child = passed.child});
    }
    try {
        namespace bp = boost::process::v2;
        bp::process_environment environment(program.environment);  // not const: it would then be no initialiser
        if (program.directory.empty()) {
            return launcher.launch(program.path, program.arguments, environment, program.settings);
        }
        return launcher.launch(program.path, program.arguments, environment, program.settings,
                               bp::process_start_dir(program.directory));
    } catch (const spawn_error& failure) {
        return failure;
    } catch (const std::bad_alloc&) {
        return spawn_error(program.path, spawn_step::prepare, std::make_error_code(std::errc::not_enough_memory));
    }
}

}  // namespace braid::process_detail
