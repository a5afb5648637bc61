#pragma once
// The file server: accepts connections and answers their requests, each connection a coroutine.

#include <braid/core/task.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "files.hpp"
#include "synthetic_site.hpp"

namespace serve {

struct server_options {
    std::filesystem::path root;         ///< the folder that is served
    std::uint64_t synthetic = 0;        ///< instead of a folder, a site of so many pages that are computed
    std::string address = "127.0.0.1";  ///< a numeric address to listen on
    std::uint16_t port = 8000;          ///< 0: any that is free

    /// Gets the target of every request, one a line, before it is answered; none if empty.
    std::filesystem::path log{};

    std::chrono::milliseconds delay{0};         ///< before each answer, as a server that is far or busy has it
    std::chrono::milliseconds idle{60'000};     ///< from one request's end until the next has come
    std::chrono::milliseconds stalled{10'000};  ///< how long a client may take to accept the next piece of a response
};

/// Serves the files of one folder, or a site that is computed, over HTTP/1.1. Threads: one, that of its executor.
class server {
public:
    /// Listens. Throws: std::filesystem::filesystem_error for the folder; std::runtime_error that names address and
    /// port if it cannot listen there, or the log if that cannot be written.
    server(boost::asio::any_io_executor executor, server_options options);

    /// Where it listens: `http://127.0.0.1:8000/`.
    [[nodiscard]] std::string url() const;

    /// Answers until it is cancelled. Then requests that are being answered get their answer; other connections are
    /// closed at once, those too whose answer is still delayed.
    braid::task<> run();

private:
    using tcp = boost::asio::ip::tcp;

    braid::task<> serve_connection(tcp::socket socket);
    void note(std::string_view target);

    server_options options_;
    std::variant<file_root, synthetic_site> site_;
    std::optional<std::ofstream> log_;
    tcp::acceptor acceptor_;
};

}  // namespace serve
