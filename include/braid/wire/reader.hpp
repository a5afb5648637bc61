#pragma once
// The reading end of a message: primitives that take from a span of bytes and never look behind its end.
// The bytes may be anything: whatever they claim, a reader throws `decode_error` or returns a sound value.

#include <bit>
#include <braid/core/error.hpp>
#include <braid/wire/writer.hpp>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <typeinfo>

namespace braid::wire {

namespace detail {
class input_archive;
struct input_state;
struct input_state_deleter {
    void operator()(input_state* state) const noexcept;
};
}  // namespace detail

/// Bytes that are not what was expected: the message says what that was, and at which offset.
class decode_error : public error {
public:
    using error::error;
};

/// Reads one message.
/// Lifetime: it refers to the bytes. Threads: one at a time.
class reader {
public:
    explicit reader(std::span<const std::byte> bytes) noexcept
        : begin_(bytes.data()), cursor_(begin_), end_(begin_ + bytes.size()) {}

    [[nodiscard]] std::size_t offset() const noexcept { return static_cast<std::size_t>(cursor_ - begin_); }
    [[nodiscard]] std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - cursor_); }

    /// The next `size` bytes, in place. `what` names them in the error.
    const std::byte* take(std::size_t size, const char* what) {
        if (remaining() < size) [[unlikely]]
            fail_short(what, size);
        const std::byte* start = cursor_;
        cursor_ += size;
        return start;
    }

    /// The next `size` bytes as a message of their own, beside which came what came beside this one.
    [[nodiscard]] reader part(std::size_t size, const char* what) {
        reader made(std::span(take(size, what), size));
        made.beside_ = beside_;
        return made;
    }

    template <class T>
        requires std::is_trivially_copyable_v<T>
    T scalar(const char* what) {
        const std::byte* from = take(sizeof(T), what);
        struct bytes {
            std::byte of[sizeof(T)];
        } copy;
        std::memcpy(&copy, from, sizeof copy);
        return std::bit_cast<T>(copy);
    }

    /// A number of elements that need `least` bytes each: checked against what is left, so that it may be allocated.
    std::size_t count(std::size_t least, const char* what);

    /// Elements whose bytes are not here, but in memory that the sender lent. It may change while it is read.
    struct lent_elements {
        std::shared_ptr<segment> memory;
        const std::byte* first;
        std::size_t number;
    };
    /// Whether such elements come next.
    [[nodiscard]] bool next_is_lent() const noexcept {
        std::uint64_t number = 0;
        if (remaining() < sizeof number) return false;
        std::memcpy(&number, cursor_, sizeof number);
        return (number & lent_mark) != 0;
    }
    /// Throws: decode_error, if they do not lie within it; std::bad_alloc, if there is no room for it here.
    [[nodiscard]] lent_elements take_lent(std::size_t size_of_each, const char* what);

    /// From now on values may have come beside the bytes.
    void set_beside(attachments_in* beside) noexcept { beside_ = beside; }
    /// Throws: decode_error if nothing can.
    [[nodiscard]] attachments_in& beside() const {
        if (!beside_) fail("a message of bytes alone", "something was to come beside them");
        return *beside_;
    }

    /// Throws when the message has bytes left over.
    void expect_end() const {
        if (cursor_ != end_) [[unlikely]]
            fail_left_over();
    }

    /// Throws a decode_error that says that `what` was expected here and why this is none.
    [[noreturn]] void fail(std::string_view what, std::string_view why) const;

    class nesting {
    public:
        explicit nesting(reader& owner) : owner_(owner) {
            if (owner.depth_ == max_nesting) owner.fail_depth();
            ++owner.depth_;
        }
        nesting(const nesting&) = delete;
        nesting& operator=(const nesting&) = delete;
        ~nesting() { --owner_.depth_; }

    private:
        reader& owner_;
    };

    // For the codecs.
    /// Whether the shared object of this number has already been read; if not, its content follows.
    [[nodiscard]] bool knows_shared(std::uint32_t id);
    [[nodiscard]] std::shared_ptr<void> shared(std::uint32_t id, const std::type_info& type);
    void add_shared(std::uint32_t id, std::shared_ptr<void> object, const std::type_info& type);
    [[nodiscard]] detail::input_archive& archive();

private:
    [[noreturn]] void fail_short(const char* what, std::size_t wanted) const;
    [[noreturn]] void fail_left_over() const;
    [[noreturn]] void fail_depth() const;
    [[nodiscard]] detail::input_state& state();

    const std::byte* begin_;
    const std::byte* cursor_;
    const std::byte* end_;
    attachments_in* beside_ = nullptr;
    unsigned depth_ = 0;
    std::unique_ptr<detail::input_state, detail::input_state_deleter> state_;  // made when first needed
};

}  // namespace braid::wire
