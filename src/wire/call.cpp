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
    invocation in{.arguments = request, .result = reply};
    const auto run = [](void*, invocation& call) {
        const auto address = call.arguments.scalar<std::uint64_t>("the address of a thunk");
        reinterpret_cast<thunk>(const_cast<void*>(from_address(unpack(address))))(call);
    };
    return detail::reply_of(run, nullptr, in);
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

outcome reply_of(void (*run)(void*, invocation&), void* what, invocation& in) {
    const std::size_t before = in.result.position();
    in.result.begin_message();
    try {
        in.result.scalar(outcome::value);
        run(what, in);
        return outcome::value;
    } catch (...) {
        in.result.rewind(before);
        encode_failure_at(in.result, in.at, std::current_exception());
        return failure_at(in.at);
    }
}

void encode_failure_at(writer& reply, invocation::stage at, const std::exception_ptr& thrown) {
    encode_failure(reply, failure_at(at), thrown);
}

void expect_value(reader& reply, const remote_origin::place& where) {
    switch (reply.scalar<outcome>("the outcome of a call")) {
        case outcome::value: return;
        case outcome::exception: std::rethrow_exception(decode_exception(reply, where));
        case outcome::arguments_rejected:
            throw argument_error(fmt::format("the arguments of {} did not arrive in process {}: {}", where.call.text(),
                                             where.pid, decode<std::string>(reply)),
                                 where);
        case outcome::result_rejected:
            throw result_error(fmt::format("the result of {} cannot leave process {}: {}", where.call.text(), where.pid,
                                           decode<std::string>(reply)),
                               where);
    }
    reply.fail("the outcome of a call", "there is no such outcome");
}

}  // namespace detail

}  // namespace braid::wire
