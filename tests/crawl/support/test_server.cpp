#include "test_server.hpp"

#include <braid/core/sleep.hpp>
#include <braid/core/task_group.hpp>
#include <braid/core/this_executor.hpp>
#include <braid/core/use_task.hpp>

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <zlib.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <stdexcept>
#include <type_traits>

namespace crawl::testing {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
constexpr auto use_code = asio::as_tuple(braid::use_task);

const tcp::endpoint any_port(asio::ip::address_v4::loopback(), 0);

asio::ssl::context context_with(const certificate& of_server) {
    asio::ssl::context made(asio::ssl::context::tls_server);
    made.use_certificate(asio::buffer(of_server.pem), asio::ssl::context::pem);
    made.use_private_key(asio::buffer(of_server.key_pem), asio::ssl::context::pem);
    return made;
}

std::string compress(std::string_view text, int window) {
    z_stream stream{};
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::runtime_error("cannot compress");
    }
    std::string out(deflateBound(&stream, text.size()) + 32, '\0');
    std::string in(text);
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int end = ::deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (end != Z_STREAM_END) throw std::runtime_error("cannot compress");
    return out;
}

}  // namespace

test_server::test_server(asio::any_io_executor executor, answer how)
    : acceptor_(std::move(executor), any_port), answer_(std::move(how)) {}

test_server::test_server(asio::any_io_executor executor, answer how, const certificate& with, bool at_once)
    : test_server(std::move(executor), std::move(how)) {
    tls_at_once_ = at_once;
    tls_.emplace(context_with(with));
    SSL_CTX_set_tlsext_servername_callback(tls_->native_handle(), &test_server::on_name);
    SSL_CTX_set_tlsext_servername_arg(tls_->native_handle(), this);
}

void test_server::choose_by_name(const std::map<std::string, certificate>& by_name) {
    for (const auto& [name, with] : by_name) tls_by_name_.emplace(name, context_with(with));
}

/// Called by OpenSSL for each handshake, also where no name is asked for.
int test_server::on_name(SSL* client, int* /*alert*/, void* self) {
    auto& server = *static_cast<test_server*>(self);
    const char* const asked = SSL_get_servername(client, TLSEXT_NAMETYPE_host_name);
    server.names_asked_.emplace_back(asked != nullptr ? asked : "");
    const auto known = server.tls_by_name_.find(server.names_asked_.back());
    if (known != server.tls_by_name_.end()) SSL_set_SSL_CTX(client, known->second.native_handle());
    return SSL_TLSEXT_ERR_OK;
}

std::string test_server::url(std::string_view target, std::string_view host) const {
    return fmt::format("{}://{}:{}{}", tls_at_once_ ? "https" : "http", host, acceptor_.local_endpoint().port(),
                       target);
}

braid::task<> test_server::run() {
    co_await braid::with_task_group([this](braid::task_group& connections) -> braid::task<> {
        for (;;) {
            tcp::socket socket = co_await acceptor_.async_accept(braid::use_task);
            ++connections_;
            connections.start(&test_server::serve, this, std::move(socket));
        }
    });
}

braid::task<> test_server::send_unasked(std::string bytes) {
    co_await asio::async_write(*last_, asio::buffer(bytes), braid::use_task);
}

braid::task<> test_server::serve(tcp::socket socket) {
    last_ = &socket;
    if (tls_at_once_) {
        co_await serve_tls(socket);
    } else {
        co_await answer_over(socket);
    }
}

braid::task<> test_server::serve_tls(tcp::socket& socket) {
    asio::ssl::stream<tcp::socket&> stream(socket, *tls_);
    const auto ready = co_await stream.async_handshake(asio::ssl::stream_base::server, use_code);
    if (!std::get<0>(ready)) co_await answer_over(stream);
}

template <class Stream>
braid::task<> test_server::answer_over(Stream& stream) {
    std::string received;
    for (;;) {
        const auto read = co_await asio::async_read_until(stream, asio::dynamic_buffer(received), "\r\n\r\n", use_code);
        if (std::get<0>(read)) co_return;
        ++requests_;
        const std::size_t target = received.find(' ') + 1;
        const std::string_view head = std::string_view(received).substr(0, std::get<1>(read));
        const reply to_send = answer_({head.substr(target, head.find(' ', target) - target), head, ++unanswered_});
        received.erase(0, std::get<1>(read));
        if (to_send.delay > to_send.delay.zero()) co_await braid::sleep_for(to_send.delay);
        --unanswered_;
        const auto written = co_await asio::async_write(stream, asio::buffer(to_send.bytes), use_code);
        if (std::get<0>(written) || to_send.after == then::close) co_return;
        if (to_send.after == then::stall) co_await braid::sleep_until(braid::time_point::max());
        if constexpr (std::is_same_v<Stream, tcp::socket>) {
            if (to_send.after == then::tunnel) co_return co_await serve_tls(stream);
        }
        if (to_send.after == then::repeat) co_return co_await repeat(stream, to_send);
    }
}

template <class Stream>
braid::task<> test_server::repeat(Stream& stream, reply what) {
    for (;;) {
        co_await braid::sleep_for(what.pause);
        const auto written = co_await asio::async_write(stream, asio::buffer(what.more), use_code);
        if (std::get<0>(written)) co_return;
    }
}

std::string request::header(std::string_view name) const {
    const std::string line = fmt::format("\r\n{}: ", name);
    const std::size_t found = head.find(line);
    if (found == std::string_view::npos) return {};
    const std::size_t begin = found + line.size();
    return std::string(head.substr(begin, head.find('\r', begin) - begin));
}

std::string response(int status, std::string_view headers, std::string_view body) {
    return fmt::format("HTTP/1.1 {} Whatever\r\n{}Content-Length: {}\r\n\r\n{}", status, headers, body.size(), body);
}

std::string page(std::initializer_list<std::string_view> links) {
    std::string html = "<!DOCTYPE html><title>A page</title>";
    for (const std::string_view href : links) html += fmt::format("<a href=\"{}\">link</a>", href);
    return response(200, "Content-Type: text/html\r\n", html);
}

std::string gzip(std::string_view text) { return compress(text, MAX_WBITS + 16); }
std::string deflate(std::string_view text) { return compress(text, MAX_WBITS); }

std::string unreachable_url() {
    asio::io_context context;
    const tcp::acceptor closed_at_once(context, any_port);
    return fmt::format("http://127.0.0.1:{}/", closed_at_once.local_endpoint().port());
}

namespace {

braid::task<> beside(test_server& server, const std::function<braid::task<>(test_server&)>& work) {
    co_await braid::with_task_group([&](braid::task_group& group) -> braid::task<> {
        group.start(&test_server::run, &server);
        co_await work(server);
        group.cancel();
    });
}

}  // namespace

braid::task<> with_server(test_server::answer how, std::function<braid::task<>(test_server&)> work) {
    test_server server(co_await braid::this_executor(), std::move(how));
    co_await beside(server, work);
}

braid::task<> with_proxy(test_server::answer how, certificate with, std::function<braid::task<>(test_server&)> work) {
    test_server server(co_await braid::this_executor(), std::move(how), with, false);
    co_await beside(server, work);
}

braid::task<> with_tls_server(test_server::answer how, certificate with,
                              std::function<braid::task<>(test_server&)> work) {
    test_server server(co_await braid::this_executor(), std::move(how), with);
    co_await beside(server, work);
}

}  // namespace crawl::testing
