#include <crawl/inflate.hpp>

#include <doctest/doctest.h>
#include <zlib.h>
#include <zstd.h>

#include <random>
#include <stdexcept>
#include <string>

#include "support/packing.hpp"

namespace {

using crawl::content_coding;
using crawl::decode_status;
using crawl::testing::pack_brotli;
using crawl::testing::pack_zstd;

constexpr int gzip = MAX_WBITS + 16;
constexpr int zlib = MAX_WBITS;
constexpr int raw = -MAX_WBITS;

std::string pack(std::string text, int window_bits) {
    z_stream stream{};
    if (deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
    std::string out(deflateBound(&stream, text.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(text.data());
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::runtime_error("cannot pack");
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

struct decoded {
    std::string text;
    decode_status status;
    std::string message;
};

decoded unpack(std::string_view bytes, content_coding coding, std::size_t piece = SIZE_MAX,
               std::uint64_t limit = 1'000'000) {
    crawl::body_decoder decoder(coding, limit);
    decoded result{};
    while (!bytes.empty() && decoder.feed(bytes.substr(0, piece), result.text) == decode_status::more) {
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    result.status = decoder.finish();
    result.message = decoder.message();
    return result;
}

/// Every beginning of a packed text is corrupt.
void check_cut(const std::string& whole, content_coding coding) {
    for (std::size_t n = 1; n < whole.size(); ++n) {
        CAPTURE(n);
        CHECK(unpack(whole.substr(0, n), coding).status == decode_status::corrupt);
    }
}

std::string sample_text() {
    std::mt19937 random(7);
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += static_cast<char>('a' + random() % 17);
    return text;
}

}  // namespace

TEST_SUITE("crawl/inflate") {
    TEST_CASE("every coding gives back the text, however it is cut into pieces") {
        const std::string text = sample_text();
        for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{1000}, SIZE_MAX}) {
            CHECK(unpack(pack(text, gzip), content_coding::gzip, piece).text == text);
            CHECK(unpack(pack(text, zlib), content_coding::deflate, piece).text == text);
            CHECK(unpack(pack(text, raw), content_coding::deflate, piece).text == text);
            CHECK(unpack(pack_brotli(text), content_coding::brotli, piece).text == text);
            CHECK(unpack(pack_zstd(text), content_coding::zstd, piece).text == text);
            CHECK(unpack(text, content_coding::identity, piece).text == text);
        }
    }

    TEST_CASE("the members of a gzip body are joined, and what follows them is ignored") {
        const std::string two = pack("one ", gzip) + pack("two", gzip);
        for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, SIZE_MAX}) {
            CHECK(unpack(two, content_coding::gzip, piece).text == "one two");
            const decoded padded = unpack(two + std::string(50, '\0'), content_coding::gzip, piece);
            CHECK(padded.text == "one two");
            CHECK(padded.status == decode_status::more);
        }
    }

    TEST_CASE("an empty body is a body") {
        for (const auto coding : {content_coding::identity, content_coding::gzip, content_coding::deflate}) {
            CHECK(unpack("", coding).status == decode_status::more);
        }
        CHECK(unpack(pack("", gzip), content_coding::gzip).status == decode_status::more);
    }

    TEST_CASE("a body cut short anywhere is corrupt") {
        const std::string text = "some text, and some more text";
        for (const auto& [bits, coding] :
             {std::pair{gzip, content_coding::gzip}, {zlib, content_coding::deflate}, {raw, content_coding::deflate}}) {
            check_cut(pack(text, bits), coding);
        }
        check_cut(pack_brotli(text), content_coding::brotli);
        check_cut(pack_zstd(text), content_coding::zstd);
        CHECK(unpack(pack(text, gzip).substr(0, 30), content_coding::gzip).message.find("gzip data is cut short") !=
              std::string::npos);
    }

    TEST_CASE("what is not in its coding is corrupt, with a message") {
        const decoded plain = unpack("<html>plain</html>", content_coding::gzip);
        CHECK(plain.status == decode_status::corrupt);
        CHECK(plain.message == "the gzip data is corrupt after 0 bytes: incorrect header check");
        std::string damaged = pack(sample_text(), gzip);
        damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 1);
        CHECK(unpack(damaged, content_coding::gzip).message ==
              "the gzip data is corrupt after 100000 bytes: incorrect data check");
    }

    TEST_CASE("a bomb stops at the limit, in every coding") {
        const std::string bomb(50'000'000, 'x');
        for (const auto& [bytes, coding] : {std::pair{pack(bomb, gzip), content_coding::gzip},
                                            {pack(bomb, zlib), content_coding::deflate},
                                            {pack_brotli(bomb), content_coding::brotli},
                                            {pack_zstd(bomb), content_coding::zstd},
                                            {bomb, content_coding::identity}}) {
            const decoded result = unpack(bytes, coding, SIZE_MAX, 100'000);
            CHECK(result.status == decode_status::too_large);
            CHECK(result.text.size() == 100'000);
            CHECK(result.message == "the body is larger than the limit of 100000 bytes");
        }
    }

    TEST_CASE("a zstd frame cannot ask for more memory than the web allows") {
        ZSTD_CCtx* const context = ZSTD_createCCtx();
        ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 27);
        std::string frame(1000, '\0');
        ZSTD_inBuffer in{"x", 1, 0};
        ZSTD_outBuffer out{frame.data(), frame.size(), 0};
        ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush);
        ZSTD_compressStream2(context, &out, &in, ZSTD_e_end);
        ZSTD_freeCCtx(context);
        frame.resize(out.pos);
        const decoded result = unpack(frame, content_coding::zstd);
        CHECK(result.status == decode_status::corrupt);
        CHECK(result.message.find("too much memory") != std::string::npos);
    }

    TEST_CASE("a body of exactly the limit is not too large") {
        CHECK(unpack(pack("12345", gzip), content_coding::gzip, 1, 5).status == decode_status::more);
        CHECK(unpack(pack("123456", gzip), content_coding::gzip, 1, 5).status == decode_status::too_large);
    }

    TEST_CASE("codings are named in any case, and unknown ones are not guessed") {
        CHECK(crawl::parse_coding("") == content_coding::identity);
        CHECK(crawl::parse_coding("GZip") == content_coding::gzip);
        CHECK(crawl::parse_coding(" x-gzip ") == content_coding::gzip);
        CHECK(crawl::parse_coding("deflate") == content_coding::deflate);
        CHECK(crawl::parse_coding("BR") == content_coding::brotli);
        CHECK(crawl::parse_coding("zstd") == content_coding::zstd);
        CHECK_FALSE(crawl::parse_coding("compress"));
        CHECK_FALSE(crawl::parse_coding("gzip, gzip"));
    }
}
