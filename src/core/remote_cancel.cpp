#include <braid/core/detail/remote_cancel.hpp>

#include <utility>

namespace braid::detail {

remote_cancel::remote_cancel(const std::shared_ptr<home>& where) noexcept : home_(where) {
    run = [](work* w) noexcept {
        const auto self = std::exchange(static_cast<remote_cancel*>(w)->keep_, nullptr);
        if (self->scope_) self->scope_->cancel(self->why_);
    };
}

void remote_cancel::request(cancel_reason why) noexcept {
    if (requested_.exchange(true)) return;
    const auto where = home_.lock();
    if (!where) return;
    why_ = why;
    keep_ = shared_from_this();
    where->post(this);
}

}  // namespace braid::detail
