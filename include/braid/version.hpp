#pragma once
// The version of the headers, as macros for `#if`, and of the library that is linked. This file is where the version is
// written: the build reads it from here.

#include <string_view>

#define BRAID_VERSION_MAJOR 0
#define BRAID_VERSION_MINOR 1
#define BRAID_VERSION_PATCH 0
/// One number to compare: 10'000 * major + 100 * minor + patch.
#define BRAID_VERSION (BRAID_VERSION_MAJOR * 10000 + BRAID_VERSION_MINOR * 100 + BRAID_VERSION_PATCH)

namespace braid {

/// The version of the linked library, as "major.minor.patch": a program can compare it with the headers it was
/// compiled with.
[[nodiscard]] std::string_view version() noexcept;

}  // namespace braid
