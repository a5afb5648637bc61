#pragma once
// TLS by OpenSSL: who is trusted, and what is said of those who are not.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <filesystem>
#include <string>

namespace crawl {

/// TLS over a socket that somebody else owns.
using tls_stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

struct tls_options {
    bool verify = true;               ///< the server's certificate, and that it is made out to the host that was asked
    std::filesystem::path ca_file{};  ///< PEM: roots that are trusted beside those of the system
};

/// A client's context: TLS 1.2 or newer. Throws: std::runtime_error that names the file that cannot be used.
[[nodiscard]] boost::asio::ssl::context make_tls_context(const tls_options& options);

/// Tells the stream which host, a name or a numeric address, is talked to: asked for by SNI, and verified.
void expect_host(tls_stream& stream, const std::string& host);

/// Something was received and not read yet.
[[nodiscard]] bool has_unread(tls_stream& stream);

/// Why the server's certificate was refused; empty if it was not.
[[nodiscard]] std::string certificate_problem(tls_stream& stream);

}  // namespace crawl
