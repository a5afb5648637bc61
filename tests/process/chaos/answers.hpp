#pragma once
// What callers send beside a call, and how they know it when it comes back.

#include <braid/process/descriptor.hpp>
#include <braid/process/shared_bytes.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace chaos {

/// A file without a name, with some text.
class sent_file {
public:
    /// Throws: std::system_error.
    explicit sent_file(std::string_view text);

    [[nodiscard]] braid::descriptor copy() const;
    /// Whether the descriptor is of this very file.
    [[nodiscard]] bool is(const braid::descriptor& other) const;
    [[nodiscard]] std::string content_from(std::size_t offset) const;

private:
    braid::descriptor file_;
};

/// The text, and room behind it.
[[nodiscard]] braid::shared_bytes memory_with(std::string_view text, std::size_t room);
[[nodiscard]] std::string text_in(const braid::shared_bytes& memory);

}  // namespace chaos
