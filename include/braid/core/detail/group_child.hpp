#pragma once
// A child of a group: a task, the environment it runs in, and who hears of its end.

#include <braid/core/detail/own_call.hpp>
#include <braid/core/detail/scoped.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace braid {

class task_group;

namespace detail {

/// Somebody beside the group who follows one child, and can cancel it alone.
class child_watch {
public:
    explicit child_watch(cancel_scope& of_group) noexcept : scope(of_group) {}
    child_watch(const child_watch&) = delete;
    child_watch& operator=(const child_watch&) = delete;

    /// The child has ended, and its frame is gone. What is left in `error` is a failure of the group too.
    virtual void ended(std::exception_ptr& error) noexcept = 0;

    cancel_scope scope;                 // the child's own. Leaves the group's scope before the end is told.
    std::shared_ptr<child_watch> keep;  // until the end has been told

protected:
    ~child_watch() = default;
};

/// Frees itself when the task has ended. Awaited by nobody: its environment hears of the end.
class group_child final : public work, private environment, public recycled_frame {
public:
    /// How a result gets out of a task that has ended; gives its error.
    using take_result = std::exception_ptr (*)(std::coroutine_handle<> ended, child_watch* watch) noexcept;

    template <class T>
    group_child(task<T> child, take_result take, task_group& group, environment& inside,
                cancel_scope& of_child) noexcept
        : environment{.where = inside.where,
                      .scope = &of_child,
                      .parent = &inside,
                      .first_ended = &group_child::settle},
          group_(group),
          coroutine_(task_access::release(child)),
          take_(take) {
        task_access::promise<T>(coroutine_).env = this;
        run = &group_child::begin;
    }
    void be_watched(std::shared_ptr<child_watch> watch) noexcept {
        watch_ = watch.get();
        watch_->keep = std::move(watch);
    }

    /// The coroutine that `w` will begin, if it is a child.
    [[nodiscard]] static promise_base* to_begin(work& w) noexcept {
        return w.run == &group_child::begin ? &promise_of(static_cast<group_child&>(w).coroutine_) : nullptr;
    }

private:
    static void begin(work* w) noexcept;
    static void settle(environment& own) noexcept;
    void end() noexcept;

    task_group& group_;
    std::coroutine_handle<> coroutine_;
    take_result take_;
    child_watch* watch_ = nullptr;
};

/// For children whose value nobody asked for.
template <class T>
std::exception_ptr drop_result(std::coroutine_handle<> ended, child_watch*) noexcept {
    return task_access::promise<T>(ended).take_error();
}

template <class F, class... Args>
using child_result_t = typename std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>::value_type;

template <class F, class... Args>
consteval void require_child() {
    require_uncalled<F>();
    static_assert(
        std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>,
        "braid: this callable cannot be called with these arguments, which a group passes as rvalues of their "
        "decayed types; pass std::ref(x) for a parameter of type T&");
    if constexpr (std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>) {
        static_assert(is_task<std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>>::value,
                      "braid: a child of a group is a coroutine: the callable must return braid::task<>");
    }
}

}  // namespace detail

}  // namespace braid
