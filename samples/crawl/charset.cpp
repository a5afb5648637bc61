#include "charset.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "utf8.hpp"

namespace crawl {
namespace {

constexpr std::string_view utf8_mark = "\xEF\xBB\xBF";
constexpr std::size_t prescan_length = 1024;

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    return out;
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view spaces = " \t\r\n\f";
    const std::size_t start = text.find_first_not_of(spaces);
    if (start == std::string_view::npos) return {};
    return text.substr(start, text.find_last_not_of(spaces) - start + 1);
}

/// The value after `charset=`, quoted or not, in text that is in lower case.
std::string charset_value(std::string_view text) {
    for (std::size_t at = text.find("charset"); at != std::string_view::npos; at = text.find("charset", at + 1)) {
        std::string_view rest = trim(text.substr(at + 7));
        if (!rest.starts_with('=')) continue;
        rest = trim(rest.substr(1));
        if (rest.starts_with('"') || rest.starts_with('\'')) {
            const std::size_t close = rest.find(rest[0], 1);
            return std::string(trim(rest.substr(1, close == std::string_view::npos ? close : close - 1)));
        }
        return std::string(rest.substr(0, rest.find_first_of("; \t\r\n\"'/>")));
    }
    return {};
}

std::string meta_charset(std::string_view body) {
    const std::string head = lower(body.substr(0, prescan_length));
    for (std::size_t at = head.find("<meta"); at != std::string::npos; at = head.find("<meta", at + 1)) {
        const std::string_view tag = std::string_view(head).substr(at, head.find('>', at) - at);
        if (std::string found = charset_value(tag); !found.empty()) return found;
    }
    return {};
}

std::string as_on_the_web(std::string label) {
    constexpr std::array<std::string_view, 6> latin{"iso-8859-1", "iso8859-1", "latin1", "l1", "ascii", "us-ascii"};
    if (std::find(latin.begin(), latin.end(), label) != latin.end()) return "windows-1252";
    if (label.empty() || label == "utf8") return "utf-8";
    return label;
}

/// iconv's handle, closed in every case.
class converter {
public:
    explicit converter(const std::string& charset) : handle_(iconv_open("UTF-8", charset.c_str())) {}
    converter(const converter&) = delete;
    converter& operator=(const converter&) = delete;
    ~converter() {
        if (is_open()) iconv_close(handle_);
    }
    [[nodiscard]] bool is_open() const { return handle_ != reinterpret_cast<iconv_t>(-1); }

    std::string convert(std::string_view body) const {
        std::string out;
        std::array<char, 16384> buffer;
        char* in = const_cast<char*>(body.data());  // iconv's signature; it does not write there
        std::size_t left = body.size();
        while (left > 0) {
            char* end = buffer.data();
            std::size_t room = buffer.size();
            const std::size_t result = iconv(handle_, &in, &left, &end, &room);
            const int failure = errno;
            out.append(buffer.data(), end);
            if (result != static_cast<std::size_t>(-1) || failure == E2BIG) continue;
            append_utf8(out, 0xFFFD);
            if (failure == EINVAL) break;  // a sequence cut off by the end
            ++in;
            --left;
        }
        return out;
    }

private:
    iconv_t handle_;
};

}  // namespace

std::string media_type(std::string_view content_type) {
    return lower(trim(content_type.substr(0, content_type.find(';'))));
}

std::string charset_parameter(std::string_view content_type) {
    const std::size_t semicolon = content_type.find(';');
    return semicolon == std::string_view::npos ? std::string() : charset_value(lower(content_type.substr(semicolon)));
}

std::string charset_of(std::string_view content_type, std::string_view body) {
    if (body.starts_with(utf8_mark)) return "utf-8";
    if (body.starts_with("\xFE\xFF")) return "utf-16be";
    if (body.starts_with("\xFF\xFE")) return "utf-16le";
    if (std::string label = charset_parameter(content_type); !label.empty()) return as_on_the_web(std::move(label));
    std::string label = as_on_the_web(meta_charset(body));
    // A <meta> that could be read as ASCII cannot mean UTF-16.
    return label.starts_with("utf-16") ? "utf-8" : label;
}

std::string_view to_utf8(std::string_view body, const std::string& charset, std::string& storage) {
    if (charset != "utf-8") {
        if (const converter from(charset); from.is_open()) {
            storage = from.convert(body);
            std::string_view text = storage;
            if (text.starts_with(utf8_mark)) text.remove_prefix(utf8_mark.size());
            return text;
        }
    }
    if (body.starts_with(utf8_mark)) body.remove_prefix(utf8_mark.size());
    if (is_valid_utf8(body)) return body;
    storage = repair_utf8(body);
    return storage;
}

}  // namespace crawl
