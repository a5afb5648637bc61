#pragma once
// codec<T> says what a T looks like as bytes. Here: its protocol, and the codecs of numbers and enums.
//
//     static void encode(writer&, const T&)
//     static T decode(reader&)                  // by value: no type needs a default constructor
//     static constexpr std::size_t least        // the fewest bytes that a T takes, at least 1 where T repeats
//     static constexpr bool bulk                // its bytes in memory are its bytes on the wire
//     static constexpr refusal why              // none, or why a T cannot travel
//     using parts = parts_list<...>             // what it is made of, to be checked as well

#include <braid/wire/reader.hpp>
#include <braid/wire/writer.hpp>
#include <concepts>
#include <cstddef>
#include <type_traits>

namespace braid::wire::detail {

enum class refusal {
    none,
    pointer,
    reference,
    view,
    c_array,
    too_many_fields,
    base_class,
    polymorphic,
    union_type,
    ambiguous,  // more than one cereal function fits
    opaque,     // nothing is known about its content
};

template <class... Ts>
struct parts_list {};

template <class T>
struct codec;

/// What most codecs have in common.
template <std::size_t Least, class... Parts>
struct codec_traits {
    static constexpr std::size_t least = Least;
    static constexpr bool bulk = false;
    static constexpr refusal why = refusal::none;
    using parts = parts_list<Parts...>;
};

template <refusal Why>
struct refused_codec {
    static constexpr std::size_t least = 1;
    static constexpr bool bulk = false;
    static constexpr refusal why = Why;
    using parts = parts_list<>;
};

// ---- is everything inside T able to travel?

template <class T, refusal Why>
struct verdict {
    using type = T;
    static constexpr refusal why = Why;
};

template <class T, class... Seen>
constexpr auto judge();

template <class... Seen>
constexpr auto judge_parts(parts_list<>) {
    return verdict<void, refusal::none>{};
}

template <class... Seen, class First, class... Rest>
constexpr auto judge_parts(parts_list<First, Rest...>) {
    using first = decltype(judge<First, Seen...>());
    if constexpr (first::why != refusal::none) {
        return first{};
    } else {
        return judge_parts<Seen...>(parts_list<Rest...>{});
    }
}

/// The first part of T, in depth, that cannot travel. `Seen` ends the recursion of types that contain themselves.
template <class T, class... Seen>
constexpr auto judge() {
    if constexpr ((std::is_same_v<T, Seen> || ...)) {
        return verdict<void, refusal::none>{};
    } else if constexpr (codec<T>::why != refusal::none) {
        return verdict<T, codec<T>::why>{};
    } else {
        return judge_parts<Seen..., T>(typename codec<T>::parts{});
    }
}

template <class T>
using verdict_on = decltype(judge<T>());

// ---- numbers

template <class T>
concept number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

template <class T>
struct number_codec : codec_traits<sizeof(T)> {
    static constexpr bool bulk = true;
    static void encode(writer& w, const T& value) { w.scalar(value); }
    static T decode(reader& r) { return r.scalar<T>("a number"); }
};

struct bool_codec : codec_traits<1> {
    static void encode(writer& w, bool value) { w.scalar(static_cast<unsigned char>(value)); }
    static bool decode(reader& r) {
        const auto byte = r.scalar<unsigned char>("a bool");
        if (byte > 1) r.fail("a bool", "the byte is neither 0 nor 1");
        return byte == 1;
    }
};

/// An enum is checked as its underlying type is: which enumerators exist cannot be known.
template <class T>
struct enum_codec : codec_traits<sizeof(T)> {
    using underlying = std::underlying_type_t<T>;
    static constexpr bool bulk = number<underlying>;
    static void encode(writer& w, const T& value) { codec<underlying>::encode(w, static_cast<underlying>(value)); }
    static T decode(reader& r) { return static_cast<T>(codec<underlying>::decode(r)); }
};

/// A class without members, such as std::monostate or a captureless function object: one byte, so that a count of them
/// is bounded by the bytes that are there.
template <class T>
struct empty_codec : codec_traits<1> {
    static void encode(writer& w, const T&) { w.scalar(std::byte{}); }
    static T decode(reader& r) {
        r.take(1, "an empty value");
        return T{};
    }
};

}  // namespace braid::wire::detail
