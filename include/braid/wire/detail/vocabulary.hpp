#pragma once
// What the standard library offers besides containers: optional, variant, tuple, smart pointers, times, paths, codes.

#include <braid/wire/detail/codec.hpp>
#include <braid/wire/detail/containers.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <variant>

namespace braid::wire::detail {

template <class T>
struct codec<std::optional<T>> : codec_traits<1, T> {
    static void encode(writer& w, const std::optional<T>& value) {
        bool_codec::encode(w, value.has_value());
        if (value) codec<T>::encode(w, *value);
    }
    static std::optional<T> decode(reader& r) {
        if (!bool_codec::decode(r)) return std::nullopt;
        return std::optional<T>(codec<T>::decode(r));
    }
};

template <class A, class B>
struct codec<std::pair<A, B>> : codec_traits<codec<A>::least + codec<B>::least, A, B> {
    static void encode(writer& w, const std::pair<A, B>& value) {
        codec<A>::encode(w, value.first);
        codec<B>::encode(w, value.second);
    }
    static std::pair<A, B> decode(reader& r) { return std::pair<A, B>{codec<A>::decode(r), codec<B>::decode(r)}; }
};

template <class... Ts>
struct codec<std::tuple<Ts...>> : codec_traits<(codec<Ts>::least + ... + 0), Ts...> {
    static void encode(writer& w, const std::tuple<Ts...>& value) {
        std::apply([&](const Ts&... parts) { (codec<Ts>::encode(w, parts), ...); }, value);
    }
    static std::tuple<Ts...> decode(reader& r) { return std::tuple<Ts...>{codec<Ts>::decode(r)...}; }
};
template <>
struct codec<std::tuple<>> : empty_codec<std::tuple<>> {};

template <class... Ts>
struct codec<std::variant<Ts...>> : codec_traits<4, Ts...> {
    using variant = std::variant<Ts...>;

    static void encode(writer& w, const variant& value) {
        if (value.valueless_by_exception()) throw encode_error("a std::variant without a value cannot be encoded");
        w.scalar(static_cast<std::uint32_t>(value.index()));
        std::visit([&]<class T>(const T& alternative) { codec<T>::encode(w, alternative); }, value);
    }
    static variant decode(reader& r) {
        const auto index = r.scalar<std::uint32_t>("a variant");
        if (index >= sizeof...(Ts)) r.fail("a variant", "it has no such alternative");
        return decode_alternative<0>(r, index);
    }

private:
    template <std::size_t I>
    static variant decode_alternative(reader& r, std::size_t index) {
        if constexpr (I + 1 < sizeof...(Ts)) {
            if (index != I) return decode_alternative<I + 1>(r, index);
        }
        using chosen = std::variant_alternative_t<I, variant>;
        return variant(std::in_place_index<I>, codec<chosen>::decode(r));
    }
};

// ---- smart pointers: the object travels. What it really is must be known, so a base class is refused.

template <class T>
inline constexpr bool may_be_a_base = std::is_polymorphic_v<T> && !std::is_final_v<T>;

template <class T>
struct unique_codec : codec_traits<1, T> {
    static void encode(writer& w, const std::unique_ptr<T>& pointer) {
        const writer::nesting level(w);
        bool_codec::encode(w, pointer != nullptr);
        if (pointer) codec<std::remove_const_t<T>>::encode(w, *pointer);
    }
    static std::unique_ptr<T> decode(reader& r) {
        const reader::nesting level(r);
        if (!bool_codec::decode(r)) return nullptr;
        return std::unique_ptr<T>(new T(codec<std::remove_const_t<T>>::decode(r)));
    }
};

/// An object that several pointers of one message share is sent once, and shared again where it arrives.
template <class T>
struct shared_codec : codec_traits<4, T> {
    using object = std::remove_const_t<T>;

    static void encode(writer& w, const std::shared_ptr<T>& pointer) {
        const writer::nesting level(w);
        const auto [id, first] = w.begin_shared(pointer, typeid(object));
        w.scalar(id);
        if (!first) return;
        codec<object>::encode(w, *pointer);
        w.end_shared(id);
    }
    static std::shared_ptr<T> decode(reader& r) {
        const reader::nesting level(r);
        const auto id = r.scalar<std::uint32_t>("a shared_ptr");
        if (id == 0) return nullptr;
        if (r.knows_shared(id)) return std::static_pointer_cast<object>(r.shared(id, typeid(object)));
        std::shared_ptr<object> made(new object(codec<object>::decode(r)));
        r.add_shared(id, made, typeid(object));
        return made;
    }
};

template <class T>
struct codec<std::unique_ptr<T>>
    : std::conditional_t<may_be_a_base<T>, refused_codec<refusal::polymorphic>, unique_codec<T>> {};
template <class T>
struct codec<std::shared_ptr<T>>
    : std::conditional_t<may_be_a_base<T>, refused_codec<refusal::polymorphic>, shared_codec<T>> {};

// ---- times, paths, codes

template <class Rep, class Period>
struct codec<std::chrono::duration<Rep, Period>> : codec_traits<codec<Rep>::least, Rep> {
    using duration = std::chrono::duration<Rep, Period>;
    static void encode(writer& w, const duration& value) { codec<Rep>::encode(w, value.count()); }
    static duration decode(reader& r) { return duration(codec<Rep>::decode(r)); }
};

template <class Clock, class Duration>
struct codec<std::chrono::time_point<Clock, Duration>> : codec_traits<codec<Duration>::least, Duration> {
    using time_point = std::chrono::time_point<Clock, Duration>;
    static void encode(writer& w, const time_point& value) { codec<Duration>::encode(w, value.time_since_epoch()); }
    static time_point decode(reader& r) { return time_point(codec<Duration>::decode(r)); }
};

template <>
struct codec<std::filesystem::path> : codec_traits<8> {
    static void encode(writer& w, const std::filesystem::path& value);
    static std::filesystem::path decode(reader& r);
};

/// Its category is found by name: generic, system, iostream, future, and those of `register_category`.
template <>
struct codec<std::error_code> : codec_traits<12> {
    static void encode(writer& w, const std::error_code& value);
    static std::error_code decode(reader& r);
};

// ---- what only refers to something elsewhere

template <class T>
struct codec<std::reference_wrapper<T>> : refused_codec<refusal::reference> {};
template <class T>
struct codec<std::weak_ptr<T>> : refused_codec<refusal::reference> {};
template <class C, class Traits>
struct codec<std::basic_string_view<C, Traits>> : refused_codec<refusal::view> {};
template <class T, std::size_t N>
struct codec<std::span<T, N>> : refused_codec<refusal::view> {};
template <class T>
struct codec<std::initializer_list<T>> : refused_codec<refusal::view> {};

}  // namespace braid::wire::detail
