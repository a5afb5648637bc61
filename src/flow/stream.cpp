#include <braid/flow/stream.hpp>

#include <cstdio>
#include <exception>

namespace braid::detail {

void stream_destroyed_while_asked() noexcept {
    std::fputs("braid: a stream was destroyed while its next value was being awaited\n", stderr);
    std::terminate();
}

}  // namespace braid::detail
