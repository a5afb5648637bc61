#include "packing.hpp"

#include <brotli/encode.h>
#include <zstd.h>

#include <cstdint>
#include <stdexcept>

namespace crawl::testing {

std::string pack_brotli(const std::string& text) {
    std::size_t size = BrotliEncoderMaxCompressedSize(text.size());
    std::string out(size, '\0');
    if (BrotliEncoderCompress(5, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, text.size(),
                              reinterpret_cast<const std::uint8_t*>(text.data()), &size,
                              reinterpret_cast<std::uint8_t*>(out.data())) == BROTLI_FALSE) {
        throw std::runtime_error("cannot pack");
    }
    out.resize(size);
    return out;
}

std::string pack_zstd(const std::string& text) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3);
    if (ZSTD_isError(size) != 0) throw std::runtime_error("cannot pack");
    out.resize(size);
    return out;
}

}  // namespace crawl::testing
