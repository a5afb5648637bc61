#include <support/count_allocations.hpp>

#include <cstdlib>

namespace {

constinit thread_local std::size_t asked = 0;

}  // namespace

std::size_t braid_test::allocations_of_this_thread() noexcept { return asked; }

// operator new of libstdc++ ends in malloc. These stand in front of those of glibc, which has the others of its own
// name for that purpose. Source: glibc manual, "Replacing malloc".
#if defined(__GLIBC__)
extern "C" {
void* __libc_malloc(std::size_t size) noexcept;
void* __libc_calloc(std::size_t count, std::size_t size) noexcept;
void* __libc_realloc(void* memory, std::size_t size) noexcept;
void* __libc_memalign(std::size_t alignment, std::size_t size) noexcept;

void* malloc(std::size_t size) noexcept {
    ++asked;
    return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
    ++asked;
    return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) noexcept {
    ++asked;
    return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    ++asked;
    return __libc_memalign(alignment, size);
}
}
#endif
