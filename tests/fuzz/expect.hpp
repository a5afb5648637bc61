#pragma once
// For fuzz targets: what does not hold ends the process, which is how a fuzzer learns of it.

#include <cstdio>
#include <cstdlib>

namespace braid_fuzz {

inline void expect(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "this does not hold: %s\n", what);
    std::abort();
}

}  // namespace braid_fuzz
