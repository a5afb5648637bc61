#pragma once
// What a parameter of a function is kept in while it travels: views and references get an object that owns.

#include <braid/wire/archive.hpp>
#include <concepts>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace braid::wire {

namespace detail {

template <class T>
struct storage {
    using type = T;
};
template <class C, class Traits>
struct storage<std::basic_string_view<C, Traits>> {
    using type = std::basic_string<C, Traits>;
};
template <class T, std::size_t N>
struct storage<std::span<T, N>> {
    static_assert(std::is_const_v<T> && N == std::dynamic_extent,
                  "braid: a worker cannot write into a std::span of the caller: take std::span<const T> and return the "
                  "result");
    using type = std::vector<std::remove_const_t<T>>;
};
template <>
struct storage<const char*> {
    using type = std::string;
};
template <>
struct storage<char*> {
    using type = std::string;
};

// `encode_elements` writes what codec<std::vector<T>> reads, for anything contiguous.
template <class Stored, class T>
concept viewed_as_elements_of =
    requires { typename Stored::allocator_type; } &&
    std::same_as<Stored, std::vector<std::ranges::range_value_t<Stored>>> && !std::same_as<Stored, std::vector<bool>> &&
    std::convertible_to<const T&, std::span<const std::ranges::range_value_t<Stored>>>;

}  // namespace detail

/// `const T&` and `T&&` -> T, string_view and C strings -> string, span<const T> -> vector<T>, anything else: itself.
template <class Parameter>
using storage_for_t = typename detail::storage<std::decay_t<Parameter>>::type;

/// Encodes `value` as it will be stored, without making that object where the bytes can be had directly.
template <class Stored, class T>
void encode_as(writer& w, const T& value) {
    if constexpr (std::same_as<Stored, T>) {
        encode(w, value);
    } else if constexpr (std::is_arithmetic_v<Stored> && std::is_arithmetic_v<T>) {
        encode(w, static_cast<Stored>(value));
    } else if constexpr (std::same_as<Stored, std::string> && std::convertible_to<const T&, std::string_view>) {
        if constexpr (std::is_pointer_v<T>) {
            if (value == nullptr) throw usage_error("a null char pointer cannot be sent as a string");
        }
        const std::string_view view = value;
        detail::encode_elements(w, view.data(), view.size());
    } else if constexpr (detail::viewed_as_elements_of<Stored, T>) {
        const std::span<const std::ranges::range_value_t<Stored>> view = value;
        detail::encode_elements(w, view.data(), view.size());
    } else {
        static_assert(std::convertible_to<const T&, Stored>,
                      "braid: this argument cannot be converted to what the function takes");
        encode(w, static_cast<Stored>(value));
    }
}

}  // namespace braid::wire
