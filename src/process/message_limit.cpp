#include "process/message_limit.hpp"

#include <braid/wire/archive.hpp>
#include <braid/wire/call.hpp>

#include <fmt/format.h>

#include <exception>

namespace braid::process_detail {

void encode_too_large(wire::writer& reply, std::uint64_t size, std::uint64_t message_limit) {
    const wire::encode_error why(
        fmt::format("it takes {} bytes, and its pool takes no more than {} (max_message_size)", size, message_limit));
    wire::encode_failure(reply, wire::outcome::result_rejected, std::make_exception_ptr(why));
}

}  // namespace braid::process_detail
