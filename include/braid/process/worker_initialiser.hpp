#pragma once
// A call that every new worker of a pool runs before any other.

#include <braid/wire/buffer.hpp>
#include <braid/wire/call.hpp>

#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace braid {

/// `{load_model, path}`: a function that returns nothing, and its arguments. The function may be whatever a pool's
/// `run` takes. What it makes, it keeps itself: see worker_state.
/// The arguments are encoded once, by the constructor of the pool or zygote, which throws what that throws, and every
/// worker gets the same bytes. They have to be copyable, as options are. Open files cannot travel here, neither
/// `descriptor` nor `shared_bytes` (encode_error): give workers a path, or the files with their first calls.
class worker_initialiser {
public:
    worker_initialiser() = default;

    template <class F, class... Args>
        requires(!std::is_same_v<std::remove_cvref_t<F>, worker_initialiser>)
    worker_initialiser(F function, Args... args)  // NOLINT: implicit, for designated initialisers
        : encode_(encoder_of(std::move(function), std::move(args)...)) {}

    [[nodiscard]] explicit operator bool() const noexcept { return encode_ != nullptr; }
    /// As the request of a call. Throws: the encoding's errors.
    [[nodiscard]] std::vector<std::byte> encoded() const {
        wire::buffer out;
        wire::writer request(out);
        encode_(request);
        return {out.bytes().begin(), out.bytes().end()};
    }

private:
    using encoder = std::function<void(wire::writer&)>;

    template <class F, class... Args>
    static encoder encoder_of(F function, Args... args) {
        static_assert(std::is_void_v<wire::call_result_t<F, Args...>>,
                      "braid: an initialiser returns nothing: keep what it makes in a worker_state<T>");
        constexpr bool copyable = (std::is_copy_constructible_v<Args> && ...);
        static_assert(copyable,
                      "braid: the arguments of an initialiser have to be copyable, since options are copied: pass a "
                      "std::shared_ptr to what is not");
        if constexpr (copyable) {
            return [function = std::move(function),
                    arguments = std::tuple<Args...>(std::move(args)...)](wire::writer& out) {
                std::apply([&](const Args&... each) { wire::encode_call(out, function, each...); }, arguments);
            };
        } else {
            return nullptr;
        }
    }

    encoder encode_;
};

}  // namespace braid
