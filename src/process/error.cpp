#include <braid/process/error.hpp>

#include "process/symbolise.hpp"
#include "process/worker_death.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace braid {

using process_detail::exit_status;

namespace {
constexpr std::size_t lines_in_message = 5;
}

const char* to_string(death_reason reason) noexcept {
    switch (reason) {
        case death_reason::crashed: return "crashed";
        case death_reason::exited: return "exited";
        case death_reason::out_of_memory: return "out of memory";
        case death_reason::cpu_limit: return "CPU limit reached";
        case death_reason::file_size_limit: return "file size limit reached";
        case death_reason::killed: return "killed from outside";
        case death_reason::unresponsive: return "killed for giving no sign of life";
        case death_reason::broke_protocol: return "killed for breaking the protocol";
        case death_reason::unfit: return "killed before it could take a call";
        case death_reason::unknown: break;
    }
    return "unknown";
}

/// Names cost time, so they are made when somebody reads them first.
struct worker_died::report {
    explicit report(detail::worker_death d) : death(std::move(d)) {}

    detail::worker_death death;
    mutable std::once_flag named;
    mutable std::string call;
    mutable std::string message;

    void make_names() const {
        std::call_once(named, [this] {
            call = death.name.empty() ? process_detail::name_of_function(death.called.address, *death.called.type)
                                      : death.name;
            const std::string item = death.item ? fmt::format(" for item {} of a map", *death.item) : "";
            message = fmt::format("worker {} {} while it ran {}{}, after {:.1f} ms", death.pid, to_string(death.status),
                                  call, item, std::chrono::duration<double, std::milli>(death.ran_for).count());
            if (death.reason == death_reason::unresponsive) message += "; it gave no sign of life any more";
            if (death.reason == death_reason::out_of_memory) message += "; the kernel was out of memory";
            if (!death.earlier.empty()) message += fmt::format("; this was attempt {}", death.earlier.size() + 1);
            if (!death.violation.empty()) {
                message += fmt::format("; it was killed for breaking the protocol: {}", death.violation);
            }
            const auto said = std::span(death.stderr_tail).last(std::min(death.stderr_tail.size(), lines_in_message));
            if (!said.empty()) message += fmt::format("; its last words:\n    {}", fmt::join(said, "\n    "));
        });
    }
};

namespace {

bool calls_for_the_worker(const std::string& name) {
    return name.find("braid::wire::detail::call_thunk<") != std::string::npos ||
           name.find("braid::wire::detail::run_batch_of<") != std::string::npos ||
           name.find("braid::wire::detail::run_for_values<") != std::string::npos;
}

}  // namespace

worker_died::worker_died(detail::worker_death death)
    : error("a worker died"), report_(std::make_shared<const report>(std::move(death))) {}

const char* worker_died::what() const noexcept {
    try {
        report_->make_names();
        return report_->message.c_str();
    } catch (...) {
        return error::what();  // no memory for more
    }
}

int worker_died::pid() const noexcept { return report_->death.pid; }
death_reason worker_died::reason() const noexcept { return report_->death.reason; }

std::optional<int> worker_died::signal() const noexcept {
    const exit_status& status = report_->death.status;
    return status.how == exit_status::kind::signalled ? std::optional(status.code) : std::nullopt;
}

std::optional<int> worker_died::exit_code() const noexcept {
    const exit_status& status = report_->death.status;
    return status.how == exit_status::kind::exited ? std::optional(status.code) : std::nullopt;
}

const std::string& worker_died::call() const {
    report_->make_names();
    return report_->call;
}

std::optional<std::uint64_t> worker_died::item() const noexcept { return report_->death.item; }

std::chrono::microseconds worker_died::ran_for() const noexcept { return report_->death.ran_for; }

std::chrono::microseconds worker_died::cpu_time() const noexcept {
    return report_->death.status.user_time + report_->death.status.system_time;
}

std::optional<std::uint64_t> worker_died::peak_memory() const noexcept { return report_->death.status.peak_memory; }

std::span<const worker_died> worker_died::earlier() const noexcept { return report_->death.earlier; }

std::span<const std::string> worker_died::stderr_tail() const noexcept { return report_->death.stderr_tail; }

std::vector<std::string> worker_died::stack() const {
    std::vector<std::string> names;
    for (const wire::code_address place : report_->death.stack) {
        std::string name = process_detail::describe_code(place);
        if (calls_for_the_worker(name)) break;  // below is every worker's main
        names.push_back(std::move(name));
    }
    return names;
}

}  // namespace braid
