#include <crawl/near_duplicates.hpp>
#include <crawl/simhash.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace crawl;

namespace {

/// Words that mean nothing, the same for the same seed.
std::vector<std::string> words(int count, unsigned seed) {
    std::mt19937 chance(seed);
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) all.push_back("word" + std::to_string(chance() % 500));
    return all;
}

std::optional<std::uint64_t> simhash(const std::vector<std::string>& text, const char* between = " ") {
    text_simhash hash;
    for (const std::string& word : text) {
        hash.add(word);
        hash.add(between);
    }
    return hash.finish();
}

std::vector<near_copy> naive(const std::vector<text_of_page>& texts) {
    std::vector<near_copy> copies;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const int bits = distance(texts[i].simhash, texts[j].simhash);
            if (bits > most_distant_copy) continue;
            copies.push_back({texts[i].page, texts[j].page, bits});
            break;
        }
    }
    return copies;
}

std::string told(const std::vector<near_copy>& copies) {
    std::string text;
    for (const near_copy& c : copies) {
        text += std::to_string(c.page) + "~" + std::to_string(c.of) + " by " + std::to_string(c.distance) + "\n";
    }
    return text;
}

}  // namespace

TEST_SUITE("crawl/simhash") {
    TEST_CASE("white space and where pieces are cut do not matter") {
        const auto text = words(100, 1);
        text_simhash in_letters;
        for (const std::string& word : text) {
            for (const char& letter : word) in_letters.add({&letter, 1});
            in_letters.add("\n\t ");
        }
        CHECK(in_letters.finish() == simhash(text));
    }

    TEST_CASE("few words changed are few bits changed, other texts differ in many") {
        for (unsigned seed = 0; seed < 20; ++seed) {
            CAPTURE(seed);
            const auto text = words(2000, seed);
            auto changed = text;
            changed[500] = "another";
            const std::uint64_t hash = *simhash(text);
            CHECK(distance(hash, *simhash(changed)) <= most_distant_copy);
            CHECK(distance(hash, *simhash(words(2000, seed + 100))) > 10);
        }
    }

    TEST_CASE("a text has the hash that databases of earlier versions know it by") {
        CHECK(simhash(words(1003, 9)) == 0xf595bef7bbcb034fU);
    }

    TEST_CASE("the order of words matters") {
        auto text = words(200, 1);
        const std::uint64_t hash = *simhash(text);
        std::reverse(text.begin(), text.end());
        CHECK(distance(hash, *simhash(text)) > most_distant_copy);
    }

    TEST_CASE("a short text has no hash") {
        CHECK_FALSE(simhash(words(31, 1)));
        CHECK(simhash(words(32, 1)));
    }
}

TEST_SUITE("crawl/near_duplicates") {
    TEST_CASE("what is found is what comparing all pairs finds, wherever the bits differ") {
        std::mt19937_64 chance(7);
        std::vector<text_of_page> texts;
        while (texts.size() < 2000) {
            std::uint64_t hash = chance();
            // Up to four bits from a text before, so that some are just beyond.
            if (texts.size() > 100) hash = texts[chance() % texts.size()].simhash;
            for (std::uint64_t flips = chance() % 5; flips > 0; --flips) hash ^= std::uint64_t{1} << chance() % 64;
            texts.push_back({hash, chance(), texts.size() + 1});
        }
        CHECK(told(find_near_copies(texts)) == told(naive(texts)));
    }

    TEST_CASE("pages of equal content are no near duplicates of each other, pages of equal text are") {
        CHECK(told(find_near_copies({{5, 1, 10}, {5, 1, 11}, {5, 2, 12}, {5, 2, 13}, {4, 3, 14}})) ==
              "12~10 by 0\n14~10 by 1\n");
    }

    TEST_CASE("a hundred thousand texts that share a part of their hash are done with all the same") {
        std::mt19937_64 chance(7);
        std::vector<text_of_page> texts;
        for (url_id i = 1; i <= 100'000; ++i) texts.push_back({chance() >> 16U, i, i});
        texts.push_back({texts[5].simhash ^ 1U, 0, 100'001});
        CHECK(told(find_near_copies(texts)).find("100001~6 by 1") != std::string::npos);
    }
}
