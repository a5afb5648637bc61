#include <braid/process/on_process.hpp>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>

#include <mutex>
#include <optional>

namespace braid::detail {

namespace {

/// Keeps the pool in the context that it lives on, and ends it with that.
class default_pool final : public boost::asio::execution_context::service {
public:
    static inline boost::asio::execution_context::id id;

    explicit default_pool(boost::asio::execution_context& owner) : service(owner) {}

    process_pool& on(const boost::asio::any_io_executor& executor) {
        const std::lock_guard lock(mutex_);  // a context may be run by several threads
        if (!pool_) pool_.emplace(executor);
        return *pool_;
    }

private:
    void shutdown() override { pool_.reset(); }

    std::mutex mutex_;
    std::optional<process_pool> pool_;
};

}  // namespace

process_pool& default_process_pool() {
    if (!this_driver.current) {
        throw usage_error("on_process is for coroutines: on a plain thread make a process_pool and submit to it");
    }
    const boost::asio::any_io_executor& executor = this_driver.current->executor();
    auto& context = boost::asio::query(executor, boost::asio::execution::context);
    return boost::asio::use_service<default_pool>(context).on(executor);
}

}  // namespace braid::detail
