#pragma once
// zygote: a process that has loaded once what workers need, and of which they are forked. What it loaded is theirs at
// once, in the same memory for all of them until one of them writes to it, and they start in a fraction of the time.

#include <braid/process/worker_initialiser.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace braid {

namespace process_detail {
class zygote_process;
}

/// `process_pool pool({.zygote = {load_model, path}})`, or, for several pools, and warm before the first of them:
/// `braid::zygote warm(load_model, path); ... process_pool pool({.zygote = warm});`. A handle: copies are of one
/// zygote.
///
/// It is this program, started again, with one thread; it runs the function, which keeps what it loads itself: in a
/// variable at namespace scope, a worker_state for instance. Workers have the environment, the directory and the open
/// files of the zygote beside what their pool's options say. The function must leave no thread running, and uses no
/// pool; handlers of pthread_atfork are not run. Names of shared libraries are looked up at once, as with LD_BIND_NOW,
/// so that workers need not: one that no library has, and that a program never uses, is an error here. What it seeds,
/// random numbers for instance, is seeded alike in all workers. A zygote that dies is started again. If the function
/// fails, calls that wait for a worker fail with pool_failed. Threads: any. Lifetime: the process ends with the last
/// handle and the last pool that uses it; as with a pool, the enclosing scope of a coroutine waits for that, elsewhere
/// the destructor does.
class zygote {
public:
    /// None: workers are started, not forked.
    zygote() noexcept = default;

    /// Starts it, and does not wait for it. Throws: usage_error if main did not begin with `braid::run` or
    /// `braid::init`; the encoding's errors.
    template <class F, class... Args>
        requires(!std::is_same_v<std::remove_cvref_t<F>, zygote>)
    zygote(F preload, Args... args)  // NOLINT: implicit, for designated initialisers
        : zygote(started{}, worker_initialiser(std::move(preload), std::move(args)...)) {}

    zygote(const zygote& other) noexcept;
    zygote(zygote&& other) noexcept = default;
    zygote& operator=(zygote other) noexcept {
        process_.swap(other.process_);
        return *this;
    }
    ~zygote();

    [[nodiscard]] explicit operator bool() const noexcept { return process_ != nullptr; }

    /// Of its process; -1 while there is none.
    [[nodiscard]] int pid() const;

    /// For pools.
    [[nodiscard]] const std::shared_ptr<process_detail::zygote_process>& process() const noexcept { return process_; }

private:
    struct started {};
    zygote(started, const worker_initialiser& preload);

    std::shared_ptr<process_detail::zygote_process> process_;
};

}  // namespace braid
