// Children: process_child (tests/support).
#include "process/orphan_guard.hpp"

#include "support/children.hpp"

#include <doctest/doctest.h>

#include <csignal>

using namespace braid::process_detail;
using namespace braid::testing;

TEST_SUITE("process/orphan_guard") {
    TEST_CASE("a worker whose control pipe closes is gone, and its children with it") {
        launcher_thread launcher;
        reaper reaper;
        auto control = make_pipe();
        auto talk = make_pipe();
        child_program program = test_child({"guarded", "4", "5"});
        program.descriptors.push_back({std::move(control.read), 4});
        program.descriptors.push_back({std::move(talk.write), 5});
        auto child = watch(reaper, start_or_throw(launcher, std::move(program)));
        read_byte(talk.read.get());
        read_byte(talk.read.get());  // worker and grandchild, in any order

        const std::byte ignored{1};
        write_all(control.write.get(), {&ignored, 1});
        control.write.reset();
        CHECK(child.ended.get().code == SIGKILL);
        CHECK(read_byte(talk.read.get()) == '\0');
    }

    TEST_CASE("a guard that is no longer needed stops and lets go of its pipe, whatever happens to that then") {
        const auto before = open_descriptors();
        {
            auto control = make_pipe();
            {
                const orphan_guard guard(std::move(control.read));
            }
            control.write.reset();
        }
        CHECK(open_descriptors() == before);
    }
}
