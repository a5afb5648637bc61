#include "warc_file.hpp"

#include <zlib.h>

#include <array>
#include <new>

namespace crawl {
namespace {

constexpr int gzip_format = 15 + 16;  // the largest window, and zlib's mark of gzip
constexpr int usual_memory = 8;

}  // namespace

warc_file::warc_file(const std::filesystem::path& path, std::uint64_t kept) : file_(path, kept) {
    if (path.extension() != ".gz") return;
    auto packer = std::make_unique<z_stream>();
    if (deflateInit2(packer.get(), Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_format, usual_memory, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        throw std::bad_alloc();
    }
    packer_ = std::move(packer);
}

warc_file::~warc_file() {
    if (packer_) deflateEnd(packer_.get());
}

void warc_file::add(std::string_view head, const std::function<void(const sink&)>& write_block) {
    write(head, false);
    write_block([this](std::string_view piece) { write(piece, false); });
    write("\r\n\r\n", true);
    if (packer_) deflateReset(packer_.get());
}

void warc_file::write(std::string_view bytes, bool last) {
    if (!packer_) return file_.write(bytes);
    std::array<char, 32768> room;
    packer_->next_in =
        reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib's type; it does not write there
    packer_->avail_in = static_cast<uInt>(bytes.size());
    do {
        packer_->next_out = reinterpret_cast<Bytef*>(room.data());
        packer_->avail_out = static_cast<uInt>(room.size());
        deflate(packer_.get(), last ? Z_FINISH : Z_NO_FLUSH);
        file_.write({room.data(), room.size() - packer_->avail_out});
    } while (packer_->avail_out == 0);
}

}  // namespace crawl
