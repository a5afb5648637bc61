#include <braid/core/task_group.hpp>

#include <braid/core/sleep.hpp>
#include <braid/core/spawn.hpp>

#include <doctest/doctest.h>

#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace braid;
using namespace std::chrono_literals;

TEST_SUITE("core/task_group") {
    TEST_CASE("the block ends after its children") {
        int ended = 0;
        run_blocking([](int& n) -> task<> {
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 100; ++i) {
                    g.start(
                        [](int& m) -> task<> {
                            co_await checkpoint();
                            ++m;
                        },
                        std::ref(n));
                }
                co_return;
            });
            CHECK(n == 100);
        }(ended));
        CHECK(ended == 100);
    }

    TEST_CASE("the first failure cancels the siblings and is rethrown after they have unwound") {
        std::string log;
        run_blocking([](std::string& l) -> task<> {
            try {
                co_await with_task_group([&](task_group& g) -> task<> {
                    g.start(
                        [](std::string& s) -> task<> {
                            try {
                                co_await sleep_for(1h);
                            } catch (const cancelled& c) {
                                s += std::string(to_string(c.reason()));
                                throw;
                            }
                        },
                        std::ref(l));
                    g.start([]() -> task<> {
                        co_await checkpoint();
                        throw std::runtime_error("first");
                    });
                    co_return;
                });
            } catch (const std::runtime_error& e) {
                l += ", ";
                l += e.what();
            }
        }(log));
        CHECK(log == "sibling failed, first");
    }

    TEST_CASE("a cancelled block stays cancelled: each later await throws again") {
        int thrown = 0;
        run_blocking([](int& n) -> task<> {
            co_await with_task_group([&](task_group& g) -> task<> {
                g.cancel();
                for (int i = 0; i < 3; ++i) {
                    try {
                        co_await sleep_for(0ms);
                    } catch (const cancelled&) {
                        ++n;
                    }
                }
            });
        }(thrown));
        CHECK(thrown == 3);
    }

    TEST_CASE("what fails after the first failure is told to whoever asks") {
        std::vector<std::exception_ptr> further;
        auto failing_late = [](const char* message) -> task<> {
            try {
                co_await sleep_for(1h);
            } catch (const cancelled&) {
                throw std::runtime_error(message);
            }
        };
        run_blocking([](auto& late, auto& errors) -> task<> {
            CHECK_THROWS_WITH_AS(co_await with_task_group(
                                     [&](task_group& g) -> task<> {
                                         g.start(late, "second");
                                         g.start(late, "third");
                                         co_await checkpoint();
                                         throw std::logic_error("first");
                                     },
                                     errors),
                                 "first", std::logic_error);
        }(failing_late, further));
        REQUIRE(further.size() == 2);
        CHECK_THROWS_WITH_AS(std::rethrow_exception(further[0]), "second", std::runtime_error);
        CHECK_THROWS_WITH_AS(std::rethrow_exception(further[1]), "third", std::runtime_error);
    }

    TEST_CASE("a child may start others after the body has ended, and while the group unwinds") {
        int ran = 0;
        run_blocking([](int& n) -> task<> {
            auto last = [](int& m) -> task<> {
                ++m;
                co_await checkpoint();
                FAIL("a cancelled group let a child go on");
            };
            co_await with_task_group([&](task_group& g) -> task<> {
                g.start(
                    [](task_group& group, int& m, auto after) -> task<> {
                        co_await checkpoint();
                        group.start(
                            [](task_group& group2, int& k, auto after2) -> task<> {
                                ++k;
                                group2.cancel();
                                group2.start(after2, std::ref(k));
                                co_await sleep_for(1h);
                            },
                            std::ref(group), std::ref(m), after);
                    },
                    std::ref(g), std::ref(n), last);
                co_return;
            });
            CHECK(n == 2);
        }(ran));
        CHECK(ran == 2);
    }

    TEST_CASE("100,000 children of one group end, and can all be cancelled") {
        run_blocking([]() -> task<> {
            int ended = 0;
            co_await with_task_group([&](task_group& g) -> task<> {
                for (int i = 0; i < 100'000; ++i) {
                    g.start(
                        [](int& n) -> task<> {
                            try {
                                co_await sleep_for(1h);
                            } catch (const cancelled&) {
                                ++n;
                                throw;
                            }
                        },
                        std::ref(ended));
                }
                co_await checkpoint();
                g.cancel();
            });
            CHECK(ended == 100'000);
        }());
    }

    TEST_CASE("a cancelled group whose body had its value gives it, one whose body was cut off throws") {
        run_blocking([]() -> task<> {
            CHECK(co_await with_task_group([](task_group& g) -> task<int> {
                      g.start([]() -> task<> { co_await sleep_for(1h); });
                      g.cancel();
                      co_return 3;
                  }) == 3);
            bool told = false;
            try {
                co_await with_task_group([](task_group& g) -> task<int> {
                    g.cancel(cancel_reason::shutdown);
                    co_await checkpoint();
                    co_return 3;
                });
            } catch (const cancelled& c) {
                told = c.reason() == cancel_reason::shutdown;
            }
            CHECK(told);
        }());
    }
}
