#pragma once
// A call that every new worker of a pool runs before any other.

#include <braid/wire/call.hpp>

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace braid {

/// `{load_model, path}`: a function that returns nothing, and its arguments. The function may be whatever a pool's
/// `run` takes. What it makes, it keeps itself: see worker_state.
class worker_initialiser {
public:
    worker_initialiser() = default;

    template <class F, class... Args>
        requires(!std::is_same_v<std::remove_cvref_t<F>, worker_initialiser>)
    worker_initialiser(F function, Args... args)  // NOLINT: implicit, for designated initialisers
        : encode_(
              [function = std::move(function), arguments = std::tuple<Args...>(std::move(args)...)](wire::writer& out) {
                  static_assert(std::is_void_v<wire::call_result_t<F, Args...>>,
                                "braid: an initialiser returns nothing: keep what it makes in a worker_state<T>");
                  std::apply([&](const Args&... each) { wire::encode_call(out, function, each...); }, arguments);
              }) {}

    [[nodiscard]] explicit operator bool() const noexcept { return encode_ != nullptr; }
    void encode(wire::writer& request) const { encode_(request); }

private:
    std::function<void(wire::writer&)> encode_;
};

}  // namespace braid
