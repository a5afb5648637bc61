#include "near_duplicates.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <tuple>

#include "simhash.hpp"

namespace crawl {
namespace {

// Of four parts of a hash at least one is equal where three bits differ.
constexpr int parts_of_hash = 4;
constexpr int bits_of_part = 64 / parts_of_hash;
static_assert(parts_of_hash > most_distant_copy);
// Keeps a site that makes such hashes from making this take for ever.
constexpr std::size_t most_compared = 4096;

/// Pages of one hash: the first stands for all of them.
struct group {
    std::uint64_t simhash;
    url_id page;
    std::uint64_t nearest = 0;  // the earliest that is near, and in the lowest 8 bits its distance; 0: none
};

/// The part that sorting begins with goes to the front.
std::uint64_t turned(std::uint64_t simhash, int part) noexcept { return std::rotl(simhash, part * bits_of_part); }

/// Leaves one page of each content. Groups those of equal hash; those that are not the first of theirs are copies.
std::vector<group> group_equal(std::vector<text_of_page>& texts, std::vector<near_copy>& copies) {
    const auto order = [](const text_of_page& t) { return std::tie(t.simhash, t.content_hash, t.page); };
    std::sort(texts.begin(), texts.end(), [&](const auto& a, const auto& b) { return order(a) < order(b); });
    const auto same_content = [](const text_of_page& a, const text_of_page& b) {
        return a.simhash == b.simhash && a.content_hash == b.content_hash;
    };
    texts.erase(std::unique(texts.begin(), texts.end(), same_content), texts.end());
    std::vector<group> groups;
    for (auto at = texts.begin(); at != texts.end();) {
        const auto end = std::find_if(at, texts.end(), [&](const text_of_page& t) { return t.simhash != at->simhash; });
        const auto first =
            std::min_element(at, end, [](const auto& a, const auto& b) { return a.page < b.page; })->page;
        groups.push_back({at->simhash, first});
        for (; at != end; ++at) {
            if (at->page != first) copies.push_back({at->page, first, 0});
        }
    }
    return groups;
}

near_copy near(url_id page, std::uint64_t nearest) { return {page, nearest >> 8U, static_cast<int>(nearest & 0xffU)}; }

/// The later of the two takes note of the earlier one, if that is the earliest so far.
void take_note_if_near(group& a, group& b) {
    const int bits = distance(a.simhash, b.simhash);
    if (bits > most_distant_copy) return;
    group& later = a.page < b.page ? b : a;
    const group& earlier = a.page < b.page ? a : b;
    const std::uint64_t found = earlier.page << 8U | static_cast<std::uint8_t>(bits);
    if (later.nearest == 0 || found < later.nearest) later.nearest = found;
}

}  // namespace

std::vector<near_copy> find_near_copies(std::vector<text_of_page> texts) {
    std::vector<near_copy> copies;
    std::vector<group> groups = group_equal(texts, copies);
    texts = {};
    for (int part = 0; part < parts_of_hash; ++part) {
        std::sort(groups.begin(), groups.end(),
                  [part](const group& a, const group& b) { return turned(a.simhash, part) < turned(b.simhash, part); });
        for (std::size_t i = 0; i < groups.size(); ++i) {
            const std::size_t end = std::min(groups.size(), i + most_compared);
            const std::uint64_t front = turned(groups[i].simhash, part) >> (64 - bits_of_part);
            for (std::size_t j = i + 1; j < end; ++j) {
                if (turned(groups[j].simhash, part) >> (64 - bits_of_part) != front) break;
                take_note_if_near(groups[i], groups[j]);
            }
        }
    }
    std::sort(groups.begin(), groups.end(), [](const group& a, const group& b) { return a.page < b.page; });
    // What is near to the first page of a hash is near to all pages of that hash.
    for (near_copy& copy : copies) {
        const auto first =
            std::partition_point(groups.begin(), groups.end(), [&](const group& g) { return g.page < copy.of; });
        if (first->nearest != 0) copy = near(copy.page, first->nearest);
    }
    for (const group& g : groups) {
        if (g.nearest != 0) copies.push_back(near(g.page, g.nearest));
    }
    std::sort(copies.begin(), copies.end(), [](const auto& a, const auto& b) { return a.page < b.page; });
    return copies;
}

}  // namespace crawl
