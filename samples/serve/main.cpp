// serve: a static file server.

#include <braid/app/run.hpp>
#include <braid/core/this_executor.hpp>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <span>

#include "server.hpp"

namespace {

braid::task<int> serve_folder(std::span<char*> args) {
    serve::server_options options;
    CLI::App app("Serves the files of a folder over HTTP.", "serve");
    app.add_option("--root", options.root, "the folder")->required();
    app.add_option("--port", options.port, "port to listen on; 0: any that is free (8000)");
    app.add_option("--address", options.address, "numeric address to listen on (127.0.0.1)");
    try {
        app.parse(static_cast<int>(args.size()), args.data());
    } catch (const CLI::ParseError& e) {
        co_return app.exit(e) == 0 ? 0 : 1;
    }
    serve::server server(co_await braid::this_executor(), options);
    fmt::print("serving {} on {}\n", options.root.string(), server.url());
    std::fflush(stdout);
    co_await server.run();
    co_return 0;
}

}  // namespace

int main(int argc, char** argv) { return braid::run(argc, argv, serve_folder); }
