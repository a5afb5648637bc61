#include "certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace crawl::testing {
namespace {

template <auto free>
struct freeing {
    void operator()(auto* what) const { free(what); }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freeing<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, freeing<X509_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freeing<X509_EXTENSION_free>>;
using bio_ptr = std::unique_ptr<BIO, freeing<BIO_free_all>>;

void require(bool done) {
    if (!done) throw std::runtime_error("cannot make a certificate");
}

void add_extension(X509* to, int what, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, to, to, nullptr, nullptr, 0);
    const extension_ptr extension(X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str()));
    require(extension != nullptr && X509_add_ext(to, extension.get(), -1) == 1);
}

template <class Write>
std::string as_pem(Write write) {
    const bio_ptr memory(BIO_new(BIO_s_mem()));
    require(memory != nullptr && write(memory.get()) == 1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

}  // namespace

certificate make_certificate(const std::string& subject_alternatives) {
    const key_ptr key(EVP_EC_gen("P-256"));
    const x509_ptr made(X509_new());
    require(key && made);
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 24L * 60 * 60);
    X509_set_pubkey(made.get(), key.get());
    X509_NAME* const name = X509_get_subject_name(made.get());
    // A name for each: roots are found by it.
    const auto* const subject = reinterpret_cast<const unsigned char*>(subject_alternatives.c_str());
    require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, subject, -1, -1, 0) == 1);
    X509_set_issuer_name(made.get(), name);
    add_extension(made.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(made.get(), NID_subject_alt_name, subject_alternatives);
    require(X509_sign(made.get(), key.get(), EVP_sha256()) > 0);
    return {as_pem([&](BIO* to) { return PEM_write_bio_X509(to, made.get()); }), as_pem([&](BIO* to) {
                return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
            })};
}

}  // namespace crawl::testing
