#include <braid/thread/on_thread.hpp>

namespace braid::detail {

thread_pool& default_thread_pool() {
    static auto* const pool = new thread_pool({.name = "braid"});
    return *pool;
}

}  // namespace braid::detail
