#pragma once
// What travels beside the items of a map: taken along when they are encoded, and kept until they have results, since a
// batch may have to be sent again, or in part.

#include <braid/process/descriptor.hpp>
#include <braid/wire/attachments.hpp>
#include <braid/wire/writer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace braid::detail {

/// Of items that follow each other. Their bytes know it by numbers that stay the same when some of them go elsewhere.
class item_attachments final : public wire::attachments_out {
public:
    item_attachments() noexcept = default;
    item_attachments(item_attachments&&) noexcept = default;
    item_attachments& operator=(item_attachments&&) noexcept = default;

    // While items are encoded:
    /// A copy: what it was made of may be closed at once. Throws: encode_error if the item has more than can travel
    /// beside one message, std::system_error.
    std::uint32_t add_descriptor(int fd) override;
    std::uint64_t add_segment(const std::shared_ptr<wire::segment>& memory) override;
    /// What was added since the last one belongs to this item.
    void end_item(std::uint32_t item);
    /// Or to none.
    void drop_item() noexcept;
    /// Descriptors, those of memory included: not fewer than a message takes along for all of them.
    [[nodiscard]] std::size_t descriptors() const noexcept { return descriptors_; }
    [[nodiscard]] bool fit_in_a_message() const noexcept;

    /// That of the items `from` to before `to`, which leave.
    [[nodiscard]] item_attachments split_off(std::uint32_t from, std::uint32_t to);
    /// The items before this one have results.
    void release_before(std::uint32_t item) noexcept;

    /// Takes that of the items `from` to before `to` along with a request, which says by what the worker knows it.
    void encode(wire::writer& request, std::uint32_t from, std::uint32_t to) const;

private:
    struct entry {
        descriptor fd;
        std::shared_ptr<wire::segment> memory;  // or this
        bool counts = true;                     // as a descriptor: it is not the memory of the entry before
    };

    void add(entry what);
    [[nodiscard]] std::size_t begin_of(std::uint32_t item) const noexcept;

    std::vector<entry> entries_;
    std::vector<std::uint32_t> ends_;  // of each item, in entries_; empty while there are none
    std::uint32_t first_ = 0;          // the number of the first entry
    std::size_t complete_ = 0;         // entries of items that are encoded
    std::size_t released_ = 0;         // entries
    std::size_t descriptors_ = 0;
};

}  // namespace braid::detail
