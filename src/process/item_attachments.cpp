#include <braid/process/detail/item_attachments.hpp>

#include "process/attachment_message.hpp"
#include "process/descriptors.hpp"

#include <algorithm>
#include <utility>

namespace braid::detail {

namespace pd = braid::process_detail;

std::uint32_t item_attachments::add_descriptor(int fd) {
    add({.fd = descriptor(pd::copy_of(fd).release()), .memory = nullptr});
    return static_cast<std::uint32_t>(first_ + entries_.size() - 1);
}

// The same memory may belong to many items. It travels once, but each has a number of its own: so each can go
// elsewhere.
std::uint64_t item_attachments::add_segment(const std::shared_ptr<wire::segment>& memory) {
    add({.fd = {}, .memory = memory});
    return first_ + entries_.size();  // one more than its number: 0 is no memory at all
}

void item_attachments::add(entry what) {
    what.counts = !what.memory || entries_.empty() || entries_.back().memory != what.memory;
    const auto of_this_item = std::count_if(entries_.begin() + static_cast<std::ptrdiff_t>(complete_), entries_.end(),
                                            [](const entry& each) { return each.counts; });
    if (what.counts && static_cast<std::size_t>(of_this_item) == pd::most_attachments) pd::refuse_too_many();
    descriptors_ += what.counts ? 1 : 0;
    entries_.push_back(std::move(what));
}

void item_attachments::end_item(std::uint32_t item) {
    if (complete_ == entries_.size()) return;
    ends_.resize(item, static_cast<std::uint32_t>(complete_));
    complete_ = entries_.size();
    ends_.push_back(static_cast<std::uint32_t>(complete_));
}

void item_attachments::drop_item() noexcept {
    for (; entries_.size() != complete_; entries_.pop_back()) descriptors_ -= entries_.back().counts ? 1 : 0;
}

bool item_attachments::fit_in_a_message() const noexcept { return descriptors_ <= pd::most_attachments; }

std::size_t item_attachments::begin_of(std::uint32_t item) const noexcept {
    const std::size_t known = std::min<std::size_t>(item, ends_.size());
    return known == 0 ? 0 : ends_[known - 1];
}

item_attachments item_attachments::split_off(std::uint32_t from, std::uint32_t to) {
    item_attachments made;
    const std::size_t begin = begin_of(from);
    made.first_ = static_cast<std::uint32_t>(first_ + begin);
    for (std::uint32_t item = from; item != to; ++item) {
        for (std::size_t i = begin_of(item); i != begin_of(item + 1); ++i) made.add(std::exchange(entries_[i], {}));
        made.end_item(item - from);
    }
    return made;
}

void item_attachments::release_before(std::uint32_t item) noexcept {
    for (const std::size_t end = begin_of(item); released_ < end; ++released_) entries_[released_] = {};
}

void item_attachments::encode(wire::writer& request, std::uint32_t from, std::uint32_t to) const {
    const std::size_t begin = begin_of(from);
    const std::size_t end = begin_of(to);
    request.scalar(static_cast<std::uint32_t>(end - begin));
    request.scalar(static_cast<std::uint32_t>(first_ + begin));
    for (std::size_t i = begin; i != end; ++i) {
        const entry& each = entries_[i];
        request.scalar(each.memory ? request.beside().add_segment(each.memory)
                                   : std::uint64_t{request.beside().add_descriptor(each.fd.get())});
    }
}

}  // namespace braid::detail
