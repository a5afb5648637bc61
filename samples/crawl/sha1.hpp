#pragma once
// SHA-1, by which archives name what they hold. Not a proof against forgery: a server that wants to can make two bodies
// of the same hash.

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace crawl {

/// Of bytes that come in pieces. Throws: std::bad_alloc.
class sha1 {
public:
    sha1();
    void update(std::string_view bytes);

    /// `sha1:` and 32 characters of base32, as WARC files have it. To be called once, at the end.
    [[nodiscard]] std::string finish();

private:
    struct freeing {
        void operator()(evp_md_ctx_st* state) const;
    };
    std::unique_ptr<evp_md_ctx_st, freeing> state_;
};

}  // namespace crawl
