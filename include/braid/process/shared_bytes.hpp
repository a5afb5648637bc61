#pragma once
// shared_bytes: a large buffer that travels to a worker and back without being copied.

#include <braid/wire/archive.hpp>
#include <braid/wire/attachments.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

namespace braid {

/// A handle of memory that this process and workers have in common. Copies of it share the memory, and so do its copies
/// in the workers that got it as an argument, or gave it as a result. Use it for what is large, and used more than
/// once: making it costs fresh pages. In each process it takes a descriptor, and limits of
/// file size hold for it.
/// Lifetime: the memory is there as long as a handle is. A worker keeps what it was sent as an argument, so that it
/// need not be sent again, until the first call after the last handle here is gone.
/// Threads: as memory. While a worker has it, that worker may write into it at any time, even when the call has ended,
/// if its code keeps a handle: do not rely on what you have checked there.
class shared_bytes {
public:
    /// None at all.
    shared_bytes() noexcept = default;
    /// So many zeros. Throws: std::system_error if there is no memory or descriptor left.
    explicit shared_bytes(std::size_t size) : segment_(wire::segment::make(size)) {}

    [[nodiscard]] std::span<std::byte> bytes() const noexcept {
        return segment_ ? segment_->bytes() : std::span<std::byte>();
    }
    [[nodiscard]] std::byte* data() const noexcept { return bytes().data(); }
    [[nodiscard]] std::size_t size() const noexcept { return bytes().size(); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    /// The same memory as elements of a plain type; what is left over at the end is not seen.
    template <class T>
        requires(std::is_trivially_copyable_v<T> && alignof(T) <= 4096)
    [[nodiscard]] std::span<T> as() const noexcept {
        return {reinterpret_cast<T*>(data()), size() / sizeof(T)};
    }

private:
    friend struct wire::detail::codec<shared_bytes>;
    std::shared_ptr<wire::segment> segment_;
};

}  // namespace braid

template <>
struct braid::wire::detail::codec<braid::shared_bytes> : codec_traits<8> {
    static void encode(writer& w, const braid::shared_bytes& value);
    static braid::shared_bytes decode(reader& r);
};
