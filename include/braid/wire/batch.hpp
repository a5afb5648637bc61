#pragma once
// Batches: many calls of one function as one message, for calls that are too short to travel alone.
//
// A request is the numbers of its first item and of the one after its last, what travels beside them, the address of a
// typed thunk, that of the function if it is a plain one, and each item's arguments: as they are if all items take the
// same number of bytes, else behind their length. The results come back in parts. An item that fails takes no other
// along.

#include <braid/wire/call.hpp>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <tuple>
#include <type_traits>
#include <vector>

namespace braid::wire {

/// How the results lie in a part.
enum class part_kind : std::uint32_t {
    values = 1,   ///< one after the other, as in memory
    replies = 2,  ///< each behind its length, as the reply of a call
};

/// What a part begins with.
struct part_header {
    std::uint32_t first = 0;  ///< item
    std::uint32_t count = 0;
};

/// What the reply to a batch says, behind its parts.
struct batch_end {
    std::uint32_t reached = 0;  ///< the item that was not begun any more
    std::uint32_t ran = 0;      ///< items
    std::uint64_t took_ns = 0;
};

/// How far a batch is, in memory that the giver of the batch can read whatever becomes of its runner.
/// Threads: the runner's thread of the batch.
class batch_progress {
public:
    batch_progress(std::atomic<std::uint64_t>& done, const std::atomic<std::uint64_t>& limit, std::uint32_t id) noexcept
        : done_(&done), limit_(&limit), id_(id) {}

    /// To be asked before each item. The two accesses, of done_ before and of limit_ here, must not be swapped: the
    /// giver sees to that on the processors, with membarrier(2), and so pays what would otherwise be paid for each
    /// item.
    [[nodiscard]] bool may_start(std::uint32_t item) const noexcept {
        std::atomic_signal_fence(std::memory_order_seq_cst);
        const std::uint64_t limit = limit_->load(std::memory_order_relaxed);
        return (limit >> 32) != id_ || item < static_cast<std::uint32_t>(limit);
    }
    /// All items before `end` are done; the results of those in the part that is open take `bytes`.
    void reached(std::uint32_t end, std::size_t bytes) const noexcept {
        done_->store(std::uint64_t{end} << 32 | static_cast<std::uint32_t>(bytes), std::memory_order_release);
    }

private:
    std::atomic<std::uint64_t>* done_;
    const std::atomic<std::uint64_t>* limit_;
    std::uint32_t id_;
};

/// Where the results of a batch go.
class batch_output {
public:
    /// Room for the results from item `first` on, `least` bytes or more; empty if no part can be so large. What is
    /// there counts once it is reached(), even if the process dies before it closes the part.
    virtual std::span<std::byte> open_part(part_kind kind, std::uint32_t first, std::size_t least) = 0;
    /// The part ends before item `end`, and has so many bytes.
    virtual void close_part(std::uint32_t end, std::size_t bytes) = 0;
    /// A reply that no part has room for.
    virtual void put_large(std::uint32_t item, std::span<const std::byte> reply) = 0;

    /// Where things go that travel beside the reply that is written next. Those of another reply are forgotten.
    virtual attachments_out& beside_next() = 0;
    /// Whether there are some.
    [[nodiscard]] virtual bool has_beside() const noexcept = 0;
    /// A reply that they travel beside, in a part of its own.
    virtual void put_with_beside(std::uint32_t item, writer& reply) = 0;
    [[nodiscard]] virtual const batch_progress& progress() const noexcept = 0;

protected:
    ~batch_output() = default;
};

/// What came beside the items of a batch. Their bytes have numbers for it that are good for any worker; the request
/// says what each is here: how many, the first of those numbers, and then for each what is known here by it.
class batch_attachments final : public attachments_in {
public:
    explicit batch_attachments(reader& request);

    [[nodiscard]] int take_descriptor(std::uint32_t number) override;
    [[nodiscard]] std::shared_ptr<segment> take_segment(std::uint64_t known_by) override;

private:
    [[nodiscard]] std::uint64_t known_here_by(std::uint64_t number) const;

    std::uint32_t count_;
    std::uint32_t first_;
    const std::byte* table_;
    attachments_in* message_ = nullptr;  // unless there is nothing
};

/// A batch as it is run.
class batch_run {
public:
    batch_run(reader& request, batch_output& output);
    batch_run(const batch_run&) = delete;
    batch_run& operator=(const batch_run&) = delete;

    /// Runs items until the last, or until it is told to stop. Gives the item that it has not run any more.
    std::uint32_t run();

    // For the thunks.
    [[nodiscard]] reader& request() noexcept { return request_; }
    [[nodiscard]] batch_output& output() noexcept { return output_; }
    [[nodiscard]] std::uint32_t next() const noexcept { return next_; }
    [[nodiscard]] std::uint32_t end() const noexcept { return end_; }
    void reached(std::uint32_t item) noexcept { next_ = item; }
    /// Puts the failure that is being handled in the place of the next item's result.
    void fail_next(invocation::stage at);

    using run_item = void (*)(void* function, invocation& in);
    /// Runs the items one by one, each with a reply of its own.
    void run_for_replies(run_item run, void* function, std::size_t stride);

private:
    bool put_reply(std::span<std::byte>& room, std::size_t& used, std::span<const std::byte> reply);

