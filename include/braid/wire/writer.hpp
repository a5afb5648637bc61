#pragma once
// The writing end of a message: primitives that append to a `buffer`. What a type looks like as bytes is
// decided above it, in archive.hpp.

#include <braid/core/error.hpp>
#include <braid/wire/attachments.hpp>
#include <braid/wire/buffer.hpp>
#include <cstdint>
#include <memory>
#include <typeinfo>

namespace braid::wire {

namespace detail {
class output_archive;
struct output_state;
struct output_state_deleter {
    void operator()(output_state* state) const noexcept;
};
}  // namespace detail

/// Values nested deeper than this are refused on both sides: bytes from outside must not exhaust the stack.
inline constexpr unsigned max_nesting = 200;

/// A value that has no representation as bytes: it nests too deep, owns itself, holds an unknown category ...
class encode_error : public error {
public:
    using error::error;
};

/// In a number of elements: their bytes are not here, but in lent memory.
inline constexpr std::uint64_t lent_mark = std::uint64_t{1} << 63;

/// Appends one message after another to a buffer.
/// Lifetime: it refers to the buffer. Threads: one at a time.
class writer {
public:
    explicit writer(buffer& out) noexcept : out_(&out) {}

    [[nodiscard]] buffer& out() noexcept { return *out_; }
    [[nodiscard]] std::size_t position() const noexcept { return out_->size(); }

    void append(const void* bytes, std::size_t count) { out_->append(bytes, count); }

    template <class T>
        requires std::is_trivially_copyable_v<T>
    void scalar(const T& value) {
        std::memcpy(out_->extend(sizeof value), &value, sizeof value);
    }

    /// The number of elements that follow.
    void count(std::size_t elements) { scalar(static_cast<std::uint64_t>(elements)); }

    /// Elements that lie one after the other, behind their number: as bytes, or as where those are, in lent memory.
    void elements(const void* first, std::size_t number, std::size_t size_of_each) {
        const std::size_t bytes = number * size_of_each;
        if (bytes >= worth_lending && put_into_lent(first, number, bytes)) [[unlikely]]
            return;
        count(number);
        append(first, bytes);
    }

    /// Starts a message that is read by a reader of its own: forgets which shared pointers were already sent.
    void begin_message() noexcept { state_.reset(); }

    /// Takes back everything written since `position`. Only within one message, or back to its start.
    void rewind(std::size_t position) noexcept;

    /// From now on values may have something to travel beside the bytes.
    void set_beside(attachments_out* beside) noexcept { beside_ = beside; }
    /// Throws: encode_error if nothing can.
    [[nodiscard]] attachments_out& beside() const {
        if (!beside_) refuse_attachment();
        return *beside_;
    }

    class nesting {
    public:
        explicit nesting(writer& owner) : owner_(owner) {
            if (owner.depth_ == max_nesting) refuse_depth();
            ++owner.depth_;
        }
        nesting(const nesting&) = delete;
        nesting& operator=(const nesting&) = delete;
        ~nesting() { --owner_.depth_; }

    private:
        [[noreturn]] static void refuse_depth();
        writer& owner_;
    };

    // For the codecs.
    struct shared_entry {
        std::uint32_t id;
        bool first;
    };
    /// The number of a shared object within this message, and whether its content must follow.
    [[nodiscard]] shared_entry begin_shared(const std::shared_ptr<const void>& object, const std::type_info& type);
    void end_shared(std::uint32_t id) noexcept;
    [[nodiscard]] detail::output_archive& archive();

private:
    [[nodiscard]] detail::output_state& state();
    [[noreturn]] static void refuse_attachment();
    bool put_into_lent(const void* first, std::size_t number, std::size_t bytes);

    buffer* out_;
    attachments_out* beside_ = nullptr;
    unsigned depth_ = 0;
    std::unique_ptr<detail::output_state, detail::output_state_deleter> state_;  // made when first needed
};

}  // namespace braid::wire
