#pragma once
// Containers of the standard library. Not cereal's functions for them: those resize before they look at what is there,
// and want a default constructor.

#include <array>
#include <braid/core/detail/large_memory.hpp>
#include <braid/wire/detail/codec.hpp>
#include <deque>
#include <list>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace braid::wire::detail {

template <class T>
void encode_elements(writer& w, const T* first, std::size_t size) {
    if constexpr (codec<T>::bulk && alignof(T) <= lent_offset) {
        w.elements(first, size, sizeof(T));
    } else if constexpr (codec<T>::bulk) {
        w.count(size);
        w.append(first, size * sizeof(T));
    } else {
        w.count(size);
        const writer::nesting level(w);
        for (std::size_t i = 0; i != size; ++i) codec<T>::encode(w, first[i]);
    }
}

/// `count` elements whose bytes follow, into anything that is built from two iterators and has push_back.
template <class Container>
Container decode_bulk(reader& r, std::size_t count, const char* what) {
    using T = typename Container::value_type;
    const std::byte* from = r.take(count * sizeof(T), what);
    if (reinterpret_cast<std::uintptr_t>(from) % alignof(T) == 0) {
        const auto* first = reinterpret_cast<const T*>(from);
        Container values;
        values.reserve(count);
        braid::detail::will_fill(values.data(), count * sizeof(T));
        values.assign(first, first + count);
        return values;
    }
    Container values;
    values.reserve(count);
    struct raw {
        std::byte of[sizeof(T)];
    } bytes;
    for (std::size_t i = 0; i != count; ++i, from += sizeof(T)) {
        std::memcpy(&bytes, from, sizeof bytes);
        values.push_back(std::bit_cast<T>(bytes));
    }
    return values;
}

/// A copy at once: whatever the sender does to that memory meanwhile, what is looked at afterwards stays as it is.
template <class Container>
Container decode_lent(reader& r, const char* what) {
    using T = typename Container::value_type;
    const reader::lent_elements lent = r.take_lent(sizeof(T), what);
    const auto* const first = reinterpret_cast<const T*>(lent.first);
    Container values;
    values.reserve(lent.number);
    braid::detail::will_fill(values.data(), lent.number * sizeof(T));
    values.assign(first, first + lent.number);
    return values;
}

/// What encode_elements wrote of elements whose bytes in memory are those on the wire.
template <class Container>
Container decode_elements(reader& r, const char* what) {
    using T = typename Container::value_type;
    if constexpr (alignof(T) <= lent_offset) {
        if (r.next_is_lent()) [[unlikely]]
            return decode_lent<Container>(r, what);
    }
    return decode_bulk<Container>(r, r.count(sizeof(T), what), what);
}

/// How many elements to make room for: not many times the bytes that are there, however small an element may come.
template <class T>
std::size_t sensible_capacity(const reader& r, std::size_t count) {
    const std::size_t limit = 1 + 8 * r.remaining() / sizeof(T);
    return count < limit ? count : limit;
}

template <class T, class Traits, class Allocator>
struct codec<std::basic_string<T, Traits, Allocator>> : codec_traits<8> {
    using string = std::basic_string<T, Traits, Allocator>;
    static void encode(writer& w, const string& value) { encode_elements(w, value.data(), value.size()); }
    static string decode(reader& r) { return decode_elements<string>(r, "a string"); }
};

template <class T, class Allocator>
struct codec<std::vector<T, Allocator>> : codec_traits<8, T> {
    using vector = std::vector<T, Allocator>;
    static void encode(writer& w, const vector& values) { encode_elements(w, values.data(), values.size()); }
    static vector decode(reader& r) {
        if constexpr (codec<T>::bulk) {
            return decode_elements<vector>(r, "a vector");
        } else {
            const std::size_t count = r.count(codec<T>::least, "a vector");
            const reader::nesting level(r);
            vector values;
            values.reserve(sensible_capacity<T>(r, count));
            for (std::size_t i = 0; i != count; ++i) values.push_back(codec<T>::decode(r));
            return values;
        }
    }
};

