#include "corpus.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

std::filesystem::path data_file(const std::string& name) { return std::filesystem::path(CRAWL_TEST_DATA) / name; }

std::set<std::string> data_lines(const std::string& name) {
    std::ifstream in(data_file(name));
    if (!in) throw std::runtime_error("cannot read test data " + name);
    std::set<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.insert(line);
    return lines;
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path.string());
    return {std::istreambuf_iterator<char>(in), {}};
}

std::optional<std::filesystem::path> corpus(const std::string& package) {
    const char* given = std::getenv("BRAID_CORPUS_DIR");
    const std::filesystem::path root = given != nullptr ? given : CRAWL_CORPUS_DIR;
    const std::filesystem::path folder = root / "usr/share/doc" / package;
    if (root.empty() || !std::filesystem::is_directory(folder)) return std::nullopt;
    return folder;
}
