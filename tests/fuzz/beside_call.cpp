#include "fuzz/beside_call.hpp"

#include "fuzz/expect.hpp"
#include "process/descriptor_room.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace braid_fuzz {

namespace pd = braid::process_detail;
namespace wire = braid::wire;

namespace {

constexpr int sound_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

pd::unique_fd memory(std::uint64_t size, int seals, unsigned flags = 0) {
    pd::unique_fd fd(::memfd_create("from a worker", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags));
    std::ignore = ::ftruncate(fd.get(), static_cast<off_t>(size));
    std::ignore = ::fcntl(fd.get(), F_ADD_SEALS, seals);
    return fd;
}

pd::unique_fd opened_anew(const pd::unique_fd& file, int flags) {
    return pd::unique_fd(::open(("/proc/self/fd/" + std::to_string(file.get())).c_str(), flags | O_CLOEXEC));
}

}  // namespace

// --- the parent's

// Linux maps one below the other, as a rule: so the argument lies behind what is lent.
call_under_way::call_under_way(pd::socket_ends ends, const lent_sizes& lent)
    : parent(std::move(ends.parent)),
      worker(std::move(ends.worker)),
      dropped_(wire::segment::make(10)),
      argument_(wire::segment::make(6'000)) {
    std::ranges::fill(argument_->bytes(), secret);
    parent.belongs_to(17);
    parent.write_frame(own_frame);
    expect(parent.add_segment(argument_) == shared_argument, "the first memory is number 1");
    expect(parent.add_segment(dropped_) == dropped_argument, "the second memory is number 2");
    if (lent.for_argument != 0) std::ignore = parent.lend(lent.for_argument);
    if (lent.for_result != 0) result_room = parent.lend_for_result(lent.for_result);
    expect(parent.send_frame(), "a request has a message beside it");
    dropped_.reset();
    parent.write_frame(other_frame);
    std::ignore = parent.add_segment(argument_);
    const auto of_the_other = parent.lend(8'000);
    expect(of_the_other.has_value(), "there is memory to lend");
    std::ranges::fill(of_the_other->bytes, secret);
    expect(parent.send_frame(), "another request has a message beside it");
}

// --- the worker's

hostile_worker::hostile_worker(pd::unique_fd socket) : socket_(std::move(socket)) {
    auto own = pd::receive_message(socket_.get());
    expect(own && own->frame == own_frame, "what comes beside a request arrives");
    expect(pd::receive_message(socket_.get()).has_value(), "what comes beside another request arrives");
    std::erase_if(own->items, [](const auto& each) { return each.segment_id <= dropped_argument; });
    lent_ = std::move(own->items);
}

std::size_t hostile_worker::bytes_lent() const {
    std::size_t bytes = 0;
    for (const pd::attachment& each : lent_) {
        struct stat status{};
        expect(::fstat(each.fd.get(), &status) == 0, "memory that is lent has a size");
        bytes += static_cast<std::size_t>(status.st_size);
    }
    return bytes;
}

pd::unique_fd hostile_worker::open(const sent_descriptors& what) const {
    switch (what.kind) {
        case sent_kind::sealed_memory: return memory(what.size, sound_seals);
        case sent_kind::unsealed_memory: return memory(what.size, 0);
        case sent_kind::shrinking_memory: return memory(what.size, F_SEAL_GROW | F_SEAL_SEAL);
        case sent_kind::memory_for_reading: return opened_anew(memory(what.size, sound_seals), O_RDONLY);
        case sent_kind::memory_sealed_for_writing: return memory(what.size, sound_seals | F_SEAL_WRITE);
        case sent_kind::memory_as_a_path: return opened_anew(memory(what.size, sound_seals), O_PATH);
        case sent_kind::huge_pages: return memory(std::uint64_t{what.size} << 21, sound_seals, MFD_HUGETLB);
        case sent_kind::enormous_memory: return memory(std::uint64_t{what.size} << 32, sound_seals);
        case sent_kind::lent_memory: return lent_.empty() ? pd::unique_fd() : pd::copy_of(lent_.back().fd.get());
        case sent_kind::pipe_end: return pd::make_pipe().read;
        case sent_kind::null_device: return pd::open_null_device();
        case sent_kind::own_socket: return pd::copy_of(socket_.get());
    }
    return {};
}

void hostile_worker::send(const sent_message& message) {
    std::vector<int> descriptors;
    for (const sent_descriptors& each : message.descriptors) {
        pd::unique_fd file = open(each);
        if (!file) continue;
        descriptors.insert(descriptors.end(), each.count, file.get());
        sent_.push_back(std::move(file));
    }
    descriptors.resize(std::min(descriptors.size(), pd::most_sent_descriptors));
    std::vector<std::byte> bytes = message.bytes;
    bytes.resize(bytes.size() + message.zeros);

    iovec content{.iov_base = bytes.data(), .iov_len = bytes.size()};
    msghdr out{};
    out.msg_iov = &content;
    out.msg_iovlen = 1;
    pd::descriptor_room beside;
    beside.send_along(out, descriptors);
    std::ignore = ::sendmsg(socket_.get(), &out, MSG_NOSIGNAL | MSG_DONTWAIT);  // what is too much is not sent
}

void hostile_worker::shrink_its_memory() const noexcept {
    for (const pd::unique_fd& each : sent_) std::ignore = ::ftruncate(each.get(), 0);
}

}  // namespace braid_fuzz
