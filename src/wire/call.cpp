#include <braid/wire/call.hpp>

#include <fmt/format.h>

namespace braid::wire {

namespace {

outcome failure_at(invocation::stage stage) {
    switch (stage) {
        case invocation::stage::arguments: return outcome::arguments_rejected;
        case invocation::stage::function: return outcome::exception;
        case invocation::stage::result: return outcome::result_rejected;
    }
    return outcome::exception;
}

std::string message_of(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

}  // namespace

outcome run_call(reader& request, writer& reply) {
    const std::size_t before = reply.position();
    reply.begin_message();
    invocation in{.arguments = request, .result = reply};
    try {
        reply.scalar(outcome::value);
        const auto address = request.scalar<std::uint64_t>("the address of a thunk");
        const auto run = reinterpret_cast<thunk>(const_cast<void*>(from_address(unpack(address))));
        run(in);
        return outcome::value;
    } catch (...) {
        reply.rewind(before);
        const outcome failure = failure_at(in.at);
        encode_failure(reply, failure, std::current_exception());
        return failure;
    }
}

void encode_failure(writer& reply, outcome failure, const std::exception_ptr& thrown) {
    reply.scalar(failure);
    if (failure == outcome::exception) {
        encode_exception(reply, thrown);
    } else {
        encode(reply, message_of(thrown));
    }
}

namespace detail {

void expect_value(reader& reply, const remote_origin::place& where) {
    switch (reply.scalar<outcome>("the outcome of a call")) {
        case outcome::value: return;
        case outcome::exception: std::rethrow_exception(decode_exception(reply, where));
        case outcome::arguments_rejected:
            throw argument_error(fmt::format("the arguments of {} did not arrive in process {}: {}", where.call.text(),
                                             where.pid, decode<std::string>(reply)));
        case outcome::result_rejected:
            throw result_error(fmt::format("the result of {} cannot leave process {}: {}", where.call.text(), where.pid,
                                           decode<std::string>(reply)));
    }
    reply.fail("the outcome of a call", "there is no such outcome");
}

}  // namespace detail

}  // namespace braid::wire
