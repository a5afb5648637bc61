#pragma once
// A plain function pointer as a value: it travels as an address inside an image.

#include <braid/wire/detail/codec.hpp>
#include <braid/wire/image.hpp>
#include <type_traits>

namespace braid::wire::detail {

template <class T>
concept function_pointer = std::is_pointer_v<T> && std::is_function_v<std::remove_pointer_t<T>>;

template <class T>
struct function_pointer_codec : codec_traits<sizeof(std::uint64_t)> {
    static void encode(writer& w, const T& function) {
        w.scalar(function ? pack(to_address(reinterpret_cast<const void*>(function))) : std::uint64_t{0});
    }
    static T decode(reader& r) {
        const auto address = r.scalar<std::uint64_t>("a function pointer");
        if (address == 0) return nullptr;
        return reinterpret_cast<T>(const_cast<void*>(from_address(unpack(address))));
    }
};

}  // namespace braid::wire::detail
