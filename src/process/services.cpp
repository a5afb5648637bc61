#include "process/services.hpp"

#include <braid/core/error.hpp>

#include <fmt/format.h>

#include <atomic>
#include <csignal>

namespace braid::process_detail {

namespace {
std::atomic<process_services*> installed = nullptr;
std::atomic<late_services*> installed_late = nullptr;
}  // namespace

process_services& late_services::get() {
    const std::lock_guard lock(mutex_);
    if (!made_) made_.emplace(name_, depth_);
    return *made_;
}

process_services* services() {
    if (late_services* late = installed_late.load(std::memory_order_acquire)) return &late->get();
    return installed.load(std::memory_order_acquire);
}

void install_services(late_services& to_be_made) noexcept {
    installed_late.store(&to_be_made, std::memory_order_release);
}

void install_services(process_services& made) {
    process_services* none = nullptr;
    if (!installed.compare_exchange_strong(none, &made, std::memory_order_acq_rel)) {
        throw usage_error("braid::init was called twice: keep the first runtime for as long as main runs");
    }
}

void check_depth(const process_services& services) {
    if (services.depth < max_depth) return;
    throw usage_error(
        fmt::format("pools are nested {} deep already, and no deeper: a worker started this pool", max_depth));
}

void ignore_sigpipe() noexcept {
    struct sigaction current{};
    if (::sigaction(SIGPIPE, nullptr, &current) != 0 || current.sa_handler != SIG_DFL) return;
    current.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &current, nullptr);
}

void remove_services() noexcept {
    installed.store(nullptr, std::memory_order_release);
    installed_late.store(nullptr, std::memory_order_release);
}

}  // namespace braid::process_detail
