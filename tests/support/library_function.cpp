// The content of a shared library: one that a test program links, and one that it opens when it runs.

extern "C" __attribute__((visibility("default"))) int cube_in_library(int x) { return x * x * x; }
