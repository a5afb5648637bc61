#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "files.hpp"

namespace serve {
namespace {

using entry = std::pair<std::string_view, std::string_view>;

/// Source: nginx's mime.types, those that are met on the web; sorted.
constexpr std::array types{
    entry{"atom", "application/atom+xml"},
    entry{"avif", "image/avif"},
    entry{"bmp", "image/x-ms-bmp"},
    entry{"css", "text/css"},
    entry{"gif", "image/gif"},
    entry{"htm", "text/html"},
    entry{"html", "text/html"},
    entry{"ico", "image/x-icon"},
    entry{"jpeg", "image/jpeg"},
    entry{"jpg", "image/jpeg"},
    entry{"js", "application/javascript"},
    entry{"json", "application/json"},
    entry{"m4a", "audio/x-m4a"},
    entry{"m4v", "video/x-m4v"},
    entry{"mathml", "text/mathml"},
    entry{"mov", "video/quicktime"},
    entry{"mp3", "audio/mpeg"},
    entry{"mp4", "video/mp4"},
    entry{"mpeg", "video/mpeg"},
    entry{"ogg", "audio/ogg"},
    entry{"pdf", "application/pdf"},
    entry{"png", "image/png"},
    entry{"ps", "application/postscript"},
    entry{"rss", "application/rss+xml"},
    entry{"rtf", "application/rtf"},
    entry{"shtml", "text/html"},
    entry{"svg", "image/svg+xml"},
    entry{"tif", "image/tiff"},
    entry{"tiff", "image/tiff"},
    entry{"txt", "text/plain"},
    entry{"wasm", "application/wasm"},
    entry{"webm", "video/webm"},
    entry{"webp", "image/webp"},
    entry{"woff", "font/woff"},
    entry{"woff2", "font/woff2"},
    entry{"xhtml", "application/xhtml+xml"},
    entry{"xml", "text/xml"},
    entry{"zip", "application/zip"},
};
static_assert(std::is_sorted(types.begin(), types.end()));

constexpr std::string_view unknown = "application/octet-stream";

}  // namespace

std::string_view content_type_of(std::string_view file_name) {
    const std::string_view name = file_name.substr(file_name.rfind('/') + 1);
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return unknown;
    std::string extension(name.substr(dot + 1));
    for (char& c : extension) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    const auto* at = std::lower_bound(types.begin(), types.end(), extension,
                                      [](const entry& e, const std::string& wanted) { return e.first < wanted; });
    return at != types.end() && at->first == extension ? at->second : unknown;
}

}  // namespace serve
