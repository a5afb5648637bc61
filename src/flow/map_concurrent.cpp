#include <braid/flow/map_concurrent.hpp>

namespace braid::detail {

void require_limit(std::size_t limit) {
    if (limit == 0) throw usage_error("map_concurrent with a limit of 0 would never begin: allow at least one call");
}

}  // namespace braid::detail
