#pragma once
// How many are at it: a number that goes with the life of those it counts, however that ends.

#include <cstddef>

namespace crawl {

/// One more, while this lives. Lifetime: the number must outlive it. Threads: those of the number.
class counted {
public:
    explicit counted(std::size_t& number) noexcept : number_(number) { ++number_; }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
    ~counted() { --number_; }

private:
    std::size_t& number_;
};

}  // namespace crawl
