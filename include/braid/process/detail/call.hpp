#pragma once
// A call to a worker process, as it waits in the frame of the coroutine that awaits it.

#include <braid/core/detail/environment.hpp>
#include <braid/core/job.hpp>
#include <braid/core/outcome.hpp>
#include <braid/process/call_options.hpp>
#include <braid/process/error.hpp>
#include <braid/wire/call.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <typeinfo>
#include <utility>
#include <vector>

namespace braid::detail {

class pool_engine;
class worker_link;
class call_base;
class batch_call;
class queue_room;

/// Kept in the queue of a pool that limits it, for a call that is to be made. In other pools there is nothing to keep.
/// Threads: any. Lifetime: less than the pool's.
class queue_place {
public:
    /// One more, though there may be no room yet: then the call waits for it.
    [[nodiscard]] static queue_place enter(pool_engine& pool) noexcept;
    /// Nothing if there is no room.
    [[nodiscard]] static std::optional<queue_place> try_enter(pool_engine& pool) noexcept;

    queue_place(queue_place&& other) noexcept
        : room_(std::exchange(other.room_, nullptr)), has_room_(other.has_room_) {}
    queue_place& operator=(queue_place&&) = delete;
    ~queue_place() {
        if (room_) leave();
    }

    /// From now on whoever asked keeps it. False if there was nothing to keep.
    [[nodiscard]] bool hand_over() noexcept { return std::exchange(room_, nullptr) != nullptr; }
    /// There is room in the queue, and will be.
    [[nodiscard]] bool has_room() const noexcept { return has_room_; }

private:
    queue_place(queue_room* room, bool has_room) noexcept : room_(room), has_room_(has_room) {}
    void leave() noexcept;

    queue_room* room_;
    bool has_room_;
};

/// The function of a call, whose name is looked up only if somebody wants to read it.
struct called_function {
    const void* address;  ///< null unless it is a plain function
    const std::type_info* type;
};

/// Which pool is asked for a call, and how: kept by whoever awaits it until it has ended.
struct call_request {
    std::shared_ptr<pool_engine> engine;
    std::unique_ptr<const call_options> asked = nullptr;  // null, as for most calls: the usual ones

    [[nodiscard]] const call_options& options() const noexcept {
        static constexpr call_options usual{};
        return asked ? *asked : usual;
    }
};

// A call is small, since there may be millions in a queue: it is its own place in that, and its own messenger.

/// Puts a call into the pool's queue, or into a worker's.
struct call_entry : list_node {};
/// The way to a pool on another home. Each travels once at most.
struct call_submission : work {};
struct call_cancellation : work {};

/// One call as the pool sees it. The pool encodes it when a worker can take it, straight into what that reads, and
/// again if that worker dies before it has begun: until then nothing is copied.
/// Threads: built and awaited on the caller's home; the members below `pool's home` belong to that.
class call_base : public operation, private call_entry, private call_submission, private call_cancellation {
public:
    virtual void encode(wire::writer& request) const = 0;
    /// Takes value or exception out of the reply; what the result's own functions throw becomes the call's failure.
    /// Throws: wire::decode_error, when the bytes are no reply to this call.
    virtual void accept(wire::reader& reply, const wire::remote_origin::place& where) = 0;
    virtual void fail(std::exception_ptr error) noexcept = 0;
    [[nodiscard]] virtual called_function called() const noexcept = 0;
    /// Itself, if it is many calls in one: see batch_call.hpp.
    [[nodiscard]] batch_call* as_batch() noexcept;

    [[nodiscard]] const call_options& options() const noexcept { return request_.options(); }
    [[nodiscard]] std::string describe() const final;

protected:
    /// Lifetime: the request has to stay where it is.
    explicit call_base(const call_request& request, bool is_batch = false) noexcept;
    ~call_base() override = default;

    void submit() noexcept;
    /// Before it is submitted, or withdrawn.
    void take(queue_place kept) noexcept {
        if (kept.hand_over()) place_ = kept.has_room() ? place::admitted : place::announced;
    }
    /// It is not going to be submitted after all.
    void withdraw() noexcept;
    [[nodiscard]] bool was_cancelled() const noexcept { return cancelled_; }
    /// What the reply made the call throw, to be called in a handler. Null for the echo of our own request to stop.
    /// Throws: wire::decode_error, when it is about the reply itself.
    [[nodiscard]] std::exception_ptr caught();

private:
    friend class pool_engine;
    friend class worker_link;
    friend class batch_call;

    /// Announced: it counts, and comes; admitted: the same, and there is room for it; outside: it waits for room;
    /// given: it is being encoded.
    enum class place : unsigned char { nowhere, announced, admitted, outside, queued, given, at_worker };

