#include <braid/wire/exception.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <variant>

namespace wire = braid::wire;

namespace {

struct parse_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};
struct unregistered : std::runtime_error {
    using std::runtime_error::runtime_error;
};
class http_error : public std::exception {
public:
    http_error() = default;
    explicit http_error(int status) : status_(status) {}
    [[nodiscard]] const char* what() const noexcept override { return "http error"; }
    [[nodiscard]] int status() const { return status_; }
    template <class Archive>
    void serialize(Archive& archive) {
        archive(status_);
    }

private:
    int status_ = 0;
};

/// What arrives when this is thrown in process 77.
template <class E>
std::exception_ptr journey(const E& thrown) {
    wire::buffer out;
    wire::writer w(out);
    wire::encode_exception(w, std::make_exception_ptr(thrown));
    wire::reader r(out.bytes());
    auto arrived = wire::decode_exception(r, {77, "parse(\"x\")"});
    r.expect_end();
    return arrived;
}

template <class E>
void check_keeps_type(const E& thrown) {
    CAPTURE(wire::detail::readable_name(typeid(E)));
    try {
        std::rethrow_exception(journey(thrown));
    } catch (const E& e) {
        CHECK(std::string(e.what()) == thrown.what());
        const auto* origin = dynamic_cast<const wire::remote_origin*>(&e);
        REQUIRE(origin != nullptr);
        CHECK(origin->pid() == 77);
        CHECK(origin->call() == "parse(\"x\")");
        CHECK(dynamic_cast<const wire::remote_error*>(&e) == nullptr);
    } catch (...) {
        FAIL("another type arrived");
    }
}

}  // namespace

TEST_SUITE("wire/exception") {
    TEST_CASE("exceptions of the standard library keep their type and message") {
        check_keeps_type(std::runtime_error("a"));
        check_keeps_type(std::logic_error("b"));
        check_keeps_type(std::invalid_argument("c"));
        check_keeps_type(std::out_of_range("d"));
        check_keeps_type(std::length_error("e"));
        check_keeps_type(std::domain_error("f"));
        check_keeps_type(std::range_error("g"));
        check_keeps_type(std::overflow_error("h"));
        check_keeps_type(std::underflow_error("i"));
        check_keeps_type(std::bad_alloc());
        check_keeps_type(std::bad_cast());
        check_keeps_type(std::bad_variant_access());
        check_keeps_type(std::bad_optional_access());
        check_keeps_type(std::future_error(std::future_errc::broken_promise));
        check_keeps_type(std::ios_base::failure("j", std::make_error_code(std::errc::io_error)));
    }

    TEST_CASE("codes and paths travel with the exceptions that hold them") {
        const std::system_error sent(std::make_error_code(std::errc::no_space_on_device), "saving");
        check_keeps_type(sent);
        try {
            std::rethrow_exception(journey(sent));
        } catch (const std::system_error& e) {
            CHECK(e.code() == std::errc::no_space_on_device);
        }
        const std::filesystem::filesystem_error file("open", "/a", std::make_error_code(std::errc::permission_denied));
        check_keeps_type(file);
        try {
            std::rethrow_exception(journey(file));
        } catch (const std::filesystem::filesystem_error& e) {
            CHECK(e.path1() == "/a");
        }
    }

    TEST_CASE("braid's own exceptions keep their type") {
        check_keeps_type(braid::error("a"));
        check_keeps_type(braid::timed_out("b"));
        check_keeps_type(braid::closed("c"));
        check_keeps_type(wire::decode_error("d"));
    }

    TEST_CASE("registered exceptions keep their type, with their state where they are encodable") {
        wire::register_exception<parse_error>();
        wire::register_exception<http_error>();
        check_keeps_type(parse_error("line 3"));
        check_keeps_type(http_error(404));
        try {
            std::rethrow_exception(journey(http_error(404)));
        } catch (const http_error& e) {
            CHECK(e.status() == 404);
        }
    }

    TEST_CASE("any other exception becomes a remote_error that names its type") {
        try {
            std::rethrow_exception(journey(unregistered("odd")));
        } catch (const wire::remote_error& e) {
            CHECK(e.type_name().ends_with("unregistered"));
            CHECK(std::string(e.what()) == "odd");
            CHECK(e.pid() == 77);
        }
        CHECK_THROWS_AS(std::rethrow_exception(journey(42)), wire::remote_error);
    }

    TEST_CASE("a cancellation thrown in a worker is not the caller's own") {
        try {
            std::rethrow_exception(journey(braid::cancelled(braid::cancel_reason::user)));
        } catch (const wire::remote_error& e) {
            CHECK(e.type_name() == "braid::cancelled");
            CHECK(std::string(e.what()) == "cancelled: user");
        }
    }

    TEST_CASE("an exception that arrived is sent on with its type") {
        try {
            std::rethrow_exception(journey(std::out_of_range("first")));
        } catch (const wire::remote<std::out_of_range>& e) {
            try {
                std::rethrow_exception(journey(e));
            } catch (const std::out_of_range& again) {
                CHECK(std::string(again.what()) == "first");
            }
        }
    }

    TEST_CASE("nested exceptions arrive nested") {
        std::exception_ptr thrown;
        try {
            try {
                throw std::out_of_range("inner");
            } catch (...) {
                std::throw_with_nested(std::runtime_error("outer"));
            }
        } catch (...) {
            thrown = std::current_exception();
        }
        wire::buffer out;
        wire::writer w(out);
        wire::encode_exception(w, thrown);
        wire::reader r(out.bytes());
        try {
            std::rethrow_exception(wire::decode_exception(r, {1, "x"}));
        } catch (const std::runtime_error& e) {
            CHECK(std::string(e.what()) == "outer");
            CHECK_THROWS_WITH_AS(std::rethrow_if_nested(e), "inner", std::out_of_range);
        }
    }

    TEST_CASE("a regex_error with a code that there cannot be is refused") {
        for (const int code : {-1, 16, 67'108'870}) {
            wire::buffer out;
            wire::writer w(out);
            wire::encode(w, std::string("std::regex_error"));
            wire::encode(w, std::string("message"));
            wire::encode(w, true);
            wire::encode(w, code);
            wire::encode(w, false);
            wire::reader r(out.bytes());
            CHECK_THROWS_AS(static_cast<void>(wire::decode_exception(r, {1, "x"})), wire::decode_error);
        }
    }

    TEST_CASE("an exception that is cut off is refused") {
        wire::buffer out;
        wire::writer w(out);
        wire::encode_exception(w,
                               std::make_exception_ptr(std::system_error(std::make_error_code(std::errc::io_error))));
        for (std::size_t size = 0; size != out.size(); ++size) {
            wire::reader r(out.bytes().first(size));
            CHECK_THROWS_AS(static_cast<void>(wire::decode_exception(r, {1, "x"})), wire::decode_error);
        }
    }
}
