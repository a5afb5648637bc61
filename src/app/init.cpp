#include <braid/app/init.hpp>

#include "process/services.hpp"
#include "process/worker_main.hpp"
#include "process/zygote_channel.hpp"
#include "process/zygote_main.hpp"

#include <braid/core/error.hpp>
#include <braid/wire/image.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace braid {

using namespace process_detail;

struct runtime::parts {
    process_services services;

    explicit parts(std::string program) : services(std::move(program), 0) {
        services.output.start();
        install_services(services);
    }
    parts(const parts&) = delete;
    parts& operator=(const parts&) = delete;
    ~parts() { remove_services(); }
};

runtime::runtime(std::unique_ptr<parts> made) noexcept : parts_(std::move(made)) {}
runtime::runtime(runtime&&) noexcept = default;
runtime::~runtime() = default;

namespace {

// The depth of this worker, or of a zygote's, if it is one; otherwise 0. The variable is taken away: children of calls
// are no workers.
unsigned take_depth(const char* variable) {
    const char* value = std::getenv(variable);
    if (!value) return 0;
    const std::string_view text = value;
    unsigned depth = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), depth);
    if (failure != std::errc() || end != text.data() + text.size() || depth == 0) {
        throw usage_error(
            fmt::format("the environment variable {} is \"{}\", which no pool sets: it is for the use of "
                        "braid's own workers",
                        variable, text));
    }
    ::unsetenv(variable);
    return depth;
}

}  // namespace

runtime init(int argc, char** argv) {
    wire::capture_image();
    if (const unsigned depth = take_depth(worker_variable); depth != 0) run_worker(depth);
    if (const unsigned depth = take_depth(zygote_variable); depth != 0 && argc > 1)
        run_zygote(depth, std::span(argv[1], std::strlen(argv[1])));
    ignore_sigpipe();
    return runtime(std::make_unique<runtime::parts>(argc > 0 ? argv[0] : "braid"));
}

}  // namespace braid
