// Writes the seeds of the fuzzers anew: make_fuzz_seeds FOLDER. For when the format has changed.

#include "fuzz/targets.hpp"

#include <braid/wire/frame.hpp>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

namespace wire = braid::wire;

std::vector<std::vector<std::byte>> sample_streams() {
    std::vector<std::vector<std::byte>> samples;
    for (const std::vector<std::size_t>& sizes :
         {std::vector<std::size_t>{}, {0}, {1, 0, 7}, {100, 100, 0, 3}, {1'999}, {2'001}}) {
        wire::buffer out;
        const auto pattern = static_cast<std::byte>(17 * samples.size());
        out.append(&pattern, 1);
        for (const std::size_t size : sizes) {
            const std::string body(size, 'b');
            const auto begun = wire::begin_frame(out, size, 3);
            out.append(body.data(), body.size());
            wire::end_frame(out, begun);
        }
        samples.emplace_back(out.bytes().begin(), out.bytes().end());
    }
    return samples;
}

void write(const std::filesystem::path& folder, const std::vector<std::vector<std::byte>>& samples) {
    std::filesystem::create_directories(folder);
    for (std::size_t i = 0; i != samples.size(); ++i) {
        std::ofstream out(folder / std::to_string(i), std::ios::binary);
        out.write(reinterpret_cast<const char*>(samples[i].data()), static_cast<std::streamsize>(samples[i].size()));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: make_fuzz_seeds FOLDER\n", stderr);
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    write(folder / "reply", braid_fuzz::sample_replies());
    write(folder / "frame", sample_streams());
    write(folder / "beside", braid_fuzz::sample_replies_with_more_beside());
}
