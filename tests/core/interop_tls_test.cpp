// TLS from a task, with a certificate that the test makes for itself.

#include <braid/core/use_task.hpp>

#include "support/cancel_everywhere.hpp"

#include <braid/core/deadline.hpp>
#include <braid/core/spawn.hpp>
#include <braid/core/this_executor.hpp>
#include <braid/core/when_all.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>

using namespace braid;
using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace ssl = asio::ssl;

namespace {

using secure_stream = ssl::stream<asio::local::stream_protocol::socket>;

struct credentials {
    credentials() : key(EVP_RSA_gen(2048), &EVP_PKEY_free), certificate(X509_new(), &X509_free) {
        X509* x = certificate.get();
        X509_set_version(x, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
        X509_gmtime_adj(X509_getm_notBefore(x), 0);
        X509_gmtime_adj(X509_getm_notAfter(x), 3600);
        X509_set_pubkey(x, key.get());
        X509_NAME* name = X509_get_subject_name(x);
        const auto* text = reinterpret_cast<const unsigned char*>("braid test");
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
        X509_set_issuer_name(x, name);
        if (X509_sign(x, key.get(), EVP_sha256()) == 0) throw std::runtime_error("cannot sign a certificate");
    }
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key;
    std::unique_ptr<X509, decltype(&X509_free)> certificate;
};

const credentials& test_credentials() {
    static const credentials made;
    return made;
}

struct contexts {
    contexts() {
        const credentials& own = test_credentials();
        SSL_CTX_use_certificate(server.native_handle(), own.certificate.get());
        SSL_CTX_use_PrivateKey(server.native_handle(), own.key.get());
        X509_STORE_add_cert(SSL_CTX_get_cert_store(client.native_handle()), own.certificate.get());
        client.set_verify_mode(ssl::verify_peer);
    }
    ssl::context server{ssl::context::tls_server};
    ssl::context client{ssl::context::tls_client};
};

task<> greet_and_leave(secure_stream& stream, std::string_view text) {
    co_await stream.async_handshake(ssl::stream_base::server, use_task);
    co_await asio::async_write(stream, asio::buffer(text), use_task);
    char byte = 0;  // until the client shuts down
    const auto end = co_await stream.async_read_some(asio::mutable_buffer(&byte, 1), asio::as_tuple(use_task));
    CHECK(std::get<0>(end) == asio::error::eof);
}

task<std::string> be_greeted(secure_stream& stream, std::size_t size) {
    co_await stream.async_handshake(ssl::stream_base::client, use_task);
    std::string text(size, '\0');
    co_await asio::async_read(stream, asio::buffer(text), use_task);
    // One that nothing comes from is given up; the stream is of no use afterwards, but for its end.
    co_await stream.async_shutdown(asio::as_tuple(use_task));
    co_return text;
}

task<> conversation(int& alive) {
    const braid_test::witness here(alive);
    const auto executor = co_await this_executor();
    contexts both;
    asio::local::stream_protocol::socket a(executor);
    asio::local::stream_protocol::socket b(executor);
    asio::local::connect_pair(a, b);
    secure_stream server(std::move(a), both.server);
    secure_stream client(std::move(b), both.client);
    const std::string sent(100'000, 'x');  // many records
    auto serve = [](secure_stream& stream, std::string_view text) -> task<> {
        co_await greet_and_leave(stream, text);
        stream.next_layer().close();
    };
    const auto got = co_await when_all(be_greeted(client, sent.size()), serve(server, sent));
    CHECK(std::get<0>(got) == sent);
}

}  // namespace

TEST_SUITE("core/interop_tls") {
    TEST_CASE("TLS: handshake, write, read, shutdown, stopped at whatever step") {
        braid_test::cancel_everywhere(conversation);
    }

    TEST_CASE("a handshake that nobody answers is stopped by a deadline") {
        run_blocking([]() -> task<> {
            const auto executor = co_await this_executor();
            contexts both;
            asio::local::stream_protocol::socket a(executor);
            asio::local::stream_protocol::socket b(executor);
            asio::local::connect_pair(a, b);
            secure_stream client(std::move(b), both.client);
            const bool in_time =
                co_await move_on_after(1ms, client.async_handshake(ssl::stream_base::client, use_task));
            CHECK_FALSE(in_time);
        }());
    }
}
