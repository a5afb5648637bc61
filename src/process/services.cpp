#include "process/services.hpp"

#include <braid/core/error.hpp>

#include <atomic>
#include <csignal>

namespace braid::process_detail {

namespace {
std::atomic<process_services*> installed = nullptr;
}

process_services* services() noexcept { return installed.load(std::memory_order_acquire); }

void install_services(process_services& made) {
    process_services* none = nullptr;
    if (!installed.compare_exchange_strong(none, &made, std::memory_order_acq_rel)) {
        throw usage_error("braid::init was called twice: keep the first runtime for as long as main runs");
    }
}

void ignore_sigpipe() noexcept {
    struct sigaction current{};
    if (::sigaction(SIGPIPE, nullptr, &current) != 0 || current.sa_handler != SIG_DFL) return;
    current.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &current, nullptr);
}

void remove_services() noexcept { installed.store(nullptr, std::memory_order_release); }

}  // namespace braid::process_detail
