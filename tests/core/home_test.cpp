#include <braid/core/detail/home.hpp>

#include <braid/core/detail/remote_cancel.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

using namespace braid;
using detail::home;

TEST_SUITE("core/detail/home") {
    TEST_CASE("a home runs one thing at a time, in the order of each poster, on an executor with four threads") {
        boost::asio::io_context context;
        const auto where = std::make_shared<home>(context.get_executor());
        constexpr int posts = 2000;
        std::vector<int> seen[2];  // touched without a lock: the sanitizer would tell
        std::atomic<int> posting = 2;
        for (int poster = 0; poster < 2; ++poster) {
            boost::asio::post(context, [&, poster] {
                for (int i = 0; i < posts; ++i) where->post_function([&, poster, i] { seen[poster].push_back(i); });
                --posting;
            });
        }
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) threads.emplace_back([&] { context.run(); });
        threads.clear();
        CHECK(posting == 0);
        for (const auto& values : seen) {
            REQUIRE(values.size() == posts);
            for (int i = 0; i < posts; ++i) CHECK(values[static_cast<std::size_t>(i)] == i);
        }
    }

    TEST_CASE("a timer that is disarmed when there is no task any more does not keep the context") {
        boost::asio::io_context context;
        const auto where = std::make_shared<home>(context.get_executor());
        detail::timer alarm{.at = detail::clock::now() + std::chrono::hours(1)};
        where->post_function([&] { where->arm(alarm); });
        context.poll();
        CHECK_FALSE(context.stopped());
        where->post_function([&] { where->disarm(alarm); });
        context.poll();
        CHECK(context.stopped());
    }

    TEST_CASE("whoever may still cancel does not keep the home, and asks in vain when it is gone") {
        std::shared_ptr<detail::remote_cancel> remote;
        std::weak_ptr<home> weak;
        {
            boost::asio::io_context context;
            const auto where = std::make_shared<home>(context.get_executor());
            weak = where;
            remote = std::make_shared<detail::remote_cancel>(where);
        }
        CHECK(weak.expired());
        remote->request(cancel_reason::user);
    }
}
