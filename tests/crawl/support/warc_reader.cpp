#include "warc_reader.hpp"

#include <openssl/sha.h>
#include <zlib.h>

#include <array>
#include <set>
#include <stdexcept>

#include "test_files.hpp"

namespace crawl::testing {
namespace {

[[noreturn]] void fail(const std::string& why) { throw std::runtime_error("not a sound WARC file: " + why); }

/// Unpacks the gzip member at the front, and takes it off.
std::string take_member(std::string_view& packed) {
    z_stream z{};
    if (inflateInit2(&z, 15 + 16) != Z_OK) fail("no memory");
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    z.avail_in = static_cast<uInt>(packed.size());
    std::string text;
    std::array<char, 65536> room;
    int status = Z_OK;
    while (status == Z_OK) {
        z.next_out = reinterpret_cast<Bytef*>(room.data());
        z.avail_out = static_cast<uInt>(room.size());
        status = inflate(&z, Z_NO_FLUSH);
        text.append(room.data(), room.size() - z.avail_out);
    }
    packed.remove_prefix(packed.size() - z.avail_in);
    inflateEnd(&z);
    if (status != Z_STREAM_END) fail("a gzip member that is broken");
    return text;
}

std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find("\r\n");
    if (end == std::string_view::npos) fail("a head without an end");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 2);
    return line;
}

warc_entry take_record(std::string_view& text) {
    if (take_line(text) != "WARC/1.1") fail("no version");
    warc_entry entry;
    for (std::string_view line = take_line(text); !line.empty(); line = take_line(text)) {
        const std::size_t colon = line.find(": ");
        if (colon == std::string_view::npos) fail("a field without a value");
        if (!entry.fields.emplace(line.substr(0, colon), line.substr(colon + 2)).second) fail("a field twice");
    }
    const std::size_t length = std::stoul(entry.field("Content-Length"));
    if (text.size() < length + 4 || text.substr(length, 4) != "\r\n\r\n") fail("a wrong length");
    entry.block = text.substr(0, length);
    text.remove_prefix(length + 4);
    return entry;
}

void check(const warc_entry& entry) {
    for (const char* needed : {"WARC-Type", "WARC-Record-ID", "WARC-Date", "Content-Type", "WARC-Block-Digest"}) {
        if (entry.field(needed).empty()) fail(std::string("a record without ") + needed);
    }
    if (entry.field("WARC-Block-Digest") != sha1_text(entry.block)) fail("a block that its digest does not fit");
    if (entry.type() != "warcinfo" && entry.field("WARC-Target-URI").empty()) fail("a record of no URL");
}

}  // namespace

std::string warc_entry::field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string() : found->second;
}

std::vector<warc_entry> read_warc(const std::filesystem::path& file, bool gzipped) {
    const std::string bytes = read_file(file);
    std::vector<warc_entry> entries;
    std::set<std::string> names;
    for (std::string_view rest = bytes; !rest.empty();) {
        if (gzipped) {
            const std::string member = take_member(rest);
            std::string_view text = member;
            entries.push_back(take_record(text));
            if (!text.empty()) fail("more than a record in a gzip member");
        } else {
            entries.push_back(take_record(rest));
        }
        check(entries.back());
        if (!names.insert(entries.back().field("WARC-Record-ID")).second) fail("two records of one name");
    }
    return entries;
}

std::string sha1_text(std::string_view bytes) {
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
    std::string bits;
    for (const unsigned char byte : digest) {
        for (int i = 7; i >= 0; --i) bits += (byte >> i & 1) != 0 ? '1' : '0';
    }
    std::string text = "sha1:";
    for (std::size_t at = 0; at < bits.size(); at += 5) {
        text += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[std::stoul(bits.substr(at, 5), nullptr, 2)];
    }
    return text;
}

}  // namespace crawl::testing
