#pragma once
// The implementation of stream<T>: asking it, and ending it early.

#include <braid/core/await_chain.hpp>
#include <braid/core/detail/large_memory.hpp>
#include <braid/flow/stream.hpp>

#include <algorithm>
#include <iterator>
#include <type_traits>

namespace braid {

namespace detail {

[[noreturn]] void stream_destroyed_while_asked() noexcept;
/// For a stream that is dropped outside of coroutines.
void block_until_stopped(task<> stopping) noexcept;

/// Several values that a stream has at a time: `co_yield` gives them all. Those who ask one by one get one by one, and
/// the coroutine is resumed only when all are taken.
template <class T>
struct chunk {
    std::vector<T> values;
    std::size_t more = 0;  ///< that are known to follow
};

/// What all streams have in common: how one is ended early.
struct stream_promise : awaiting_promise {
    void unhandled_exception() noexcept { error = leaving(where); }

    std::exception_ptr error;
    bool asked = false;     // a next is under way
    bool stopping = false;  // it is to end: yields throw
};

template <class T>
auto stream_access::handle(const stream<T>& s) noexcept {
    return s.coroutine_;
}
template <class T>
void stream_access::move_ready(const stream<T>& source, std::vector<T>& into) {
    if (source.coroutine_ && !source.coroutine_.done()) source.coroutine_.promise().move_ready(into);
}

/// Has given a value and waits to be asked for the next.
template <class Promise>
bool in_a_yield(std::coroutine_handle<Promise> source) noexcept {
    return source && !source.done() && source.promise().continuation;
}

/// Resumes a stream from its yield, which throws, in a scope that has been cancelled; waits for its end.
template <class Source>
class [[nodiscard]] end_of_stream {
public:
    end_of_stream(std::coroutine_handle<Source> source, environment& inside) noexcept
        : source_(source), inside_(inside) {}

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
        const promise_base& w = waiter.promise();
        outer_ = w.env;
        this_driver.env = &inside_;
        stream_promise& s = source_.promise();
        s.stopping = true;
        s.started_inline = s.done_inline = false;
        return begin_child(source_, waiter, inside_, w.depth);
    }
    void await_resume() const noexcept { this_driver.env = outer_; }

private:
    std::coroutine_handle<Source> source_;
    environment& inside_;
    environment* outer_ = nullptr;
};

/// A cancelled scope below that of `outer`.
struct stopped_environment {
    explicit stopped_environment(environment& outer) noexcept
        : env{.where = outer.where, .scope = &scope, .parent = &outer} {
        scope.cancel(outer.scope->reason());
    }
    stopped_environment(const stopped_environment&) = delete;
    stopped_environment& operator=(const stopped_environment&) = delete;

    cancel_scope scope;
    environment env;
};

/// The coroutine that sees the clean-up of a dropped stream through.
class stream_clean_up {
public:
    class promise_type : public awaiting_promise {
    public:
        stream_clean_up get_return_object() noexcept {
            return stream_clean_up(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        auto final_suspend() const noexcept { return leave{}; }
        void return_void() const noexcept {}
        void unhandled_exception() noexcept { std::terminate(); }  // nothing in it throws

    private:
        friend class stream_clean_up;
        struct leave {
            bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<promise_type> h) const noexcept;
            void await_resume() const noexcept {}
        };
        std::optional<stopped_environment> inside_;
    };

