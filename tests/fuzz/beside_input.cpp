#include "fuzz/beside_input.hpp"

#include <algorithm>
#include <concepts>

namespace braid_fuzz {

namespace {

constexpr std::size_t most_of_each = 3;

class zeros_at_the_end {
public:
    explicit zeros_at_the_end(std::span<const std::byte> bytes) : left_(bytes) {}

    std::vector<std::byte> take(std::size_t size) {
        std::vector<std::byte> taken(size);
        const auto there = left_.first(std::min(size, left_.size()));
        std::ranges::copy(there, taken.begin());
        left_ = left_.subspan(there.size());
        return taken;
    }
    std::uint8_t byte() { return std::to_integer<std::uint8_t>(take(1).front()); }
    std::uint16_t two_bytes() {
        const unsigned low = byte();
        return static_cast<std::uint16_t>(low | unsigned{byte()} << 8);
    }
    std::size_t number_of_each() { return byte() % (most_of_each + 1); }
    std::vector<std::byte> rest() { return take(left_.size()); }

private:
    std::span<const std::byte> left_;
};

sent_message read_message(zeros_at_the_end& in) {
    sent_message message;
    message.descriptors.resize(in.number_of_each());
    for (sent_descriptors& each : message.descriptors) {
        each.kind = static_cast<sent_kind>(in.byte() % sent_kinds);
        each.count = in.byte();
        each.size = in.two_bytes();
    }
    message.bytes = in.take(in.byte());
    message.zeros = in.two_bytes();
    return message;
}

void put(std::vector<std::byte>& out, std::integral auto number) {
    for (std::size_t i = 0; i != sizeof number; ++i) out.push_back(static_cast<std::byte>(number >> 8 * i));
}

void put_counted(std::vector<std::byte>& out, const std::vector<std::byte>& bytes) {
    put(out, static_cast<std::uint8_t>(bytes.size()));
    out.insert(out.end(), bytes.begin(), bytes.end());
}

void put(std::vector<std::byte>& out, const sent_message& message) {
    put(out, static_cast<std::uint8_t>(message.descriptors.size()));
    for (const sent_descriptors& each : message.descriptors) {
        put(out, static_cast<std::uint8_t>(each.kind));
        put(out, each.count);
        put(out, each.size);
    }
    put_counted(out, message.bytes);
    put(out, message.zeros);
}

}  // namespace

beside_input beside_input::read(std::span<const std::byte> bytes) {
    zeros_at_the_end in(bytes);
    beside_input input;
    input.expected = in.byte();
    input.lent = in.byte();
    input.room = in.byte();
    input.promised = in.byte() % 2 != 0;
    input.messages.resize(in.number_of_each());
    for (sent_message& each : input.messages) each = read_message(in);
    input.reply = in.rest();
    return input;
}

std::vector<std::byte> beside_input::written() const {
    std::vector<std::byte> out;
    put(out, expected);
    put(out, lent);
    put(out, room);
    put(out, static_cast<std::uint8_t>(promised));
    put(out, static_cast<std::uint8_t>(messages.size()));
    for (const sent_message& each : messages) put(out, each);
    out.insert(out.end(), reply.begin(), reply.end());
    return out;
}

}  // namespace braid_fuzz
