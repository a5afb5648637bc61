#pragma once
// How work can end other than with a value: `cancelled` (somebody no longer wants it) and the exceptions
// that braid itself throws, all derived from `braid::error`.

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace braid {

/// Why a piece of work was asked to stop.
enum class cancel_reason : unsigned char {
    user,            ///< somebody called `cancel()`, or the completion token's slot was signalled
    deadline,        ///< an enclosing `fail_after`, `move_on_after` ran out of time
    sibling_failed,  ///< another child of the same group or combinator failed
    sibling_won,     ///< another contender of the same `when_any` finished first
    shutdown,        ///< the pool, the runtime, the program, or the group that a daemon serves, is going down
};

[[nodiscard]] std::string_view to_string(cancel_reason reason) noexcept;

/// Thrown out of a `co_await` in cancelled work. It is deliberately not a `std::exception`: a handler of
/// ordinary errors must not swallow it. Catch it to clean up, then rethrow: every later await throws again.
class cancelled {
public:
    explicit cancelled(cancel_reason why) noexcept : reason_(why) {}
    [[nodiscard]] cancel_reason reason() const noexcept { return reason_; }

private:
    cancel_reason reason_;
};

/// Empty for null, and for every other exception.
[[nodiscard]] std::optional<cancel_reason> why_cancelled(const std::exception_ptr& error) noexcept;

/// The base of every exception that braid itself throws.
class error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A `fail_after` ran out of time.
class timed_out : public error {
public:
    using error::error;
};

/// A channel, queue or pool was closed: nothing more can be put in, or taken out of it.
class closed : public error {
public:
    using error::error;
};

/// The library was used against its contract: the message says which rule was broken and what to write instead.
class usage_error : public error {
public:
    using error::error;
};

}  // namespace braid
