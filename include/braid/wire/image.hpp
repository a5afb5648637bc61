#pragma once
// The executable and its shared libraries, as parent and worker both see them. A function has another address in every
// process, but the same offset from the base of the same module: that is how functions travel.

#include <array>
#include <braid/core/error.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace braid::wire {

/// Changes whenever messages of an older braid would be misunderstood.
inline constexpr std::uint32_t protocol_version = 1;

/// An address that this process's list of modules does not contain.
class image_error : public error {
public:
    using error::error;
};

/// Where something is, in terms that hold in every process of the same image.
struct code_address {
    std::uint32_t module = 0;  ///< its place in the list of modules
    std::uint64_t offset = 0;  ///< from the module's base
    friend bool operator==(const code_address&, const code_address&) = default;
};

/// An address within 64 bits: 16 for the module, 48 for the offset. Zero is no function's address.
[[nodiscard]] constexpr std::uint64_t pack(code_address address) noexcept {
    return std::uint64_t{address.module} << 48 | address.offset;
}
[[nodiscard]] constexpr code_address unpack(std::uint64_t address) noexcept {
    return {static_cast<std::uint32_t>(address >> 48), address & ((std::uint64_t{1} << 48) - 1)};
}

/// Takes the list of loaded modules, unless it was taken before. It happens by itself at the first use.
/// `init` calls it early, in parent and worker alike, so that both take it in the same state.
void capture_image();

/// Takes the list anew, after dlopen. Modules that are known keep their place; those that were closed keep it empty.
/// It serves processes started from now on: running workers do not have the new modules.
void refresh_image();

/// Nothing, when no module of the list holds the code. Threads: any. May be called by a signal handler, once the list
/// has been taken.
[[nodiscard]] std::optional<code_address> find_address(const void* code) noexcept;

/// Throws: image_error, when no module of the list holds the function. Threads: any.
[[nodiscard]] code_address to_address(const void* function);

/// Throws: image_error, when the list has no such module, or it has no executable code there. Threads: any.
[[nodiscard]] const void* from_address(code_address address);

using build_id = std::array<std::uint8_t, 20>;

/// What parent and worker compare before they believe each other's addresses. It travels like any plain struct.
struct image_fingerprint {
    struct module {
        std::string name;  ///< its file, for the error message
        build_id id{};     ///< the linker's build id, or a hash of its code where there is none
    };
    std::uint32_t protocol = 0;
    std::vector<module> modules;
};

[[nodiscard]] image_fingerprint fingerprint();

/// Empty when addresses of one are valid in the other, else a sentence that names the module that differs.
[[nodiscard]] std::string difference(const image_fingerprint& ours, const image_fingerprint& theirs);

}  // namespace braid::wire
