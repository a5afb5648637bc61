#pragma once
// The I/O-bound stage: from a URL to a response.

#include <braid/core/sleep.hpp>
#include <braid/core/task.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "connection_pool.hpp"
#include "connector.hpp"
#include "cookie_jar.hpp"
#include "exchange.hpp"
#include "fetch_error.hpp"
#include "url.hpp"
#include "validators.hpp"

namespace crawl {

struct fetch_options {
    std::chrono::milliseconds connect_timeout{10'000};     ///< to look up the host and connect
    std::chrono::milliseconds first_byte_timeout{30'000};  ///< from then to the head of the response
    std::chrono::milliseconds idle_timeout{20'000};        ///< from one piece of the body to the next
    std::chrono::milliseconds total_timeout{120'000};      ///< of the whole fetch
    std::uint64_t max_body = 64 * 1024 * 1024;             ///< decoded bytes
    std::string user_agent = "braid-crawl";
    std::vector<std::pair<std::string, std::string>> headers{};  ///< with every request; secret ones only to `homes`
    std::string user{};                                          ///< NAME:PASSWORD, for `homes` only; or empty
    std::vector<std::pair<url, std::string>> users{};            ///< the same for the host of one of them
    std::vector<url> homes{};                                    ///< the hosts that are told the user's secrets
    bool cookies = false;                                        ///< keeps cookies, and sends them
    connector_options connecting{};
    std::size_t max_idle = 512;             ///< connections that are kept for later, in all
    std::filesystem::path temporary = ".";  ///< a folder for copies of large responses
};

/// How one URL is to be fetched.
struct fetch_terms {
    std::optional<std::uint64_t> cut_after{};  ///< the rest of a body beyond so many decoded bytes is left unread
    std::optional<validators> unless{};        ///< the response still has these: a 304 comes then, without a body
    bool copy = false;                         ///< keeps what is on the wire, too
};

/// A response that came, whatever its status.
struct fetched {
    int status;
    std::string content_type;  ///< the header's value
    std::string location;      ///< where a redirect leads, as the server wrote it; else empty
    std::string retry_after;   ///< the header's value
    std::string robots;        ///< the values of X-Robots-Tag, a line for each
    validators known;
    std::string body;                        ///< decoded
    std::uint64_t received{};                ///< bytes of the body as they came, still encoded
    std::chrono::microseconds first_byte{};  ///< from the request to the head of the response
    std::chrono::microseconds took{};        ///< the attempt, from looking up the host to the last byte
    std::shared_ptr<exchange> wire{};        ///< if it was wanted
};

using fetch_result = std::variant<fetched, fetch_failure>;

/// Fetches URLs over connections that it keeps. Threads: one, that of its executor.
class fetcher {
public:
    /// Throws: std::runtime_error for certificates that cannot be read.
    fetcher(boost::asio::any_io_executor executor, fetch_options options);

    /// GETs one URL; redirects are not followed. Whatever the network does is a value.
    /// A connection that its server closed while it was idle is replaced by a fresh one, once.
    braid::task<fetch_result> fetch(url target, fetch_terms terms);
    braid::task<fetch_result> fetch(url target) { return fetch(std::move(target), fetch_terms()); }

    /// How many fetches are going on.
    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

    [[nodiscard]] cookie_jar& cookies() noexcept { return cookies_; }

private:
    struct order;
    [[nodiscard]] http_request make_request(const order& wanted) const;
    [[nodiscard]] const std::string& user_for(const url& target) const;
    void add_headers(http_request& to, const url& target) const;
    void take_cookies(const url& from, const http_response& response);
    braid::task<fetch_result> connect_and_exchange(connection& over, const order& wanted);
    braid::task<fetch_result> exchange(connection& over, const order& wanted);
    [[nodiscard]] std::shared_ptr<crawl::exchange> make_copy(const connection& over, const order& wanted) const;
    braid::task<std::optional<fetch_failure>> read_body(connection& over, const order& wanted);

    fetch_options options_;
    connector connector_;
    connection_pool connections_;
    cookie_jar cookies_;
    std::size_t in_flight_ = 0;
};

}  // namespace crawl
