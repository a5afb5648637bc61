#pragma once
// Plain aggregates: their fields, one after the other, put together again as `T{field...}`.

#include <bit>
#include <braid/wire/detail/codec.hpp>
#include <braid/wire/detail/fields.hpp>
#include <tuple>

namespace braid::wire::detail {

template <class T, class Fields = fields_t<T>>
struct aggregate_codec;

template <class T, class... Fields>
struct aggregate_codec<T, std::tuple<Fields...>> {
    using parts = parts_list<Fields...>;
    static constexpr refusal why = refusal::none;
    static constexpr std::size_t least = (codec<Fields>::least + ...);
    // No padding in between: copying it would put bytes of unknown content on the wire.
    static constexpr bool bulk =
        std::is_trivially_copyable_v<T> && (codec<Fields>::bulk && ...) && (sizeof(Fields) + ...) == sizeof(T);

    static void encode(writer& w, const T& value) {
        if constexpr (bulk) {
            w.scalar(value);
        } else {
            std::apply([&](const auto&... fields) { (codec<Fields>::encode(w, fields), ...); },
                       bind_fields<sizeof...(Fields)>(value).references);
        }
    }

    static T decode(reader& r) {
        if constexpr (bulk) {
            return r.scalar<T>("an aggregate");
        } else {
            return T{codec<Fields>::decode(r)...};
        }
    }
};

}  // namespace braid::wire::detail
