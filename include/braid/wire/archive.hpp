#pragma once
// Values as bytes and back. Numbers, enums, the standard library's types, and plain structs of all these need no line
// of code; a class with cereal functions (`serialize`, `save`/`load`) uses them. What only refers to something
// elsewhere (pointers, references, views) is refused when compiling.

#include <braid/wire/detail/aggregate.hpp>
#include <braid/wire/detail/cereal.hpp>
#include <braid/wire/detail/codec.hpp>
#include <braid/wire/detail/containers.hpp>
#include <braid/wire/detail/dispatch.hpp>
#include <braid/wire/detail/vocabulary.hpp>
#include <braid/wire/reader.hpp>
#include <braid/wire/writer.hpp>
#include <system_error>

namespace braid::wire {

/// Whether values of type T can travel to a worker and back.
template <class T>
concept encodable = std::is_same_v<T, std::remove_cvref_t<T>> && (detail::verdict_on<T>::why == detail::refusal::none);

/// Appends `value`. Throws: encode_error, when it nests too deep or has no representation.
template <class T>
void encode(writer& w, const T& value);

/// Takes a value from the front of what is left. Throws: decode_error.
template <class T>
[[nodiscard]] T decode(reader& r);

/// A whole message that is one value: bytes left over are an error as well.
template <class T>
[[nodiscard]] T decode(std::span<const std::byte> message);

/// Lets codes of this category travel. The name must be unique, and the call happen in both processes: before `init`.
void register_category(const std::error_category& category);

// Implementation

template <class T>
void encode(writer& w, const T& value) {
    if constexpr (detail::check_travel<T>()) detail::codec<T>::encode(w, value);
}

template <class T>
T decode(reader& r) {
    if constexpr (detail::check_travel<T>()) return detail::codec<T>::decode(r);
}

template <class T>
T decode(std::span<const std::byte> message) {
    reader r(message);
    T value = decode<T>(r);
    r.expect_end();
    return value;
}

}  // namespace braid::wire
