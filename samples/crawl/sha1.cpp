#include "sha1.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <new>

namespace crawl {
namespace {

constexpr std::size_t digest_size = 20;

/// RFC 4648, 6. The digest is a multiple of five bytes: there is nothing to pad.
std::string base32(const std::array<unsigned char, digest_size>& bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string text;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const unsigned char byte : bytes) {
        bits = bits << 8U | byte;
        for (count += 8; count >= 5; count -= 5) text += digits[bits >> (count - 5U) & 31U];
    }
    return text;
}

}  // namespace

void sha1::freeing::operator()(evp_md_ctx_st* state) const { EVP_MD_CTX_free(state); }

sha1::sha1() : state_(EVP_MD_CTX_new()) {
    if (!state_ || EVP_DigestInit_ex(state_.get(), EVP_sha1(), nullptr) != 1) throw std::bad_alloc();
}

void sha1::update(std::string_view bytes) {
    if (EVP_DigestUpdate(state_.get(), bytes.data(), bytes.size()) != 1) throw std::bad_alloc();
}

std::string sha1::finish() {
    std::array<unsigned char, digest_size> bytes{};
    if (EVP_DigestFinal_ex(state_.get(), bytes.data(), nullptr) != 1) throw std::bad_alloc();
    return "sha1:" + base32(bytes);
}

}  // namespace crawl
