// For ThreadSanitizer alone. The owners of an exception are counted inside libstdc++, which is not instrumented, so
// that it takes the end of the exception, by the last owner, for a race with what the others had read of it. braid
// hands exceptions from thread to thread, and programs that do so would need suppressions (which work by function, and
// so only where there is a symboliser). Here it is told instead that each owner lets go after those before it.
#include <exception>

#if defined(__SANITIZE_THREAD__)
#define BRAID_THREAD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BRAID_THREAD_SANITIZED 1
#endif
#endif

#if defined(BRAID_THREAD_SANITIZED) && defined(__GLIBCXX__)

#include <dlfcn.h>
#include <sched.h>

// ThreadSanitizer must not see the lock: threads that let go of different exceptions would seem ordered, which hides
// races.
#if defined(__clang__)
#define BRAID_UNSEEN __attribute__((disable_sanitizer_instrumentation))
#else
#define BRAID_UNSEEN __attribute__((no_sanitize_thread))
#endif

extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);

namespace braid::detail {

namespace {

// One owner at a time; an exception that owns another lets go of it in its destructor.
class owners_turn {
public:
    BRAID_UNSEEN owners_turn() {
        if (depth++ > 0) return;
        while (__atomic_exchange_n(&taken, true, __ATOMIC_ACQUIRE)) ::sched_yield();
    }
    BRAID_UNSEEN ~owners_turn() {
        if (--depth == 0) __atomic_store_n(&taken, false, __ATOMIC_RELEASE);
    }
    owners_turn(const owners_turn&) = delete;
    owners_turn& operator=(const owners_turn&) = delete;

private:
    static inline bool taken = false;
    static inline thread_local unsigned depth = 0;
};

// What the dynamic linker finds behind this program's own definition.
template <typename Function>
Function* next_definition(const char* symbol) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, symbol));
}

}  // namespace

}  // namespace braid::detail

void std::__exception_ptr::exception_ptr::_M_release() noexcept {
    static const auto release =
        braid::detail::next_definition<void(exception_ptr*)>("_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv");
    void* const exception = _M_exception_object;
    const braid::detail::owners_turn turn;
    __tsan_release(exception);
    __tsan_acquire(exception);
    release(this);
}

// A catch clause is an owner too.
extern "C" void __cxa_end_catch() {
    static const auto end_catch = braid::detail::next_definition<void()>("__cxa_end_catch");
    const std::exception_ptr lets_go_last = std::current_exception();
    end_catch();
}

#endif
