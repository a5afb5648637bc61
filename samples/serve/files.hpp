#pragma once
// From a request's target to a file below a root, and nowhere else.

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

namespace serve {

struct found_file {
    std::filesystem::path path;     ///< with symbolic links resolved
    std::string_view content_type;  ///< by its extension, a static string
};

/// A folder asked for without its trailing slash.
struct redirect {
    std::string location;  ///< path and query
};

enum class refusal : unsigned short {
    bad_request = 400,  ///< not a path, or one that climbs above the root
    forbidden = 403,    ///< a folder without index.html, or a file that may not be read
    not_found = 404,    ///< also what is no regular file, and what a symbolic link shows outside the root
};

using lookup = std::variant<found_file, redirect, refusal>;

/// The folder that is served. Threads: any number at once. A file that is replaced by a symbolic link between `find`
/// and being opened is not guarded against: the root belongs to whoever runs the server.
class file_root {
public:
    /// Throws: std::filesystem::filesystem_error if it is not a folder that can be read.
    explicit file_root(const std::filesystem::path& folder);

    /// Looks up the target of a request line, `/path?query`, percent-encoded.
    [[nodiscard]] lookup find(std::string_view target) const;

private:
    [[nodiscard]] lookup find_in_folder(const std::filesystem::path& folder) const;
    [[nodiscard]] bool contains(const std::filesystem::path& canonical) const;

    std::filesystem::path root_;  // canonical
};

/// The media type that a file name's extension stands for, as nginx has it; `application/octet-stream` by default.
[[nodiscard]] std::string_view content_type_of(std::string_view file_name);

}  // namespace serve
