// Each of these must be refused, in words that say what to write instead: see tests/CMakeLists.txt.

#include <braid/wire/call.hpp>

#include <string_view>
#include <vector>

struct inner {
    int* pointer;
};
struct outer {
    std::vector<inner> all;
};

void change(int&);

void refused(braid::wire::writer& w, int captured) {
#if defined(POINTER_INSIDE)
    braid::wire::encode(w, outer{});
#elif defined(CAPTURING_LAMBDA)
    braid::wire::encode_call(w, [captured](int x) { return x + captured; }, 1);
#elif defined(MUTABLE_REFERENCE)
    braid::wire::encode_call(w, change, captured);
#elif defined(VIEW_RESULT)
    braid::wire::encode_call(w, [](int) { return std::string_view("x"); }, captured);
#endif
}
