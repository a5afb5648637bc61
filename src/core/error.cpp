#include <braid/core/error.hpp>

namespace braid {

std::string_view to_string(cancel_reason reason) noexcept {
    switch (reason) {
        case cancel_reason::user: return "user";
        case cancel_reason::deadline: return "deadline";
        case cancel_reason::sibling_failed: return "sibling failed";
        case cancel_reason::sibling_won: return "sibling won";
        case cancel_reason::shutdown: return "shutdown";
    }
    return "unknown";
}

std::optional<cancel_reason> why_cancelled(const std::exception_ptr& error) noexcept {
    if (!error) return std::nullopt;
    try {
        std::rethrow_exception(error);
    } catch (const cancelled& c) {
        return c.reason();
    } catch (...) {
        return std::nullopt;
    }
}

}  // namespace braid
