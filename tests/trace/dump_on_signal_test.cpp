#include <braid/trace/dump_on_signal.hpp>

#include <braid/core/named.hpp>
#include <braid/core/spawn.hpp>

#include <doctest/doctest.h>

#include <future>
#include <string>

#include <unistd.h>

using namespace braid;
using namespace std::chrono_literals;

TEST_SUITE("trace/dump_on_signal") {
    TEST_CASE("the signal shows the tasks, and a loop that is held as stalled") {
        std::promise<std::string> promise;
        auto shown = promise.get_future();
        std::string text;
        {
            const dump_on_signal on_request(SIGUSR1, [&promise](const task_dump& d) { promise.set_value(d.text()); });
            run_blocking([](std::future<std::string>& answer, std::string& words) -> task<> {
                ::kill(::getpid(), SIGUSR1);
                words = answer.get();  // holds the loop meanwhile
                co_return;
            }(shown, text));
        }
        CHECK(text.find("home 1 of 1: it does not answer") == 0);
    }

    TEST_CASE("there is one at most, and the handler of before comes back with its end") {
        static volatile std::sig_atomic_t came = 0;
        const auto before = std::signal(SIGUSR2, [](int) { came = 1; });
        {
            const dump_on_signal on_request(SIGUSR2, [](const task_dump&) {});
            CHECK_THROWS_AS(dump_on_signal(SIGUSR1), usage_error);
            std::raise(SIGUSR2);
            CHECK(came == 0);
        }
        std::raise(SIGUSR2);
        CHECK(came == 1);
        std::signal(SIGUSR2, before);
    }
}
