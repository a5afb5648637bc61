#include "unpacker.hpp"

#include <brotli/decode.h>
#include <zstd.h>

#include <new>

#include "unzip.hpp"

namespace crawl {
namespace {

class brotli_unpacker : public unpacker {
public:
    brotli_unpacker() {
        if (state_ == nullptr) throw std::bad_alloc();
    }

    std::size_t unpack(std::string_view& in, std::span<char> room) override {
        std::size_t left = in.size();
        const auto* next = reinterpret_cast<const std::uint8_t*>(in.data());
        std::size_t free = room.size();
        auto* to = reinterpret_cast<std::uint8_t*>(room.data());
        last_ = BrotliDecoderDecompressStream(state_.get(), &left, &next, &free, &to, nullptr);
        in.remove_prefix(in.size() - left);
        if (last_ == BROTLI_DECODER_RESULT_SUCCESS) in = {};  // what follows is not part of it
        if (last_ == BROTLI_DECODER_RESULT_ERROR) {
            fault_ = BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state_.get()));
        }
        return room.size() - free;
    }

    [[nodiscard]] bool complete() const override { return last_ == BROTLI_DECODER_RESULT_SUCCESS; }

private:
    struct freeing {
        void operator()(BrotliDecoderState* state) const { BrotliDecoderDestroyInstance(state); }
    };
    std::unique_ptr<BrotliDecoderState, freeing> state_{BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)};
    BrotliDecoderResult last_ = BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT;
};

/// A body may have several frames.
class zstd_unpacker : public unpacker {
public:
    zstd_unpacker() {
        if (state_ == nullptr) throw std::bad_alloc();
        // Source: RFC 9659: no more than this is allowed on the web. A frame could ask for gigabytes.
        constexpr int window_bits = 23;
        ZSTD_DCtx_setParameter(state_.get(), ZSTD_d_windowLogMax, window_bits);
    }

    std::size_t unpack(std::string_view& in, std::span<char> room) override {
        ZSTD_inBuffer from{in.data(), in.size(), 0};
        ZSTD_outBuffer to{room.data(), room.size(), 0};
        const std::size_t wanted = ZSTD_decompressStream(state_.get(), &to, &from);
        in.remove_prefix(from.pos);
        if (ZSTD_isError(wanted) != 0) {
            fault_ = ZSTD_getErrorName(wanted);
        } else {
            complete_ = wanted == 0;
        }
        return to.pos;
    }

    [[nodiscard]] bool complete() const override { return complete_; }

private:
    struct freeing {
        void operator()(ZSTD_DCtx* state) const { ZSTD_freeDCtx(state); }
    };
    std::unique_ptr<ZSTD_DCtx, freeing> state_{ZSTD_createDCtx()};
    bool complete_ = false;
};

}  // namespace

std::unique_ptr<unpacker> make_unpacker(content_coding coding) {
    switch (coding) {
        case content_coding::gzip: return make_gzip_unpacker();
        case content_coding::deflate: return make_deflate_unpacker();
        case content_coding::brotli: return std::make_unique<brotli_unpacker>();
        case content_coding::zstd: return std::make_unique<zstd_unpacker>();
        case content_coding::identity: break;
    }
    return nullptr;
}

}  // namespace crawl
