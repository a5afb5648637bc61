#pragma once
// Names to addresses. Asio 1.81 looks names up on a single thread, one after the other: here as many at a time as there
// are hosts, and each host once in a while.

#include <braid/core/task.hpp>
#include <braid/sync/once.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "crawl_clock.hpp"

namespace crawl {

struct lookup {
    boost::system::error_code error;
    std::vector<boost::asio::ip::address> addresses;  ///< at least one if there is no error; in the order to try them
};

/// Asks, and blocks meanwhile.
using name_lookup = lookup (*)(const std::string& host);

/// What the system's resolver says: /etc/hosts, DNS, whatever is configured. Threads: any number at once.
[[nodiscard]] lookup look_up_in_system(const std::string& host);

/// Remembers what it was told: addresses for a minute, failures for some seconds. Threads: one.
class dns_cache {
public:
    explicit dns_cache(name_lookup how = look_up_in_system, crawl_clock clock = {}) : look_up_(how), clock_(clock) {}

    /// The addresses of a host name; a numeric address is its own. Those who ask for the same host wait for one answer.
    /// Cancellation: at once; a lookup that is under way ends unheard.
    braid::task<lookup> find(std::string host);

private:
    struct entry {
        braid::once asked;
        lookup answer;
        braid::time_point until = braid::time_point::max();
    };
    braid::task<> ask(entry& to, std::string host);
    std::shared_ptr<entry> entry_of(const std::string& host);

    name_lookup look_up_;
    crawl_clock clock_;
    std::unordered_map<std::string, std::shared_ptr<entry>> entries_;
};

}  // namespace crawl