    void on_cancel() noexcept final;
    void arrive() noexcept;
    void cancel_arrives() noexcept;
    void finish() noexcept;

    enum class crossing : unsigned char { none, cancel_on_its_way, finished };

    [[nodiscard]] pool_engine& engine() const noexcept { return *request_.engine; }
    [[nodiscard]] call_entry& entry() noexcept { return *this; }
    [[nodiscard]] static call_base& of(call_entry& entry) noexcept { return static_cast<call_base&>(entry); }

    const call_request& request_;
    std::atomic<crossing> crossing_ = crossing::none;
    std::atomic<int> worker_pid_ = 0;  // written on the pool's home, for those who look from another one

    // Pool's home:
    std::unique_ptr<std::vector<worker_died>> deaths_;  // of workers that ran it, while it may be run again
    worker_link* worker_ = nullptr;
    clock::time_point submitted_at_;
    clock::duration waited_{};
    std::uint32_t slot_ = 0;
    std::uint32_t id_ = 0;
    place place_ = place::nowhere;
    const bool is_batch_;
    bool stopping_ = false;        // running, and asked to stop
    bool cancelled_ = false;       // ended by cancellation
    bool cancel_arrived_ = false;  // from another home
    bool finished_early_ = false;  // while a cancellation was on its way
};

template <class F, class... Args>
class process_call;

/// What `pool.run` gives: the call is made when it is awaited.
template <class F, class... Args>
class [[nodiscard("a call is made when it is awaited: write co_await, or use submit")]] call_awaitable {
public:
    call_awaitable(call_request request, F function, Args... arguments)
        : request_(std::move(request)), function_(std::move(function)), arguments_(std::move(arguments)...) {}

    /// Lifetime: looks at what is here until it has ended.
    process_call<F, Args...> operator co_await() && { return process_call<F, Args...>(*this); }

private:
    friend class process_call<F, Args...>;

    call_request request_;
    F function_;
    std::tuple<Args...> arguments_;
};

template <class F, class... Args>
class [[nodiscard]] process_call final : public call_base {
    using result = wire::call_result_t<F, Args...>;

public:
    explicit process_call(const call_awaitable<F, Args...>& asked) noexcept
        : call_base(asked.request_), asked_(asked) {}
    process_call(const call_awaitable<F, Args...>& asked, queue_place kept) noexcept : process_call(asked) {
        take(std::move(kept));
    }

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
        if (!enter(h)) {
            withdraw();
            return false;
        }
        listen();
        submit();
        return true;
    }
    result await_resume() {
        throw_if_refused();
        if (was_cancelled()) throw_cancelled();
        return slot_.take();
    }

private:
    void encode(wire::writer& request) const override {
        std::apply([&](const Args&... args) { wire::encode_call(request, asked_.function_, args...); },
                   asked_.arguments_);
    }
    void accept(wire::reader& reply, const wire::remote_origin::place& where) override {
        try {
            if constexpr (std::is_void_v<result>) {
                wire::decode_reply<void>(reply, where);
            } else {
                slot_.return_value(wire::decode_reply<result>(reply, where));
            }
        } catch (...) {
            slot_.set_error(caught());
        }
    }
    void fail(std::exception_ptr error) noexcept override { slot_.set_error(std::move(error)); }
    [[nodiscard]] called_function called() const noexcept override {
        return {wire::address_of(asked_.function_), &typeid(F)};
    }

    const call_awaitable<F, Args...>& asked_;
    result_slot<result> slot_;
};

/// A call with a place that is kept for it.
template <class F, class... Args>
class placed_call {
public:
    placed_call(call_awaitable<F, Args...>&& call, queue_place&& place)
        : call_(std::move(call)), place_(std::move(place)) {}

    process_call<F, Args...> operator co_await() && { return process_call<F, Args...>(call_, std::move(place_)); }

private:
    call_awaitable<F, Args...> call_;
    queue_place place_;  // goes first: the call keeps the pool
};

/// A call as a task, for a job to run.
template <class F, class... Args>
task<wire::call_result_t<F, Args...>> call_task(placed_call<F, Args...> call) {
    co_return co_await std::move(call);
}

/// Where a job begins that somebody submits here: the current home, or the pool's outside of coroutines.
[[nodiscard]] std::shared_ptr<home> home_for_submit(pool_engine& engine);

template <class F, class... Args>
auto submit_call(call_awaitable<F, Args...>&& call, queue_place&& place, pool_engine& engine) {
    return start_job(call_task(placed_call<F, Args...>(std::move(call), std::move(place))), home_for_submit(engine));
}

}  // namespace braid::detail
