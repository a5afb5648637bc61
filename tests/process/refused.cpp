// Initialisers that must not compile.

#include <braid/process/worker_initialiser.hpp>

#include <memory>

braid::worker_initialiser refused();
braid::worker_initialiser refused() {
#if defined(MOVE_ONLY_INITIALISER)
    return {[](std::unique_ptr<int>) {}, std::make_unique<int>(1)};
#elif defined(INITIALISER_WITH_A_RESULT)
    return {[](int x) { return x; }, 1};
#else
    return {};
#endif
}
