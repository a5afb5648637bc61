#include <braid/process/zygote.hpp>

#include "process/zygote_process.hpp"

#include <braid/core/detail/scoped.hpp>
#include <braid/core/error.hpp>

#include <future>

namespace braid {

namespace {

using process_detail::zygote_process;

std::shared_ptr<zygote_process> start_zygote(const worker_initialiser& preload) {
    process_detail::process_services* const services = process_detail::services();
    if (!services) {
        throw usage_error(
            "a zygote needs main to begin with braid::run(argc, argv, app) or braid::init(argc, argv): it is this "
            "program, started again");
    }
    process_detail::check_depth(*services);
    auto made = std::make_shared<zygote_process>(*services, preload.encoded());
    made->enter();
    made->start();
    return made;
}

}  // namespace

zygote::zygote(started, const worker_initialiser& preload) : process_(start_zygote(preload)) {}

zygote::zygote(const zygote& other) noexcept : process_(other.process_) {
    if (process_) process_->enter();
}

zygote::~zygote() {
    if (!process_) return;
    if (detail::environment* const scope = detail::this_driver.env) {
        ++scope->adopted.count;
        process_->leave([scope] { scope->where->post_function([scope] { detail::adopted_ended(*scope); }); });
        return;
    }
    std::promise<void> gone;
    process_->leave([&gone] { gone.set_value(); });
    gone.get_future().wait();
}

int zygote::pid() const { return process_ ? process_->pid() : -1; }

}  // namespace braid
