#include <braid/core/detail/environment.hpp>

#include <boost/core/demangle.hpp>

#include <string_view>
#include <typeinfo>
#include <utility>

namespace braid::detail {

namespace {

/// `thread_pool::close_operation` becomes `thread_pool::close`, a wait in the queue of a primitive what it is for, say
/// `channel<int>::popping`.
std::string words_for(const char* mangled) {
    std::string words = boost::core::demangle(mangled);
    for (const std::string_view noise : {"braid::", "detail::", "_operation", "_awaiter"}) {
        for (std::size_t at; (at = words.find(noise)) != std::string::npos;) words.erase(at, noise.size());
    }
    constexpr std::string_view queue = "queued<";
    if (words.starts_with(queue)) words = words.substr(queue.size(), words.size() - queue.size() - 1);
    return words;
}

}  // namespace

// First the state, everywhere, then the waits: whoever is told to stop finds everything around it cancelled too.
void cancel_scope::cancel(cancel_reason why) noexcept {
    if (cancelled()) return;
    mark(why);
    stop_operations();
}

void cancel_scope::mark(cancel_reason why) noexcept {
    if (!reason_) reason_ = why;
    children_.for_each([why](cancel_scope& child) {
        if (!child.shielded_) child.mark(why);
    });
}

void cancel_scope::stop_operations() noexcept {
    // on_cancel may take the operation, and others, off the list. No coroutine is resumed here, so the scopes stay.
    list<operation> told;
    while (operation* op = operations_.pop_front()) {
        told.push_back(*op);
        if (!std::exchange(op->told_, true)) op->on_cancel();
    }
    while (operation* op = told.pop_front()) operations_.push_back(*op);
    children_.for_each([](cancel_scope& child) {
        if (!child.shielded_) child.stop_operations();
    });
}

void cancel_expired(const environment& here) noexcept {
    const auto time = now();
    cancel_scope* outermost = nullptr;
    // A shield knows of no deadline around it, and so ends the search.
    for (const environment* env = &here; env && env->scope->expiry_ <= time; env = env->parent) {
        if (env->scope->own_expiry_ <= time) outermost = env->scope;
    }
    if (outermost) outermost->cancel(cancel_reason::deadline);
}

std::string operation::describe() const { return words_for(typeid(*this).name()); }

}  // namespace braid::detail
