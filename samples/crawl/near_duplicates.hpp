#pragma once
// Which pages have almost the same text.

#include <cstdint>
#include <vector>

#include "url_table.hpp"

namespace crawl {

/// The text of one page, and its whole content.
struct text_of_page {
    std::uint64_t simhash;
    std::uint64_t content_hash;
    url_id page;
};

/// A page has almost the text of an earlier one.
struct near_copy {
    url_id page;
    url_id of;
    int distance;  ///< bits in which their simhashes differ
};

inline constexpr int most_distant_copy = 3;

/// Each page whose simhash differs in at most `most_distant_copy` bits from that of an earlier one, with the first such
/// page, in the order of the pages. Pages of equal content count as one, the first: those are duplicates, not near
/// ones. Of many thousand texts that share a quarter of their hash not every pair is compared.
[[nodiscard]] std::vector<near_copy> find_near_copies(std::vector<text_of_page> texts);

}  // namespace crawl
