#include "process/board_layout.hpp"

#include <braid/core/error.hpp>

#include <fmt/format.h>

#include <bit>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

namespace braid::process_detail {

namespace {

std::size_t page_size() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

std::size_t to_whole_pages(std::size_t bytes) {
    const std::size_t page = page_size();
    return (bytes + page - 1) / page * page;
}

void map_fixed(std::byte* at, int fd, std::size_t offset, std::size_t length) {
    void* mapped = ::mmap(at, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, static_cast<off_t>(offset));
    if (mapped == MAP_FAILED) throw_errno(fmt::format("map {} bytes of a call board", length));
}

}  // namespace

board_layout board_layout::of(const board_options& options) {
    constexpr std::uint32_t most_slots = 1U << 20;
    constexpr std::size_t most_bytes = std::size_t{1} << 30;
    if (!std::has_single_bit(options.slot_count) || options.slot_count > most_slots) {
        throw usage_error(fmt::format("a call board cannot have {} slots: it takes a power of two up to {}",
                                      options.slot_count, most_slots));
    }
    const auto require_capacity = [&](std::size_t bytes) {
        if (std::has_single_bit(bytes) && bytes <= most_bytes && bytes % page_size() == 0) return;
        throw usage_error(fmt::format("a call board cannot buffer {} bytes: it takes a power of two from {} to {}",
                                      bytes, page_size(), most_bytes));
    };
    require_capacity(options.outgoing_capacity);
    if (options.incoming_capacity != 0) require_capacity(options.incoming_capacity);
    board_layout layout{};
    layout.slots = to_whole_pages(sizeof(board_header));
    layout.crash_report = layout.slots + to_whole_pages(options.slot_count * sizeof(call_slot));
    layout.outgoing = layout.crash_report + to_whole_pages(crash_report_size);
    layout.incoming = layout.outgoing + options.outgoing_capacity;
    layout.total = layout.incoming + options.incoming_capacity;
    return layout;
}

shared_mapping::shared_mapping(int fd, std::size_t size) {
    void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) throw_errno(fmt::format("map {} bytes of a call board", size));
    base_ = static_cast<std::byte*>(mapped);
    size_ = size;
}

shared_mapping::shared_mapping(shared_mapping&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)), size_(std::exchange(other.size_, 0)) {}

shared_mapping& shared_mapping::operator=(shared_mapping&& other) noexcept {
    std::swap(base_, other.base_);
    std::swap(size_, other.size_);
    return *this;
}

shared_mapping::~shared_mapping() {
    if (base_ != nullptr) ::munmap(base_, size_);
}

shared_mapping shared_mapping::mirrored(int fd, std::size_t offset, std::size_t length) {
    void* reserved = ::mmap(nullptr, 2 * length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved == MAP_FAILED) throw_errno(fmt::format("reserve {} bytes of address space", 2 * length));
    shared_mapping mapping;
    mapping.base_ = static_cast<std::byte*>(reserved);
    mapping.size_ = 2 * length;
    map_fixed(mapping.base_, fd, offset, length);
    map_fixed(mapping.base_ + length, fd, offset, length);
    return mapping;
}

}  // namespace braid::process_detail
