#include <braid/core/cpu_count.hpp>

#include "core/cpu_quota.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <thread>

namespace braid {

int detail::cpus_by_affinity() noexcept {
    cpu_set_t mask;
    if (::sched_getaffinity(0, sizeof mask, &mask) == 0) return CPU_COUNT(&mask);
    return static_cast<int>(std::thread::hardware_concurrency());  // more CPUs than the mask can hold
}

int usable_cpus() {
    int cpus = detail::cpus_by_affinity();
    if (const auto quota = detail::cpus_by_quota()) cpus = std::min(cpus, static_cast<int>(std::ceil(*quota)));
    return std::max(cpus, 1);
}

}  // namespace braid
