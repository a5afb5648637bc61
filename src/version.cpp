#include <braid/version.hpp>

namespace braid {

// Given by the build for this file alone, from the macros in the header.
std::string_view version() noexcept { return BRAID_VERSION_STRING; }

}  // namespace braid
