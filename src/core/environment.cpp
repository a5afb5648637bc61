#include <braid/core/detail/environment.hpp>

#include <utility>

namespace braid::detail {

// First the state, everywhere, then the waits: whoever is told to stop finds everything around it cancelled too.
void cancel_scope::cancel(cancel_reason why) noexcept {
    if (cancelled()) return;
    mark(why);
    stop_operations();
}

void cancel_scope::mark(cancel_reason why) noexcept {
    if (!reason_) reason_ = why;
    children_.for_each([why](cancel_scope& child) { child.mark(why); });
}

void cancel_scope::stop_operations() noexcept {
    // on_cancel may take the operation, and others, off the list. No coroutine is resumed here, so the scopes stay.
    list<operation> told;
    while (operation* op = operations_.pop_front()) {
        told.push_back(*op);
        if (!std::exchange(op->told_, true)) op->on_cancel();
    }
    while (operation* op = told.pop_front()) operations_.push_back(*op);
    children_.for_each([](cancel_scope& child) { child.stop_operations(); });
}

void cancel_expired(const environment& here) noexcept {
    const auto now = clock::now();
    cancel_scope* outermost = nullptr;
    // A shield knows of no deadline around it, and so ends the search.
    for (const environment* env = &here; env && env->scope->expiry_ <= now; env = env->parent) {
        if (env->scope->own_expiry_ <= now) outermost = env->scope;
    }
    if (outermost) outermost->cancel(cancel_reason::deadline);
}

}  // namespace braid::detail
