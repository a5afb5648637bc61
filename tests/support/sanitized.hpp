#pragma once
// Whether this is a build with a sanitizer, where great numbers are made smaller.

#if defined(__has_feature)
#define BRAID_TEST_HAS(sanitizer) __has_feature(sanitizer)
#else
#define BRAID_TEST_HAS(sanitizer) 0
#endif

namespace braid_test {

#if defined(__SANITIZE_THREAD__) || BRAID_TEST_HAS(thread_sanitizer)
inline constexpr bool thread_sanitized = true;
#else
inline constexpr bool thread_sanitized = false;
#endif

#if defined(__SANITIZE_ADDRESS__) || BRAID_TEST_HAS(address_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = thread_sanitized;
#endif

/// ThreadSanitizer keeps a thread of its own, and knows nothing of processes that are forked by clone(2).
inline constexpr bool may_fork_workers = !thread_sanitized;

}  // namespace braid_test

#undef BRAID_TEST_HAS
