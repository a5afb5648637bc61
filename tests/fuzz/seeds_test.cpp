// What the fuzzers begin with, and what they once found, tried in every build.

#include "fuzz/targets.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

std::vector<std::byte> read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(in), {}};
    const auto bytes = std::as_bytes(std::span(content));
    return {bytes.begin(), bytes.end()};
}

/// Each file, and each of its beginnings. Returns how many files there were.
int try_all(const char* kind, void (*target)(std::span<const std::byte>)) {
    int files = 0;
    for (const char* origin : {"seeds", "findings"}) {
        const auto folder = std::filesystem::path(BRAID_FUZZ_FOLDER) / origin / kind;
        if (!std::filesystem::exists(folder)) continue;
        for (const auto& file : std::filesystem::directory_iterator(folder)) {
            CAPTURE(file.path().string());
            const auto bytes = read_file(file.path());
            for (std::size_t size = 0; size <= bytes.size(); ++size) target(std::span(bytes).first(size));
            ++files;
        }
    }
    return files;
}

}  // namespace

TEST_SUITE("fuzz/targets") {
    TEST_CASE("every seed, finding and sample of a reply is refused or can be sent on") {
        CHECK(try_all("reply", braid_fuzz::try_reply) > 30);
        for (const auto& sample : braid_fuzz::sample_replies()) braid_fuzz::try_reply(sample);
    }

    TEST_CASE("every seed and finding of a stream gives the same frames however it is cut") {
        CHECK(try_all("frame", braid_fuzz::try_frames) > 5);
    }

    TEST_CASE(
        "every seed, finding and sample of what comes beside a reply is refused, or fails its call, or can be used") {
        CHECK(try_all("beside", braid_fuzz::try_beside) > 12);
        for (const auto& sample : braid_fuzz::sample_replies_with_more_beside()) braid_fuzz::try_beside(sample);
    }
}
