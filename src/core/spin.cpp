#include <braid/core/detail/spin.hpp>

#include <braid/core/cpu_count.hpp>

#include "core/cpu_quota.hpp"

#include <atomic>
#include <thread>

namespace braid::detail {

namespace {

enum class cpus : unsigned char { unknown, one, several };
std::atomic<cpus> known = cpus::unknown;

bool know(bool several) noexcept {
    known.store(several ? cpus::several : cpus::one, std::memory_order_relaxed);
    return several;
}

}  // namespace

bool may_spin() noexcept {
    const cpus now = known.load(std::memory_order_relaxed);
    return now == cpus::unknown ? know(usable_cpus() > 1) : now == cpus::several;
}

void know_from_parent(bool may_spin) noexcept { know(may_spin && cpus_by_affinity() > 1); }

bool spinner::give_way() noexcept {
    constexpr std::chrono::microseconds dear{200};
    constexpr int times_its_cost = 16;
    const auto before = clock::now();
    if (before < not_before_) return false;
    std::this_thread::yield();
    const auto after = clock::now();
    if (after - before > dear) not_before_ = after + times_its_cost * (after - before);
    return true;
}

}  // namespace braid::detail
