#include "fuzz/targets.hpp"

#include "fuzz/expect.hpp"
#include "wire/values.hpp"

#include <braid/wire/call.hpp>

#include <cereal/types/bitset.hpp>
#include <cereal/types/complex.hpp>

#include <deque>
#include <filesystem>
#include <future>
#include <ios>
#include <list>
#include <new>
#include <regex>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <utility>

namespace braid_fuzz {

namespace {

namespace wire = braid::wire;

struct fragile {
    int code = 0;
    std::string text;
    bool operator==(const fragile&) const = default;
};

class coded_error : public std::exception {
public:
    coded_error() = default;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(content_.code, content_.text);
    }

private:
    fragile content_;
};

// Whose encoding is the same whenever the value is. Hash tables may come in another order.
template <class T>
inline constexpr bool is_ordered = true;
template <class K, class V>
inline constexpr bool is_ordered<std::unordered_map<K, V>> = false;

/// A value that arrived can be sent on, and arrives again as the same.
template <class T>
void send_on(const T& value) {
    const auto sent = wire_test::to_bytes(value);
    const auto again = wire_test::to_bytes(wire::decode<T>(std::span(sent)));
    expect(again.size() == sent.size(), "a value that arrived takes as many bytes the second time");
    if constexpr (is_ordered<T>) expect(again == sent, "a value that arrived is encoded alike the second time");
}

std::vector<std::byte> encode_thrown(const std::exception_ptr& thrown) {
    wire::buffer out;
    wire::writer w(out);
    wire::encode_exception(w, thrown);
    return {out.bytes().begin(), out.bytes().end()};
}

void send_on_thrown(const std::exception_ptr& thrown) {
    const auto sent = encode_thrown(thrown);
    wire::reader r(sent);
    const auto again = encode_thrown(wire::decode_exception(r, {.pid = 1, .call = {}}));
    expect(again == sent, "an exception that arrived is encoded alike the second time");
}

template <class R>
void expect_reply_of(std::span<const std::byte> bytes) {
    wire::reader reply(bytes);
    const wire::remote_origin::place where{.pid = 1, .call = "a call"};
    try {
        if constexpr (std::is_void_v<R>) {
            wire::decode_reply<void>(reply, where);
        } else {
            send_on(wire::decode_reply<R>(reply, where));
        }
    } catch (const std::exception& e) {
        if (dynamic_cast<const wire::remote_origin*>(&e)) send_on_thrown(std::current_exception());
    }
}

template <class R>
void append_sample(wire::writer& reply) {
    reply.scalar(wire::outcome::value);
    if constexpr (std::is_same_v<R, wire_test::page>) {
        wire::encode(reply, wire_test::sample_page());
    } else if constexpr (!std::is_void_v<R>) {
        R sample{};
        if constexpr (requires { sample.resize(2); }) sample.resize(2);
        wire::encode(reply, sample);
    }
}

struct expectation {
    void (*reply_is_sound)(std::span<const std::byte>);
    void (*append_sample)(wire::writer&);
};
using text = std::string;
using choice = std::variant<std::monostate, int, text, std::vector<std::uint8_t>>;

template <class... Rs>
constexpr std::array<expectation, sizeof...(Rs)> replies_of() {
    return {expectation{&expect_reply_of<Rs>, &append_sample<Rs>}...};
}

constexpr auto expectations =
    replies_of<void, int, bool, double, text, std::u32string, wire_test::page, wire_test::tree, wire_test::chain,
               wire_test::account, std::vector<std::shared_ptr<text>>, std::vector<bool>, std::vector<wire_test::point>,
               std::map<text, std::vector<std::optional<choice>>>, std::unordered_map<text, std::set<int>>,
               std::tuple<std::filesystem::path, std::chrono::nanoseconds, std::chrono::system_clock::time_point>,
               std::error_code, std::array<std::optional<text>, 3>, std::deque<std::list<std::pair<char, text>>>,
               std::bitset<40>, std::complex<float>, std::vector<int (*)(int)>, std::vector<std::monostate>,
               std::pair<std::unique_ptr<wire_test::page>, std::multimap<int, fragile>>,
               std::vector<std::array<std::int16_t, 3>>, std::vector<std::tuple<bool, wire_test::kind>>>();

}  // namespace

void try_reply(std::span<const std::byte> input) {
    [[maybe_unused]] static const bool registered = (wire::register_exception<coded_error>(), true);
    if (input.empty()) return;
    const auto index = static_cast<std::size_t>(input.front()) % expectations.size();
    expectations[index].reply_is_sound(input.subspan(1));
}

std::vector<std::vector<std::byte>> sample_replies() {
    std::vector<std::vector<std::byte>> samples;
    wire::buffer out;
    const auto add = [&](std::size_t index, const auto& append) {
        out.clear();
        wire::writer reply(out);
        reply.scalar(static_cast<std::byte>(index));
        append(reply);
        samples.emplace_back(out.bytes().begin(), out.bytes().end());
    };
    const auto add_failure = [&](wire::outcome how, const auto& thrown) {
        add(0, [&](wire::writer& reply) { wire::encode_failure(reply, how, std::make_exception_ptr(thrown)); });
    };
    for (std::size_t i = 0; i != expectations.size(); ++i) add(i, expectations[i].append_sample);
    add_failure(wire::outcome::exception, std::out_of_range("index"));
    add_failure(wire::outcome::exception, std::system_error(std::make_error_code(std::errc::io_error), "reading"));
    add_failure(wire::outcome::exception, std::filesystem::filesystem_error("no", "/a", "/b", std::error_code()));
    add_failure(wire::outcome::exception, std::future_error(std::future_errc::no_state));
    add_failure(wire::outcome::exception, std::regex_error(std::regex_constants::error_brace));
    add_failure(wire::outcome::exception, std::ios_base::failure("stream"));
    add_failure(wire::outcome::exception, std::bad_alloc());
    add_failure(wire::outcome::exception, coded_error());
    add_failure(wire::outcome::exception, 42);
    add_failure(wire::outcome::arguments_rejected, std::runtime_error("no arguments"));
    add_failure(wire::outcome::result_rejected, std::runtime_error("no result"));
    return samples;
}

}  // namespace braid_fuzz
