#pragma once
// braid::run inside of a test.

#include <braid/app/run.hpp>

namespace braid_test {

template <class App>
int run_here(App app, braid::run_options options = {}) {
    char name[] = "test";
    char* arguments[] = {name, nullptr};
    return braid::run(1, arguments, app, options);
}

}  // namespace braid_test
