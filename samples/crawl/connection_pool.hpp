#pragma once
// Connections that wait to be used again. How many a host may have at a time is not decided here.

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "connection.hpp"
#include "url.hpp"

namespace crawl {

/// Idle connections by origin. Threads: one.
class connection_pool {
public:
    explicit connection_pool(boost::asio::any_io_executor executor, std::size_t max_idle = 512)
        : executor_(std::move(executor)), max_idle_(max_idle) {}

    /// The idle connection to the URL's origin that was used last, or null. Those that did not keep silent meanwhile
    /// are closed.
    [[nodiscard]] std::unique_ptr<connection> take(const url& target);

    /// One that is not connected yet.
    [[nodiscard]] std::unique_ptr<connection> make() const { return std::make_unique<connection>(executor_); }

    /// Keeps a connection for later; closes it if it is not reusable, or too many are idle already.
    void give_back(const url& target, std::unique_ptr<connection> used);

private:
    boost::asio::any_io_executor executor_;
    std::size_t max_idle_;
    std::size_t idle_ = 0;
    std::unordered_map<std::string, std::vector<std::unique_ptr<connection>>> by_origin_;
};

}  // namespace crawl
