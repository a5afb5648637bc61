#include <braid/core/cpu_count.hpp>

#include "core/cpu_quota.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <thread>

namespace braid {

namespace {

int cpus_by_affinity() {
    cpu_set_t mask;
    if (::sched_getaffinity(0, sizeof mask, &mask) == 0) return CPU_COUNT(&mask);
    return static_cast<int>(std::thread::hardware_concurrency());  // more CPUs than the mask can hold
}

}  // namespace

int usable_cpus() {
    int cpus = cpus_by_affinity();
    if (const auto quota = detail::cpus_by_quota()) cpus = std::min(cpus, static_cast<int>(std::ceil(*quota)));
    return std::max(cpus, 1);
}

}  // namespace braid
