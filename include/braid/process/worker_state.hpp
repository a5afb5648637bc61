#pragma once
// worker_state<T>: what each worker makes once and keeps between calls, a model or a connection for instance.

#include <mutex>
#include <optional>

namespace braid {

/// A variable at namespace scope: `braid::worker_state<model> the_model(load_model);`, used as `the_model->ask(x)`.
/// Each process makes a value of its own when it is used first; if that throws, the next use tries again. A worker
/// makes it early if the pool's initialiser uses it. Threads: any; what T allows.
template <class T>
class worker_state {
public:
    constexpr explicit worker_state(T (*make)()) noexcept : make_(make) {}
    worker_state(const worker_state&) = delete;
    worker_state& operator=(const worker_state&) = delete;

    [[nodiscard]] T& operator*() {
        std::call_once(made_, [this] { value_.emplace(make_()); });
        return *value_;
    }
    [[nodiscard]] T* operator->() { return &**this; }

private:
    T (*const make_)();
    std::once_flag made_;
    std::optional<T> value_;
};

}  // namespace braid