    reader& request_;
    batch_output& output_;
    std::uint32_t next_;
    std::uint32_t end_;
    batch_attachments beside_;
    buffer scratch_;
};

/// Where a request begins.
[[nodiscard]] std::uint32_t first_item(std::span<const std::byte> request);

using batch_thunk = void (*)(batch_run&);

namespace detail {

/// All of the same length, without a prefix.
template <class Stored>
inline constexpr std::size_t stride_of = 0;
template <class First, class... Rest>
inline constexpr std::size_t stride_of<std::tuple<First, Rest...>> =
    (codec<First>::bulk && ... && codec<Rest>::bulk) ? (sizeof(First) + ... + sizeof(Rest)) : 0;

}  // namespace detail

/// Items that may travel in one batch, encoded one by one.
template <class F, class... Args>
struct batch_traits {
    using call = call_traits<F, Args...>;
    using result = typename call::result;

    /// The bytes of each item, or 0 if they differ.
    static constexpr std::size_t stride = detail::stride_of<typename call::arguments>;
    /// What a request begins with, behind the numbers of its items.
    static void encode_head(writer& request, const F& function);
    static void encode_item(writer& request, const Args&... args);
};

/// The results of a part that has values, from the `skipped`-th on. Throws: decode_error.
template <class R>
[[nodiscard]] std::vector<R> decode_values(reader& part, std::size_t count, std::size_t skipped);

// Implementation

namespace detail {

inline constexpr std::size_t largest_value = 4096;

template <class T>
constexpr bool returns_values() {
    using plain = std::remove_cvref_t<T>;
    if constexpr (std::is_void_v<T> || std::is_same_v<plain, bool>) {
        return true;
    } else if constexpr (braid::detail::is_task<plain>::value) {
        return false;
    } else {
        return codec<plain>::bulk && sizeof(plain) <= largest_value;
    }
}

template <class T>
inline constexpr std::size_t value_size = sizeof(std::remove_cvref_t<T>);
template <>
inline constexpr std::size_t value_size<void> = 0;

/// The arguments of the next item.
inline reader next_item(reader& request, std::size_t stride) {
    const std::size_t size =
        stride != 0 ? stride : static_cast<std::size_t>(request.scalar<std::uint64_t>("the length of an item"));
    return request.part(size, "an item");
}

template <class Returned, std::size_t Stride, class Invoke>
void run_for_values(batch_run& run, Invoke&& invoke) {
    constexpr std::size_t size = value_size<Returned>;
    const batch_progress progress = run.output().progress();
    const std::uint32_t end = run.end();
    while (run.next() != end) {
        const std::span<std::byte> room = run.output().open_part(part_kind::values, run.next(), size);
        std::size_t used = 0;
        std::uint32_t item = run.next();
        auto at = invocation::stage::arguments;
        try {
            for (; item != end && used + size <= room.size(); ++item) {
                if (!progress.may_start(item)) break;
                at = invocation::stage::arguments;
                reader arguments = next_item(run.request(), Stride);
                if constexpr (std::is_void_v<Returned>) {
                    invoke(arguments, at);
                } else {
                    const std::remove_cvref_t<Returned> value = invoke(arguments, at);
                    std::memcpy(room.data() + used, &value, size);
                }
                used += size;
                progress.reached(item + 1, used);
            }
        } catch (...) {
            run.output().close_part(item, used);
            run.reached(item);
            run.fail_next(at);
            continue;
        }
        run.output().close_part(item, used);
        run.reached(item);
        if (item != end && !progress.may_start(item)) return;
    }
}

template <class F, class... Args>
void run_batch_of(batch_run& run) {
    using shape = typename call_traits<F, Args...>::shape;
    using stored = typename shape::stored;
    F function = decode_callable<F>(run.request());
    if constexpr (returns_values<typename shape::returned>()) {
        run_for_values<typename shape::returned, stride_of<stored>>(
            run, [&](reader& r, invocation::stage& at) -> typename shape::returned {
                auto arguments = decode_arguments(r, std::type_identity<stored>{});
                r.expect_end();
                at = invocation::stage::function;
                return shape::apply(function, arguments);
            });
    } else {
        run.run_for_replies(
            [](void* callable, invocation& in) { invoke_decoded<F, Args...>(*static_cast<F*>(callable), in); },
            &function, stride_of<stored>);
    }
}

template <class F, class... Args>
std::uint64_t batch_thunk_address() {
    static const std::uint64_t address = pack(to_address(reinterpret_cast<const void*>(&run_batch_of<F, Args...>)));
    return address;
}

}  // namespace detail

template <class F, class... Args>
void batch_traits<F, Args...>::encode_head(writer& request, const F& function) {
    if constexpr (!std::is_void_v<result>) detail::check_travel<result>();
    request.scalar(detail::batch_thunk_address<F, Args...>());
    if constexpr (detail::plain_function<F>) encode<F>(request, function);
}

template <class F, class... Args>
void batch_traits<F, Args...>::encode_item(writer& request, const Args&... args) {
    using stored = typename call::arguments;
    const std::size_t before = request.position();
    request.begin_message();
    try {
        if (stride == 0) request.scalar(std::uint64_t{0});
        detail::encode_arguments(request, std::type_identity<stored>{}, args...);
    } catch (...) {
        request.rewind(before);
        throw;
    }
    if (stride != 0) return;
    const std::uint64_t size = request.position() - before - sizeof(std::uint64_t);
    request.out().patch(before, size);
}

template <class R>
std::vector<R> decode_values(reader& part, std::size_t count, std::size_t skipped) {
    if constexpr (std::is_same_v<R, std::monostate>) {
        return std::vector<R>(count - skipped);  // of a function that returns nothing
    } else {
        part.take(skipped * sizeof(R), "a part of a batch");
        if constexpr (detail::codec<R>::bulk) {
            return detail::decode_bulk<std::vector<R>>(part, count - skipped, "a part of a batch");
        } else {
            std::vector<R> values(count - skipped);
            for (auto&& value : values) value = detail::codec<R>::decode(part);
            return values;
        }
    }
}

}  // namespace braid::wire
