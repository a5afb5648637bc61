#include "tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <new>
#include <stdexcept>

#include "host_names.hpp"

namespace crawl {
namespace {

namespace ssl = boost::asio::ssl;

}  // namespace

ssl::context make_tls_context(const tls_options& options) {
    ssl::context context(ssl::context::tls_client);
    context.set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
    context.set_verify_mode(options.verify ? ssl::verify_peer : ssl::verify_none);
    context.set_default_verify_paths();
    if (!options.ca_file.empty()) {
        boost::system::error_code error;
        context.load_verify_file(options.ca_file.string(), error);
        if (error) {
            throw std::runtime_error(
                fmt::format("cannot read certificates from {}: {}", options.ca_file.string(), error.message()));
        }
    }
    return context;
}

void expect_host(tls_stream& stream, const std::string& host) {
    SSL* const handle = stream.native_handle();
    X509_VERIFY_PARAM* const wanted = SSL_get0_param(handle);
    // SNI is for names; the standard forbids it for addresses.
    const bool done = is_numeric_host(host) ? X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1
                                            : SSL_set1_host(handle, host.c_str()) == 1 &&
                                                  SSL_set_tlsext_host_name(handle, host.c_str()) == 1;
    if (!done) throw std::bad_alloc();
}

bool has_unread(tls_stream& stream) {
    char first = 0;
    const int got = SSL_peek(stream.native_handle(), &first, sizeof first);
    ERR_clear_error();  // that there is nothing is an error to OpenSSL
    return got > 0;
}

std::string certificate_problem(tls_stream& stream) {
    const long result = SSL_get_verify_result(stream.native_handle());
    return result == X509_V_OK ? std::string() : X509_verify_cert_error_string(result);
}

}  // namespace crawl
