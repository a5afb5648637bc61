#pragma once
// Connections that wait to be used again. How many a host may have at a time is not decided here.

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <list>
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
    connection_pool(boost::asio::any_io_executor executor, std::size_t max_idle)
        : executor_(std::move(executor)), max_idle_(max_idle) {}

    /// The idle connection to the URL's origin that was used last, or null. Those that did not keep silent meanwhile
    /// are closed.
    [[nodiscard]] std::unique_ptr<connection> take(const url& target);

    /// One that is not connected yet.
    [[nodiscard]] std::unique_ptr<connection> make() const { return std::make_unique<connection>(executor_); }

    /// Keeps a connection for later; closes it if it is not reusable. If too many are idle then, the one that has been
    /// so for the longest time is closed: its host may have nothing more to ask for.
    void give_back(const url& target, std::unique_ptr<connection> used);

private:
    struct idle_connection {
        std::string origin;
        std::unique_ptr<connection> open;
    };
    using place = std::list<idle_connection>::iterator;
    void close_oldest();

    boost::asio::any_io_executor executor_;
    std::size_t max_idle_;
    std::list<idle_connection> idle_;                                // the one that was given back last at the end
    std::unordered_map<std::string, std::vector<place>> by_origin_;  // none is empty; in the same order
};

}  // namespace crawl
