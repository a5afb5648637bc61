#include <braid/core/await_chain.hpp>

#include <braid/core/detail/carried_chain.hpp>
#include <braid/core/error.hpp>

#include "core/await_text.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <deque>
#include <typeinfo>
#include <utility>

namespace braid {

namespace {

/// An exception and the way it has come so far. It is kept alive, so that no other can have its address.
struct passage {
    std::exception_ptr error;
    std::vector<std::source_location> awaits;
};

/// The exceptions that passed last on this thread, the latest first. A few, because the first failure of a group is
/// rethrown only after its other children have ended, which may fail too.
class passages {
public:
    passage* find(const std::exception_ptr& error) noexcept {
        const auto at = std::ranges::find(kept_, error, &passage::error);
        return at == kept_.end() ? nullptr : &*at;
    }
    passage& add(std::exception_ptr error) {
        kept_.push_front({.error = std::move(error), .awaits = {}});
        if (kept_.size() > kept_at_most) kept_.pop_back();
        return kept_.front();
    }

private:
    static constexpr std::size_t kept_at_most = 8;
    std::deque<passage> kept_;
};
thread_local passages this_thread_passages;

constexpr std::size_t awaits_at_most = 64;  // of one exception: enough to see where it comes from

}  // namespace

std::vector<std::source_location> await_chain(const std::exception_ptr& error) {
    const passage* known = error ? this_thread_passages.find(error) : nullptr;
    return known ? known->awaits : std::vector<std::source_location>{};
}

std::string await_chain_text(const std::exception_ptr& error) {
    std::string text;
    for (const std::source_location& await : await_chain(error)) {
        if (!detail::is_internal(await)) text += detail::text_of(await) + "\n";
    }
    return text;
}

void detail::carried_chain::leave(const std::exception_ptr& error) noexcept {
    try {
        awaits_ = await_chain(error);
    } catch (...) {  // no memory: as below
    }
}

void detail::carried_chain::arrive(const std::exception_ptr& error) noexcept {
    if (awaits_.empty()) return;
    try {
        passage* known = this_thread_passages.find(error);
        if (!known) known = &this_thread_passages.add(error);
        known->awaits = std::move(awaits_);
    } catch (...) {  // no memory: as below
    }
}

std::exception_ptr detail::leaving(const std::source_location& await) noexcept {
    std::exception_ptr error = std::current_exception();
    const std::type_info* type = abi::__cxa_current_exception_type();
    if (type && *type == typeid(cancelled)) return error;  // ends every task sooner or later, and is no failure
    try {
        passage* known = this_thread_passages.find(error);
        if (!known) known = &this_thread_passages.add(error);
        if (known->awaits.size() < awaits_at_most) known->awaits.push_back(await);
    } catch (...) {  // no memory: the exception itself matters more than its way
    }
    return error;
}

}  // namespace braid
