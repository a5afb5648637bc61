#include "unnamed_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace crawl {

int open_unnamed_file(const std::filesystem::path& folder) {
    const int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file >= 0) return file;
    // Not every file system can make a file without a name.
    std::string name = (folder / "crawl-temporary-XXXXXX").string();
    const int named = ::mkostemp(name.data(), O_CLOEXEC);
    if (named < 0) {
        throw std::system_error(errno, std::system_category(),
                                fmt::format("cannot make a temporary file in {}", folder.string()));
    }
    ::unlink(name.c_str());
    return named;
}

}  // namespace crawl
