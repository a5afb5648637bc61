#pragma once
// Cancelling a scope from outside its home: the request travels there as work and is carried out there.

#include <braid/core/detail/environment.hpp>

#include <atomic>
#include <memory>

namespace braid::detail {

/// Owned by everybody who may ask. Threads: `request` any; the rest on the home.
class remote_cancel : public std::enable_shared_from_this<remote_cancel>, private work {
public:
    explicit remote_cancel(const std::shared_ptr<home>& where) noexcept;

    /// Only the first request counts; one after the end of the scope does nothing.
    void request(cancel_reason why) noexcept;

    void attach(cancel_scope& scope) noexcept { scope_ = &scope; }
    void detach() noexcept { scope_ = nullptr; }

private:
    const std::weak_ptr<home> home_;  // whoever may still ask does not keep the home, which its root keeps
    std::atomic<bool> requested_ = false;
    cancel_reason why_ = cancel_reason::user;
    std::shared_ptr<remote_cancel> keep_;  // while the request is on its way
    cancel_scope* scope_ = nullptr;
};

}  // namespace braid::detail
