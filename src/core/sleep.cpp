#include <braid/core/sleep.hpp>

#include <fmt/format.h>

namespace braid::detail {

std::string describe_sleep(time_point until, time_point now) {
    if (until == time_point::max()) return "a sleep without end";
    return fmt::format("a sleep that has {:.3f} s to go", std::chrono::duration<double>(until - now).count());
}

}  // namespace braid::detail
