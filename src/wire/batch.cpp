#include <braid/wire/batch.hpp>

#include <fmt/format.h>

#include <cstring>

namespace braid::wire {

batch_attachments::batch_attachments(reader& request)
    : count_(request.scalar<std::uint32_t>("what travels beside a batch")),
      first_(request.scalar<std::uint32_t>("the first of what travels beside a batch")),
      table_(request.take(count_ * sizeof(std::uint64_t), "what travels beside a batch")) {
    if (count_ != 0) message_ = &request.beside();
}

std::uint64_t batch_attachments::known_here_by(std::uint64_t number) const {
    if (number < first_ || number - first_ >= count_) {
        throw decode_error(fmt::format("number {} did not come beside a batch that has {} to {}", number, first_,
                                       std::uint64_t{first_} + count_));
    }
    std::uint64_t known_by = 0;
    std::memcpy(&known_by, table_ + (number - first_) * sizeof known_by, sizeof known_by);
    return known_by;
}

int batch_attachments::take_descriptor(std::uint32_t number) {
    return message_->take_descriptor(static_cast<std::uint32_t>(known_here_by(number)));
}

std::shared_ptr<segment> batch_attachments::take_segment(std::uint64_t known_by) {
    return message_->take_segment(known_here_by(known_by - 1));  // 0 is no memory at all
}

batch_run::batch_run(reader& request, batch_output& output)
    : request_(request),
      output_(output),
      next_(request.scalar<std::uint32_t>("the first item of a batch")),
      end_(request.scalar<std::uint32_t>("the end of a batch")),
      beside_(request) {
    request_.set_beside(&beside_);
}

namespace {

struct batch_item {
    batch_run::run_item invoke;
    void* function;
};

}  // namespace

std::uint32_t first_item(std::span<const std::byte> request) {
    return reader(request).scalar<std::uint32_t>("the first item of a batch");
}

std::uint32_t batch_run::run() {
    try {
        const auto address = request_.scalar<std::uint64_t>("the address of a thunk");
        reinterpret_cast<batch_thunk>(const_cast<void*>(from_address(unpack(address))))(*this);
    } catch (const error&) {
        // No item can be run: there is no such function here.
        while (next_ != end_) fail_next(invocation::stage::arguments);
    }
    return next_;
}

void batch_run::fail_next(invocation::stage at) {
    const auto thrown = std::current_exception();
    scratch_.clear();
    writer reply(scratch_);
    detail::encode_failure_at(reply, at, thrown);
    std::size_t used = 0;
    std::span<std::byte> room = output_.open_part(part_kind::replies, next_, scratch_.size() + sizeof(std::uint64_t));
    if (put_reply(room, used, scratch_.bytes())) output_.close_part(next_, used);
}

void batch_run::run_for_replies(run_item invoke, void* function, std::size_t stride) {
    const batch_progress progress = output_.progress();
    std::span<std::byte> room;
    std::size_t used = 0;
    while (next_ != end_ && progress.may_start(next_)) {
        if (room.empty()) room = output_.open_part(part_kind::replies, next_, 0);
        reader arguments = detail::next_item(request_, stride);
        scratch_.clear();
        writer result(scratch_);
        result.set_beside(&output_.beside_next());
        invocation in{.arguments = arguments, .result = result};
        batch_item item{invoke, function};
        const outcome ended = detail::reply_of(
            [](void* what, invocation& each) {
                const auto& it = *static_cast<const batch_item*>(what);
                it.invoke(it.function, each);
            },
            &item, in);
        if (ended != outcome::value || !output_.has_beside()) {
            put_reply(room, used, scratch_.bytes());
            continue;
        }
        if (used != 0) output_.close_part(next_, used);
        used = 0;
        room = {};
        output_.put_with_beside(next_, result);
        ++next_;
    }
    if (used != 0) output_.close_part(next_, used);
}

// The reply of the next item, in the part that is open if it fits, else in one of its own. False: no part is open now.
bool batch_run::put_reply(std::span<std::byte>& room, std::size_t& used, std::span<const std::byte> reply) {
    const std::uint64_t size = reply.size();
    if (room.size() - used < sizeof size + reply.size()) {
        if (used != 0) output_.close_part(next_, used);
        used = 0;
        room = output_.open_part(part_kind::replies, next_, sizeof size + reply.size());
        if (room.empty()) {
            output_.put_large(next_, reply);
            ++next_;
            return false;
        }
    }
    std::memcpy(room.data() + used, &size, sizeof size);
    std::memcpy(room.data() + used + sizeof size, reply.data(), reply.size());
    used += sizeof size + reply.size();
    output_.progress().reached(++next_, used);
    return true;
}

}  // namespace braid::wire
