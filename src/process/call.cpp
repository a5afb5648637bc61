#include <braid/process/detail/call.hpp>

#include "process/pool_engine.hpp"

#include <fmt/format.h>

namespace braid::detail {

call_base::call_base(const call_request& request, bool is_batch) noexcept : request_(request), is_batch_(is_batch) {
    call_submission::run = [](work* w) noexcept {
        static_cast<call_base*>(static_cast<call_submission*>(w))->arrive();
    };
    call_cancellation::run = [](work* w) noexcept {
        static_cast<call_base*>(static_cast<call_cancellation*>(w))->cancel_arrives();
    };
}

std::exception_ptr call_base::caught() {
    try {
        throw;
    } catch (const wire::remote_error& e) {
        if (!stopping_ || e.type_name() != "braid::cancelled") return std::current_exception();
        cancelled_ = true;
        return nullptr;
    } catch (const wire::decode_error& e) {
        if (!dynamic_cast<const wire::remote_origin*>(&e)) throw;
        return std::current_exception();  // the function's own
    } catch (...) {
        return std::current_exception();
    }
}

std::string call_base::describe() const {
    if (engine().lives_on(this_driver.current) && worker_) return worker_->describe(*this);
    if (engine().lives_on(this_driver.current) && place_ == place::outside) {
        return fmt::format("{} waiting for room in the queue of the pool {}", worker_link::name_of(*this),
                           engine().options().name);
    }
    const int pid = worker_pid_.load(std::memory_order_relaxed);
    if (pid != 0) return fmt::format("{} in worker {}", worker_link::name_of(*this), pid);
    return fmt::format("{} in the queue of the pool {}", worker_link::name_of(*this), engine().options().name);
}

void call_base::submit() noexcept {
    if (engine().lives_on(this_driver.current)) {
        engine().submit(*this);
    } else if (!engine().post_unless_gone(static_cast<call_submission&>(*this))) {
        engine().refuse(*this);
    }
}

void call_base::withdraw() noexcept {
    if (place_ == place::announced || place_ == place::admitted) engine().room()->leave();
    place_ = place::nowhere;
}

void call_base::arrive() noexcept {
    engine().arrived();
    engine().submit(*this);
}

void call_base::on_cancel() noexcept {
    if (engine().lives_on(this_driver.current)) return engine().cancel(*this);
    crossing before = crossing::none;
    if (crossing_.compare_exchange_strong(before, crossing::cancel_on_its_way))
        engine().post_for_call(static_cast<call_cancellation&>(*this));
}

void call_base::cancel_arrives() noexcept {
    cancel_arrived_ = true;
    if (!finished_early_) return engine().cancel(*this);
    engine().cancellation_arrived();
    complete();
}

// The frame, and this with it, may go as soon as the caller knows. A cancellation that is on its way from another home
// still has to find it, so the call then ends when that arrives.
void call_base::finish() noexcept {
    if (engine().lives_on(env().where) || cancel_arrived_) return complete();
    crossing before = crossing::none;
    if (crossing_.compare_exchange_strong(before, crossing::finished)) return complete();
    finished_early_ = true;
    engine().expect_cancellation();
}

}  // namespace braid::detail
