#include "unzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <climits>
#include <new>

namespace crawl {
namespace {

constexpr int zlib_window = MAX_WBITS;
constexpr int raw_window = -MAX_WBITS;
constexpr int gzip_window = MAX_WBITS + 16;
constexpr char gzip_begins_with = '\x1f';

/// Source: RFC 1950, 2.2: method 8, and the two bytes as a number are a multiple of 31.
bool has_zlib_header(std::string_view two) {
    const auto first = static_cast<unsigned char>(two[0]);
    const auto second = static_cast<unsigned char>(two[1]);
    return (first & 15U) == 8 && (first * 256U + second) % 31 == 0;
}

class zlib_unpacker : public unpacker {
public:
    explicit zlib_unpacker(int window_bits) { begin(window_bits); }
    zlib_unpacker(const zlib_unpacker&) = delete;
    zlib_unpacker& operator=(const zlib_unpacker&) = delete;
    ~zlib_unpacker() override {
        if (open_) inflateEnd(&stream_);
    }

    std::size_t unpack(std::string_view& in, std::span<char> room) override {
        // zlib counts in unsigned int.
        const std::size_t part = std::min<std::size_t>(in.size(), INT_MAX);
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));  // zlib only reads there
        stream_.avail_in = static_cast<uInt>(part);
        stream_.next_out = reinterpret_cast<Bytef*>(room.data());
        stream_.avail_out = static_cast<uInt>(room.size());
        const int result = inflate(&stream_, Z_NO_FLUSH);
        in.remove_prefix(part - stream_.avail_in);
        ended_ = result == Z_STREAM_END;
        if (result == Z_MEM_ERROR) throw std::bad_alloc();
        // Z_BUF_ERROR: nothing left to read.
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
            fault_ = stream_.msg != nullptr ? stream_.msg : "it needs a dictionary";
        }
        return room.size() - stream_.avail_out;
    }

    [[nodiscard]] bool complete() const override { return ended_; }

protected:
    void begin(int window_bits) {
        const int result = open_ ? inflateReset2(&stream_, window_bits) : inflateInit2(&stream_, window_bits);
        if (result != Z_OK) throw std::bad_alloc();
        open_ = true;
        ended_ = false;
    }

private:
    z_stream stream_{};
    bool open_ = false;
    bool ended_ = false;
};

class gzip_unpacker : public zlib_unpacker {
public:
    gzip_unpacker() : zlib_unpacker(gzip_window) {}

    std::size_t unpack(std::string_view& in, std::span<char> room) override {
        if (complete() && !in.empty()) {
            if (garbage_ || in.front() != gzip_begins_with) {
                garbage_ = true;
                in = {};
                return 0;
            }
            begin(gzip_window);
        }
        return zlib_unpacker::unpack(in, room);
    }

private:
    bool garbage_ = false;  // after the last member
};

class deflate_unpacker : public zlib_unpacker {
public:
    deflate_unpacker() : zlib_unpacker(zlib_window) {}

    std::size_t unpack(std::string_view& in, std::span<char> room) override {
        if (complete()) {
            in = {};
            return 0;
        }
        if (header_.size() < 2) {
            const std::size_t wanted = std::min(in.size(), 2 - header_.size());
            header_ += in.substr(0, wanted);
            in.remove_prefix(wanted);
            if (header_.size() < 2) return 0;
            if (!has_zlib_header(header_)) begin(raw_window);
            unread_ = header_;
        }
        if (!unread_.empty()) {
            const std::size_t written = zlib_unpacker::unpack(unread_, room);
            if (written > 0 || complete()) return written;
        }
        return zlib_unpacker::unpack(in, room);
    }

private:
    std::string header_;       // the two bytes that tell zlib's wrapper
    std::string_view unread_;  // of it
};

}  // namespace

std::unique_ptr<unpacker> make_gzip_unpacker() { return std::make_unique<gzip_unpacker>(); }

std::unique_ptr<unpacker> make_deflate_unpacker() { return std::make_unique<deflate_unpacker>(); }

}  // namespace crawl
