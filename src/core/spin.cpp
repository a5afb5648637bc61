#include <braid/core/detail/spin.hpp>

#include <braid/core/cpu_count.hpp>

#include <thread>

namespace braid::detail {

bool may_spin() noexcept {
    static const bool several = usable_cpus() > 1;
    return several;
}

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
