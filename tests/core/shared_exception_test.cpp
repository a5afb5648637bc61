// What threads that share an exception do is no race: ThreadSanitizer would say so here if it saw one.
#include <atomic>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

namespace {

std::exception_ptr failure() { return std::make_exception_ptr(std::runtime_error("a text of its own, on the heap")); }

// The one who reads lets go first, and nothing but the count of the owners orders the end after that.
void read_here_end_there(const std::function<void(std::exception_ptr)>& read) {
    std::exception_ptr shared = failure();
    std::atomic<bool> was_read = false;
    std::thread last([&was_read, owner = shared]() mutable {
        while (!was_read.load(std::memory_order_relaxed)) std::this_thread::yield();
        owner = nullptr;
    });
    read(std::move(shared));
    was_read.store(true, std::memory_order_relaxed);
    last.join();
}

}  // namespace

TEST_SUITE("shared exceptions") {
    TEST_CASE("a thread that rethrew an exception and one that ends it are no race") {
        std::string text;
        read_here_end_there([&text](std::exception_ptr owner) {
            try {
                std::rethrow_exception(std::exchange(owner, nullptr));
            } catch (const std::runtime_error& e) {
                text = e.what();
            }
        });
        CHECK(text == "a text of its own, on the heap");
    }

    TEST_CASE("the end of an exception that owns another is no race") {
        bool nested = false;
        read_here_end_there([&](std::exception_ptr inner) {
            try {
                try {
                    std::rethrow_exception(std::exchange(inner, nullptr));
                } catch (...) {
                    std::throw_with_nested(std::runtime_error("outer"));
                }
            } catch (const std::nested_exception& e) {
                nested = e.nested_ptr() != nullptr;
            }
        });
        CHECK(nested);
    }
}
