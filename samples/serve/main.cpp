// serve: a static file server, and a server of sites that are computed.

#include <braid/app/run.hpp>
#include <braid/core/this_executor.hpp>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <span>

#include "server.hpp"

namespace {

braid::task<int> serve_folder(std::span<char*> args) {
    serve::server_options options;
    CLI::App app("Serves the files of a folder, or a site that is computed, over HTTP.", "serve");
    auto* const sites = app.add_option_group("what to serve")->require_option(1);
    sites->add_option("--root", options.root, "the folder");
    sites
        ->add_option("--synthetic", options.synthetic,
                     "instead, a site of so many pages that are computed, to try crawlers")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40U, "a number from 1 to 2^40"));
    app.add_option("--port", options.port, "port to listen on; 0: any that is free (8000)");
    app.add_option("--address", options.address, "numeric address to listen on (127.0.0.1)");
    app.add_option("--log", options.log, "append the target of every request to this file, one a line");
    std::uint32_t delay = 0;
    app.add_option("--delay", delay, "milliseconds before each answer, others meanwhile going on, to try clients (0)")
        ->check(CLI::Range(0U, 60'000U, "a number from 0 to 60000"));
    try {
        app.parse(static_cast<int>(args.size()), args.data());
    } catch (const CLI::ParseError& e) {
        co_return app.exit(e) == 0 ? 0 : 1;
    }
    options.delay = std::chrono::milliseconds(delay);
    serve::server server(co_await braid::this_executor(), options);
    const std::string what =
        options.synthetic != 0 ? fmt::format("{} pages", options.synthetic) : options.root.string();
    fmt::print("serving {} on {}\n", what, server.url());
    std::fflush(stdout);
    co_await server.run();
    co_return 0;
}

}  // namespace

int main(int argc, char** argv) { return braid::run(argc, argv, serve_folder); }
