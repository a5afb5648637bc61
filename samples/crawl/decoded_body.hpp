#pragma once
// How a response's body is kept while Beast reads it: decoded as it comes, and never larger than allowed.

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional/optional.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "exchange.hpp"
#include "inflate.hpp"
#include "outcome.hpp"

namespace crawl {

/// What is kept of a body.
struct body_limit {
    std::uint64_t bytes = UINT64_MAX;  ///< decoded
    bool cut = false;                  ///< what is beyond is left unread; else the whole body is refused
};

/// A Body of Beast for responses. When it refuses what comes, reading ends with `http::error::body_limit` and `refusal`
/// says why.
struct decoded_body {
    struct value_type {
        body_limit limit{};  ///< to be set before the head is read
        std::string bytes{};
        std::uint64_t received{};          ///< bytes, as they came
        std::optional<outcome> refusal{};  ///< `too_large` or `bad_encoding`
        std::string message{};             ///< the refusal in words
        exchange* copy = nullptr;          ///< whose payload this is; may be null
    };

    class reader {
        using error_code = boost::system::error_code;

    public:
        template <bool IsRequest, class Fields>
        reader(boost::beast::http::header<IsRequest, Fields>& head, value_type& body) : body_(body) {
            // Beast also checks that a reader can be made of its own model of a header.
            if constexpr (std::is_base_of_v<boost::beast::http::fields, Fields>) head_ = &head;
        }

        /// The head is there; `length` is that of the encoded body, if it is known.
        void init(const boost::optional<std::uint64_t>& length, error_code& error);

        template <class Buffers>
        std::size_t put(const Buffers& buffers, error_code& error) {
            std::size_t taken = 0;
            const auto end = boost::asio::buffer_sequence_end(buffers);
            for (auto it = boost::asio::buffer_sequence_begin(buffers); it != end; ++it) {
                const boost::asio::const_buffer piece(*it);
                feed({static_cast<const char*>(piece.data()), piece.size()}, error);
                if (error) break;
                taken += piece.size();
            }
            return taken;
        }

        void finish(error_code& error);

    private:
        void feed(std::string_view piece, error_code& error);
        void judge(decode_status status, error_code& error);
        void refuse(outcome why, std::string message, error_code& error);

        const boost::beast::http::fields* head_ = nullptr;
        value_type& body_;
        std::optional<body_decoder> decoder_;
        bool fed_ = false;
    };
};

}  // namespace crawl