template <class Allocator>
struct codec<std::vector<bool, Allocator>> : codec_traits<8> {
    using vector = std::vector<bool, Allocator>;
    static void encode(writer& w, const vector& values) {
        w.count(values.size());
        for (const bool value : values) bool_codec::encode(w, value);
    }
    static vector decode(reader& r) {
        vector values(r.count(1, "a vector of bool"));
        for (auto value : values) value = bool_codec::decode(r);
        return values;
    }
};

template <class T, std::size_t N>
struct codec<std::array<T, N>> {
    using array = std::array<T, N>;
    using parts = parts_list<T>;
    static constexpr refusal why = refusal::none;
    static constexpr std::size_t least = N == 0 ? 1 : N * codec<T>::least;
    static constexpr bool bulk = N != 0 && codec<T>::bulk && std::is_trivially_copyable_v<T>;

    static void encode(writer& w, const array& values) {
        if constexpr (N == 0) {
            w.scalar(std::byte{});
        } else if constexpr (bulk) {
            w.scalar(values);
        } else {
            for (const T& value : values) codec<T>::encode(w, value);
        }
    }
    static array decode(reader& r) {
        if constexpr (N == 0) {
            r.take(1, "an empty array");
            return {};
        } else if constexpr (bulk) {
            return r.scalar<array>("an array");
        } else {
            return [&]<std::size_t... I>(std::index_sequence<I...>) {
                return array{{(static_cast<void>(I), codec<T>::decode(r))...}};
            }(std::make_index_sequence<N>{});
        }
    }
};

/// Everything that is a sequence of nodes: one element after the other, put in at the end.
template <class Container, class Element>
struct node_container_codec : codec_traits<8, Element> {
    static void encode(writer& w, const Container& values) {
        w.count(values.size());
        const writer::nesting level(w);
        for (const Element& value : values) codec<Element>::encode(w, value);
    }
    static Container decode(reader& r) {
        std::size_t count = r.count(codec<Element>::least, "a container");
        const reader::nesting level(r);
        Container values;
        while (count-- != 0) values.insert(values.end(), codec<Element>::decode(r));
        return values;
    }
};

template <class Map>
struct map_codec : codec_traits<8, typename Map::key_type, typename Map::mapped_type> {
    using key_codec = codec<typename Map::key_type>;
    using mapped_codec = codec<typename Map::mapped_type>;

    static void encode(writer& w, const Map& values) {
        w.count(values.size());
        const writer::nesting level(w);
        for (const auto& [key, mapped] : values) {
            key_codec::encode(w, key);
            mapped_codec::encode(w, mapped);
        }
    }
    static Map decode(reader& r) {
        std::size_t count = r.count(key_codec::least + mapped_codec::least, "a map");
        const reader::nesting level(r);
        Map values;
        while (count-- != 0) {
            auto key = key_codec::decode(r);
            values.emplace_hint(values.end(), std::move(key), mapped_codec::decode(r));
        }
        return values;
    }
};

template <class T, class A>
struct codec<std::deque<T, A>> : node_container_codec<std::deque<T, A>, T> {};
template <class T, class A>
struct codec<std::list<T, A>> : node_container_codec<std::list<T, A>, T> {};
template <class T, class C, class A>
struct codec<std::set<T, C, A>> : node_container_codec<std::set<T, C, A>, T> {};
template <class T, class C, class A>
struct codec<std::multiset<T, C, A>> : node_container_codec<std::multiset<T, C, A>, T> {};
template <class T, class H, class E, class A>
struct codec<std::unordered_set<T, H, E, A>> : node_container_codec<std::unordered_set<T, H, E, A>, T> {};
template <class T, class H, class E, class A>
struct codec<std::unordered_multiset<T, H, E, A>> : node_container_codec<std::unordered_multiset<T, H, E, A>, T> {};
template <class K, class V, class C, class A>
struct codec<std::map<K, V, C, A>> : map_codec<std::map<K, V, C, A>> {};
template <class K, class V, class C, class A>
struct codec<std::multimap<K, V, C, A>> : map_codec<std::multimap<K, V, C, A>> {};
template <class K, class V, class H, class E, class A>
struct codec<std::unordered_map<K, V, H, E, A>> : map_codec<std::unordered_map<K, V, H, E, A>> {};
template <class K, class V, class H, class E, class A>
struct codec<std::unordered_multimap<K, V, H, E, A>> : map_codec<std::unordered_multimap<K, V, H, E, A>> {};

}  // namespace braid::wire::detail
