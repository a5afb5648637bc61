#pragma once
// The version of the headers, for `#if`; `braid::version()` tells the version of the linked library.

#define BRAID_VERSION_MAJOR 0
#define BRAID_VERSION_MINOR 1
#define BRAID_VERSION_PATCH 0
/// One number to compare: 10'000 * major + 100 * minor + patch.
#define BRAID_VERSION (BRAID_VERSION_MAJOR * 10000 + BRAID_VERSION_MINOR * 100 + BRAID_VERSION_PATCH)
