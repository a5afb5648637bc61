#pragma once
// init: what main begins with when it has its own event loop. With braid::run it happens by itself.

#include <memory>

namespace braid {

/// What the process floor needs of the whole program: the thread that starts children, the one that reaps them, a
/// descriptor of the executable. Keep it for as long as main runs; its destructor kills and reaps every child left.
/// Pools have to be gone before.
class [[nodiscard("the runtime ends with this object: keep it in a local of main")]] runtime {
public:
    runtime(runtime&&) noexcept;
    runtime& operator=(runtime&&) = delete;
    ~runtime();

private:
    friend runtime init(int argc, char** argv);
    struct parts;
    explicit runtime(std::unique_ptr<parts> made) noexcept;
    std::unique_ptr<parts> parts_;
};

/// Has to be the first thing that main does. In a worker process it serves calls and never returns; whatever runs
/// before it, static initialisers among them, runs in every worker too. It ignores SIGPIPE, if that has its default
/// handler, and leaves all other signals alone. Throws: usage_error when called twice, std::system_error if there are
/// no descriptors or threads left.
[[nodiscard]] runtime init(int argc, char** argv);

}  // namespace braid
