#include "fuzz/targets.hpp"

#include "fuzz/beside_call.hpp"
#include "fuzz/beside_input.hpp"
#include "fuzz/beside_types.hpp"
#include "fuzz/expect.hpp"
#include "support/low_descriptor_limit.hpp"

#include <braid/wire/call.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>

namespace braid_fuzz {

namespace {

namespace pd = braid::process_detail;
namespace wire = braid::wire;

// --- what has arrived

/// Reads of every page, or of some at both ends where there are more than could have been lent. A page that cannot be
/// read is the end of the process.
void read_pages(std::span<const std::byte> bytes) {
    constexpr std::size_t page = 4'096;
    constexpr std::size_t many = 1'024 * page;
    constexpr std::size_t some = 16 * page;
    if (bytes.size() > many) {
        read_pages(bytes.first(some));
        bytes = bytes.last(some);
    }
    [[maybe_unused]] static volatile std::byte seen;
    for (std::size_t i = 0; i < bytes.size(); i += page) seen = bytes[i];
    if (!bytes.empty()) seen = bytes.back();
}

/// What was copied into a value.
struct copied {
    std::size_t bytes = 0;
    bool has_secret = false;

    void add(std::span<const std::byte> more) {
        bytes += more.size();
        has_secret |= !more.empty() && std::memchr(more.data(), std::to_integer<int>(secret), more.size());
    }
};

// Each uses what a caller has got.

void use(const braid::descriptor& value, copied&) {
    const int flags = ::fcntl(value.get(), F_GETFD);
    expect(flags >= 0 && (flags & FD_CLOEXEC) != 0, "a descriptor that arrived is open, and closed on exec");
}

void use(const braid::shared_bytes& value, copied&) { read_pages(value.bytes()); }

void use(const std::string& text, copied& all) { all.add(std::as_bytes(std::span(text))); }

template <class T>
void use(const std::vector<T>& values, copied& all) {
    if constexpr (std::is_arithmetic_v<T>) {
        all.add(std::as_bytes(std::span(values)));
    } else {
        for (const T& each : values) use(each, all);
    }
}

template <class A, class B>
void use(const std::pair<A, B>& both, copied& all) {
    use(both.first, all);
    use(both.second, all);
}

template <class R>
copied use_reply_of(wire::reader& reply, const hostile_worker& worker) {
    const R value = wire::decode_reply<R>(reply, {.pid = 17, .call = "a call"});
    worker.shrink_its_memory();
    copied all;
    use(value, all);
    return all;
}

template <class... Rs>
constexpr auto uses_of(std::type_identity<std::tuple<Rs...>>) {
    return std::array{&use_reply_of<Rs>...};
}
constexpr auto use_reply = uses_of(std::type_identity<expected_types>());

// --- how a parent takes it

enum class answer : unsigned char {
    value,
    failure,  // of this call
    refused,  // and its worker ends
};

/// It says no to some of what a worker may send as memory, and to everything where there is no room.
bool system_may_refuse(const beside_input& input, bool has_room) {
    const auto cannot_be_mapped = [](const sent_descriptors& each) {
        return each.kind == sent_kind::memory_for_reading || each.kind == sent_kind::memory_sealed_for_writing ||
               each.kind == sent_kind::enormous_memory;
    };
    return !has_room || std::ranges::any_of(input.messages, [&](const sent_message& each) {
        return std::ranges::any_of(each.descriptors, cannot_be_mapped);
    });
}

/// As worker_link::take_value does.
answer take_reply(const beside_input& input, bool has_room) {
    call_under_way call(pd::make_attachment_socket(), way_to_lend(input.lent));
    hostile_worker worker(std::move(call.worker));
    for (const sent_message& each : input.messages) worker.send(each);
    wire::reader reply(input.reply);
    reply.set_beside(&call.parent);
    try {
        if (input.promised) {
            std::optional<braid::testing::low_descriptor_limit> limit;
            if (!has_room) limit.emplace(input.room - 1U);
            call.parent.read_frame(own_frame);
        }
        call.parent.begin_reading(own_frame);
        if (wire::is_failure(input.reply)) call.parent.may_be_lost(own_frame);
        const copied all = use_reply[input.expected % use_reply.size()](reply, worker);
        expect(all.bytes <= input.reply.size() + worker.bytes_lent(),
               "a value is no larger than its reply and all that was lent for it");
        expect(!all.has_secret || std::ranges::count(input.reply, secret) != 0,
               "a value comes from its reply, and from what was lent for it");
        return answer::value;
    } catch (const std::exception& e) {
        if (dynamic_cast<const wire::remote_origin*>(&e)) return answer::failure;
        if (dynamic_cast<const wire::decode_error*>(&e)) return answer::refused;
        expect(dynamic_cast<const std::system_error*>(&e) && system_may_refuse(input, has_room),
               "what goes wrong is the worker's doing, or the system's");
        return answer::failure;
    }
}

std::ptrdiff_t open_descriptors() {
    const std::filesystem::directory_iterator listing("/proc/self/fd");
    return std::distance(begin(listing), end(listing));
}

}  // namespace

void try_beside(std::span<const std::byte> bytes) {
    const beside_input input = beside_input::read(bytes);
    const std::ptrdiff_t before = open_descriptors();
    const answer with_room = take_reply(input, true);
    expect(open_descriptors() == before, "nothing that came is left open");
    if (input.room == 0) return;
    // After the other, which Clang's sanitizers need: they look at a type through a pipe, once.
    const answer without_room = take_reply(input, false);
    expect(open_descriptors() == before, "nothing of what there was room for is left open");
    expect(with_room == answer::refused || without_room != answer::refused,
           "no worker ends because its parent has no room for descriptors");
}

}  // namespace braid_fuzz
