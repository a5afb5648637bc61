// Each of these must be refused, in words that say what to write instead: see tests/CMakeLists.txt.

#include <braid/wire/call.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

struct inner {
    int* pointer;
};
struct outer {
    std::vector<inner> all;
};

struct with_array {
    int numbers[3];
    inner* more;
};
struct base {
    int a;
};
struct derived : base {
    int b;
};
struct animal {
    virtual ~animal() = default;
};
union either {
    int a;
    float b;
};
class secret {
public:
    explicit secret(int x) : x_(x) {}

private:
    int x_;
};

void change(int&);
void fill(std::span<int>);

void refused(braid::wire::writer& w, int captured) {
#if defined(POINTER_INSIDE)
    braid::wire::encode(w, outer{});
#elif defined(CAPTURING_LAMBDA)
    braid::wire::encode_call(w, [captured](int x) { return x + captured; }, 1);
#elif defined(MUTABLE_REFERENCE)
    braid::wire::encode_call(w, change, captured);
#elif defined(VIEW_RESULT)
    braid::wire::encode_call(w, [](int) { return std::string_view("x"); }, captured);
#elif defined(C_ARRAY)
    braid::wire::encode(w, with_array{});
#elif defined(BASE_CLASS)
    braid::wire::encode(w, derived{});
#elif defined(POINTER_TO_POLYMORPHIC)
    braid::wire::encode(w, std::unique_ptr<animal>());
#elif defined(UNION)
    braid::wire::encode(w, either{});
#elif defined(PRIVATE_CONTENT)
    braid::wire::encode(w, std::vector<secret>());
#elif defined(REFERENCE_INSIDE)
    braid::wire::encode(w, std::vector<std::reference_wrapper<int>>());
#elif defined(MEMBER_POINTER)
    braid::wire::encode_call(w, &base::a, base{});
#elif defined(SPAN_TO_WRITE_INTO)
    braid::wire::encode_call(w, fill, std::vector<int>());
#elif defined(WRONG_NUMBER_OF_ARGUMENTS)
    braid::wire::encode_call(w, fill, captured, captured);
#endif
}
