#include <braid/core/error.hpp>
#include <braid/version.hpp>

#include <cstdio>

// Uses something compiled into the library and something of the headers; a failure is an exit code.
int main() {
    if (braid::version() != EXPECTED_VERSION) {
        std::fprintf(stderr, "expected version %s of braid\n", EXPECTED_VERSION);
        return 1;
    }
    try {
        throw braid::cancelled(braid::cancel_reason::shutdown);
    } catch (const braid::cancelled& stop) {
        return to_string(stop.reason()) == "shutdown" ? 0 : 2;
    }
}
