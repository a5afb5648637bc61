#include "process/worker_exit.hpp"

#include <unistd.h>
#include <cstdio>

#if defined(__SANITIZE_ADDRESS__)
#define BRAID_HAS_LSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BRAID_HAS_LSAN 1
#endif
#endif
#ifdef BRAID_HAS_LSAN
#include <sanitizer/lsan_interface.h>
#endif

// Of coverage tools: there if the program was built for one.
extern "C" {
[[gnu::weak]] void __gcov_dump();
[[gnu::weak]] int __llvm_profile_write_file();
}

namespace braid::process_detail {

void leave_worker() {
    std::fflush(nullptr);
    if (__gcov_dump) __gcov_dump();
    if (__llvm_profile_write_file) __llvm_profile_write_file();
#ifdef BRAID_HAS_LSAN
    __lsan_do_leak_check();
#endif
    ::_exit(0);
}

}  // namespace braid::process_detail
