#include <braid/wire/batch.hpp>

#include <cstring>

namespace braid::wire {

batch_run::batch_run(reader& request, batch_output& output)
    : request_(request),
      output_(output),
      next_(request.scalar<std::uint32_t>("the first item of a batch")),
      end_(request.scalar<std::uint32_t>("the end of a batch")) {}

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
        invocation in{.arguments = arguments, .result = result};
        batch_item item{invoke, function};
        detail::reply_of(
            [](void* what, invocation& each) {
                const auto& it = *static_cast<const batch_item*>(what);
                it.invoke(it.function, each);
            },
            &item, in);
        put_reply(room, used, scratch_.bytes());
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
