#pragma once
// What the fuzzers try, as functions of the input alone: the tests run them over the seeds in every build.

#include <cstddef>
#include <span>
#include <vector>

namespace braid_fuzz {

/// A reply as a worker may send it: the first byte says what type the caller expects, the rest is the reply. Whatever
/// it is, it is refused, or it is a value or an exception that can be sent on and arrives as the same.
/// Ends the process when that does not hold.
void try_reply(std::span<const std::byte> input);

/// Sound ones, to begin with: a value of each type, and exceptions.
[[nodiscard]] std::vector<std::vector<std::byte>> sample_replies();

/// A stream of frames: the first byte says how it is cut into chunks. However it is cut, the frames are the same.
void try_frames(std::span<const std::byte> input);

/// What a worker may send beside a reply, and the reply, which may tell of that and of memory that the worker was lent:
/// see beside_input. Whatever it is, it is refused, or it fails the call, or its value can be used, and is no larger
/// than what came and what was lent. Nothing is left open.
void try_beside(std::span<const std::byte> input);

/// Sound ones: as a worker itself says them.
[[nodiscard]] std::vector<std::vector<std::byte>> sample_replies_with_more_beside();

}  // namespace braid_fuzz
