#pragma once
// What callers may expect whose reply has something beside it.

#include <braid/process/descriptor.hpp>
#include <braid/process/shared_bytes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace braid_fuzz {

using expected_types = std::tuple<braid::descriptor, braid::shared_bytes, std::vector<double>, std::string,
                                  std::vector<braid::descriptor>, std::pair<braid::shared_bytes, std::vector<char>>,
                                  std::vector<std::string>, std::vector<braid::shared_bytes>>;

namespace detail {

template <class R, class... Rs>
constexpr std::uint8_t index_in(std::type_identity<std::tuple<Rs...>>) {
    constexpr std::array same{std::is_same_v<R, Rs>...};
    static_assert(std::ranges::count(same, true) == 1);
    return static_cast<std::uint8_t>(std::ranges::find(same, true) - same.begin());
}

}  // namespace detail

/// What an input says of this one.
template <class R>
inline constexpr std::uint8_t index_of = detail::index_in<R>(std::type_identity<expected_types>());

}  // namespace braid_fuzz
