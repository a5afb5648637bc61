#pragma once
// A server that answers as it is told, also wrongly: bytes are sent as they are.

#include <braid/core/task.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "certificate.hpp"

namespace crawl::testing {

/// What becomes of the connection after a reply.
enum class then {
    keep,
    close,
    stall,
    repeat,  ///< `more` is sent until the client hangs up
    tunnel,  ///< what follows is TLS, as if by way of a proxy
};

struct reply {
    std::string bytes;
    then after = then::keep;
    std::string more{};
    std::chrono::milliseconds pause{0};  ///< before each `more`
    std::chrono::milliseconds delay{0};  ///< before `bytes`
};

/// What was asked for: its target, and all that was said with it.
struct request : std::string_view {
    std::string_view head;
    int at_once;  ///< requests that have no answer yet, this one included

    /// The value of a header, whose name is written as here; empty if it was not sent.
    [[nodiscard]] std::string header(std::string_view name) const;
};

/// Threads: one, that of its executor.
class test_server {
public:
    test_server(const test_server&) = delete;
    test_server& operator=(const test_server&) = delete;

    /// Is called with every request. It may take the target alone.
    using answer = std::function<reply(const request&)>;

    test_server(boost::asio::any_io_executor executor, answer how);
    /// Speaks TLS, with this certificate; at once, or after a reply that is a `then::tunnel`.
    test_server(boost::asio::any_io_executor executor, answer how, const certificate& with, bool at_once = true);

    /// From now on who asks for one of these names, by SNI, gets its certificate; who does not, the first one.
    void choose_by_name(const std::map<std::string, certificate>& by_name);
    /// The names that were asked for by SNI, one for each connection that began to speak TLS; empty for none.
    [[nodiscard]] const std::vector<std::string>& names_asked() const noexcept { return names_asked_; }

    [[nodiscard]] std::string url(std::string_view target, std::string_view host = "127.0.0.1") const;
    [[nodiscard]] int connections() const noexcept { return connections_; }
    [[nodiscard]] int requests() const noexcept { return requests_; }

    /// Sends what nobody asked for over the connection that was accepted last, which is open and not of TLS.
    braid::task<> send_unasked(std::string bytes);

    /// Until it is cancelled.
    braid::task<> run();

private:
    static int on_name(SSL* client, int* alert, void* self);
    braid::task<> serve(boost::asio::ip::tcp::socket socket);
    braid::task<> serve_tls(boost::asio::ip::tcp::socket& socket);
    template <class Stream>
    braid::task<> answer_over(Stream& stream);
    template <class Stream>
    static braid::task<> repeat(Stream& stream, reply what);

    boost::asio::ip::tcp::acceptor acceptor_;
    std::optional<boost::asio::ssl::context> tls_;
    std::map<std::string, boost::asio::ssl::context> tls_by_name_;
    std::vector<std::string> names_asked_;
    bool tls_at_once_ = false;
    answer answer_;
    boost::asio::ip::tcp::socket* last_ = nullptr;
    int connections_ = 0;
    int requests_ = 0;
    int unanswered_ = 0;
};

/// A complete response: status, `headers` (each line with its CRLF), the length, and the body.
[[nodiscard]] std::string response(int status, std::string_view headers, std::string_view body);

/// An HTML page of these links.
[[nodiscard]] std::string page(std::initializer_list<std::string_view> links);

/// `text` as a gzip file, or in zlib's format.
[[nodiscard]] std::string gzip(std::string_view text);
[[nodiscard]] std::string deflate(std::string_view text);

/// An address that nobody listens on.
[[nodiscard]] std::string unreachable_url();

/// Runs `work(server)` beside a server, which is cancelled when it is done.
braid::task<> with_server(test_server::answer how, std::function<braid::task<>(test_server&)> work);

/// The same as a proxy for one host, which has that certificate.
braid::task<> with_proxy(test_server::answer how, certificate with, std::function<braid::task<>(test_server&)> work);

/// The same with TLS.
braid::task<> with_tls_server(test_server::answer how, certificate with,
                              std::function<braid::task<>(test_server&)> work);

}  // namespace crawl::testing
