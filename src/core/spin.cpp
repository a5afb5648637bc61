#include <braid/core/detail/spin.hpp>

#include <braid/core/cpu_count.hpp>

namespace braid::detail {

bool may_spin() noexcept {
    static const bool several = usable_cpus() > 1;
    return several;
}

}  // namespace braid::detail
