#include "fuzz/targets.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    braid_fuzz::try_beside(std::as_bytes(std::span(data, size)));
    return 0;
}