    /// Begins at once; what it has to wait for belongs to `enclosing`.
    void run(environment& enclosing) && noexcept;

private:
    explicit stream_clean_up(std::coroutine_handle<promise_type> h) noexcept : coroutine_(h) {}
    std::coroutine_handle<promise_type> coroutine_;
};

template <class Source>
stream_clean_up clean_up(std::coroutine_handle<Source> source) {
    environment& inside = co_await this_environment();
    co_await end_of_stream<Source>(source, inside);
    source.destroy();  // with the streams and jobs that it keeps
    co_await adopted_done(inside);
}

void rethrow_unless_cancelled(const std::exception_ptr& error);

template <class T>
task<> stop_stream(stream<T> source) {
    const auto handle = stream_access::handle(source);
    if (!in_a_yield(handle)) co_return;
    environment& outside = co_await this_environment();
    stopped_environment inside(outside);
    co_await end_of_stream<typename stream<T>::promise_type>(handle, inside.env);
    const std::exception_ptr error = handle.promise().error;
    this_driver.env = &inside.env;
    {
        const auto gone = std::move(source);
    }
    this_driver.env = &outside;
    co_await adopted_done(inside.env);
    rethrow_unless_cancelled(error);
}

}  // namespace detail

template <class T>
class stream<T>::promise_type : public detail::stream_promise {
    struct yielded : detail::hand_back {
        const promise_type& stream;
        bool given;
        bool await_ready() const noexcept { return stream.stopping || !given; }
        void await_resume() const {
            if (stream.stopping) [[unlikely]]
                throw cancelled(stream.env->scope->reason());
        }
    };

public:
    stream get_return_object(std::source_location here = std::source_location::current()) noexcept {
        this->where = here;
        return stream(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    detail::hand_back final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}

    template <class U>
        requires std::is_constructible_v<T, U&&>
    yielded yield_value(U&& value) {
        if (!stopping) value_.emplace(std::forward<U>(value));
        return {{}, *this, true};
    }
    yielded yield_value(detail::chunk<T>&& several) noexcept {
        if (stopping || several.values.empty()) return {{}, *this, false};
        ready_ = std::move(several.values);
        next_ready_ = 0;
        more_ = several.more;
        return {{}, *this, true};
    }

private:
    friend class detail::next_awaiter<T>;
    friend struct detail::stream_access;

    [[nodiscard]] bool has_ready() const noexcept { return next_ready_ != ready_.size(); }
    std::optional<T> take() {
        if (has_ready()) return std::optional<T>(std::move(ready_[next_ready_++]));
        return std::exchange(value_, std::nullopt);
    }
    void move_ready(std::vector<T>& into) {
        if (!has_ready()) return;
        const std::size_t count = ready_.size() - next_ready_;
        // At once for all that will come; more often than it doubles only if the source does not know.
        if (into.capacity() - into.size() < count) {
            into.reserve(std::max(into.size() + count + more_, 2 * into.capacity()));
            if constexpr (!std::is_same_v<T, bool>) {
                detail::will_fill(into.data() + into.size(), (into.capacity() - into.size()) * sizeof(T));
            }
        }
        const auto from = ready_.begin() + static_cast<std::ptrdiff_t>(next_ready_);
        into.insert(into.end(), std::make_move_iterator(from), std::make_move_iterator(ready_.end()));
        next_ready_ = ready_.size();
    }

    std::optional<T> value_;
    std::vector<T> ready_;  // of a chunk, from next_ready_ on
    std::size_t next_ready_ = 0;
    std::size_t more_ = 0;
};

template <class T>
stream<T>::~stream() {
    if (!coroutine_) return;
    if (coroutine_.promise().asked) detail::stream_destroyed_while_asked();
    if (!detail::in_a_yield(coroutine_)) {
        coroutine_.destroy();
    } else if (detail::environment* here = detail::this_driver.env) {
        detail::clean_up(coroutine_).run(*here);
    } else {
        detail::block_until_stopped(std::move(*this).stop());
    }
}

namespace detail {

template <class T>
class [[nodiscard("next does nothing until it is awaited")]] next_awaiter {
public:
    explicit next_awaiter(std::coroutine_handle<typename stream<T>::promise_type> source) noexcept : source_(source) {}

    bool await_ready() const noexcept {
        return !source_ || source_.done() || source_.promise().asked || source_.promise().has_ready();
    }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> consumer) noexcept {
        auto& p = source_.promise();
        asks_ = p.asked = true;
        // As for a new child: nothing is left of how the last value was handed back.
        p.started_inline = p.done_inline = false;
        const promise_base& c = consumer.promise();
        return begin_child(source_, consumer, *c.env, c.depth);
    }
    std::optional<T> await_resume() {
        if (!asks_ && (!source_ || source_.done())) return std::nullopt;
        auto& p = source_.promise();
        if (!asks_) {
            if (p.asked) throw usage_error("next was called on a stream while another next is under way");
            return p.take();
        }
        p.asked = false;
        if (p.error) std::rethrow_exception(std::exchange(p.error, nullptr));
        return p.take();
    }

private:
    std::coroutine_handle<typename stream<T>::promise_type> source_;
    bool asks_ = false;
};

}  // namespace detail

template <class T>
detail::next_awaiter<T> stream<T>::next() noexcept {
    return detail::next_awaiter<T>(coroutine_);
}

template <class T>
task<> stream<T>::stop() && {
    return detail::stop_stream(std::move(*this));
}

}  // namespace braid
