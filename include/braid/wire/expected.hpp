#pragma once
// Types that hold a value or an error, in the manner of std::expected (C++23) and tl::expected, as arguments and
// results. Include it where such a type travels.

#include <braid/wire/archive.hpp>

#include <type_traits>
#include <utility>

namespace braid::wire::detail {

/// Recognised by what it is made of: `value_type`, `error_type`, and `unexpected_type`, from which it is made as well.
template <class T>
concept expected_like = requires(const T& either) {
    typename T::value_type;
    typename T::error_type;
    typename T::unexpected_type;
    { either.has_value() } -> std::same_as<bool>;
    { either.error() } -> std::convertible_to<const typename T::error_type&>;
    requires std::is_constructible_v<T, typename T::unexpected_type>;
};

template <class T>
struct expected_parts {
    using type = parts_list<typename T::value_type, typename T::error_type>;
};
template <class T>
    requires std::is_void_v<typename T::value_type>
struct expected_parts<T> {
    using type = parts_list<typename T::error_type>;
};

template <expected_like T>
struct codec<T> : codec_traits<1> {
    using parts = typename expected_parts<T>::type;
    using value_type = typename T::value_type;
    using error_type = typename T::error_type;

    static void encode(writer& w, const T& value) {
        bool_codec::encode(w, value.has_value());
        if (!value.has_value()) {
            codec<error_type>::encode(w, value.error());
        } else if constexpr (!std::is_void_v<value_type>) {
            codec<value_type>::encode(w, *value);
        }
    }
    static T decode(reader& r) {
        if (!bool_codec::decode(r)) return T(typename T::unexpected_type(codec<error_type>::decode(r)));
        if constexpr (std::is_void_v<value_type>) {
            return T();
        } else {
            return T(codec<value_type>::decode(r));
        }
    }
};

}  // namespace braid::wire::detail
