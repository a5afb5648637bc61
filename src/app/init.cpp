#include <braid/app/init.hpp>

#include "process/services.hpp"
#include "process/worker_main.hpp"

#include <braid/core/error.hpp>
#include <braid/wire/image.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
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

// The depth of this worker, if it is one; otherwise 0. The variable is taken away: children of calls are no workers.
unsigned take_worker_depth() {
    const char* value = std::getenv(worker_variable);
    if (!value) return 0;
    const std::string_view text = value;
    unsigned depth = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), depth);
    if (failure != std::errc() || end != text.data() + text.size() || depth == 0) {
        throw usage_error(
            fmt::format("the environment variable {} is \"{}\", which no pool sets: it is for the use of "
                        "braid's own workers",
                        worker_variable, text));
    }
    ::unsetenv(worker_variable);
    return depth;
}

}  // namespace

runtime init(int argc, char** argv) {
    wire::capture_image();
    if (const unsigned depth = take_worker_depth(); depth != 0) run_worker(depth);
    ignore_sigpipe();
    return runtime(std::make_unique<runtime::parts>(argc > 0 ? argv[0] : "braid"));
}

}  // namespace braid
