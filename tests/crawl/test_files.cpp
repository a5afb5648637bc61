#include "test_files.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

std::filesystem::path data_file(const std::string& name) { return std::filesystem::path(CRAWL_TEST_DATA) / name; }

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path.string());
    return {std::istreambuf_iterator<char>(in), {}};
}
