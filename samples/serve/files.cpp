#include "files.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <system_error>

namespace serve {
namespace {

namespace fs = std::filesystem;

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

/// Nothing for a broken escape, and for a NUL, which would cut the path short.
std::optional<std::string> decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            const auto high = hex_digit(text[i + 1]);
            const auto low = hex_digit(text[i + 2]);
            if (!high || !low) return std::nullopt;
            c = static_cast<char>(*high * 16 + *low);
            i += 2;
        }
        if (c == '\0') return std::nullopt;
        out += c;
    }
    return out;
}

/// The decoded path relative to the root, dot segments resolved. Nothing if it climbs above the root.
std::optional<fs::path> relative_path(std::string_view decoded) {
    fs::path out;
    while (!decoded.empty()) {
        const std::size_t slash = std::min(decoded.find('/'), decoded.size());
        const std::string_view segment = decoded.substr(0, slash);
        decoded.remove_prefix(std::min(slash + 1, decoded.size()));
        if (segment == "..") {
            if (out.empty()) return std::nullopt;
            out = out.parent_path();
        } else if (!segment.empty() && segment != ".") {
            out /= segment;
        }
    }
    return out;
}

lookup found(fs::path path) {
    if (access(path.c_str(), R_OK) != 0) return refusal::forbidden;
    const std::string_view type = content_type_of(path.native());
    return found_file{std::move(path), type};
}

}  // namespace

file_root::file_root(const fs::path& folder) : root_(fs::canonical(folder)) {
    if (!fs::is_directory(root_)) {
        throw fs::filesystem_error("cannot serve", folder, std::make_error_code(std::errc::not_a_directory));
    }
}

lookup file_root::find(std::string_view target) const {
    const std::size_t question = std::min(target.find('?'), target.size());
    const std::string_view encoded = target.substr(0, question);
    if (!encoded.starts_with('/')) return refusal::bad_request;
    const auto decoded = decode(encoded);
    if (!decoded) return refusal::bad_request;
    const auto relative = relative_path(*decoded);
    if (!relative) return refusal::bad_request;

    std::error_code failed;
    fs::path path = fs::canonical(root_ / *relative, failed);
    if (failed == std::errc::permission_denied) return refusal::forbidden;
    if (failed || !contains(path)) return refusal::not_found;
    if (fs::is_directory(path, failed)) {
        if (decoded->ends_with('/')) return find_in_folder(path);
        // One slash at the front: `//host` would name another server.
        const std::string_view tail = encoded.substr(std::min(encoded.find_first_not_of('/'), encoded.size()));
        return redirect{"/" + std::string(tail) + "/" + std::string(target.substr(question))};
    }
    if (decoded->ends_with('/') || !fs::is_regular_file(path, failed)) return refusal::not_found;
    return found(std::move(path));
}

lookup file_root::find_in_folder(const fs::path& folder) const {
    std::error_code failed;
    fs::path index = fs::canonical(folder / "index.html", failed);
    if (failed == std::errc::permission_denied) return refusal::forbidden;
    if (failed) return refusal::forbidden;
    if (!contains(index) || !fs::is_regular_file(index, failed)) return refusal::not_found;
    return found(std::move(index));
}

bool file_root::contains(const fs::path& canonical) const {
    const auto [in_root, in_path] = std::mismatch(root_.begin(), root_.end(), canonical.begin(), canonical.end());
    return in_root == root_.end();
}

}  // namespace serve
