// Near duplicates among texts: recall and precision on pairs whose Jaccard index is known.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "data/check/minhash_internal.h"
#include "data/check/near_internal.h"
#include "data/check/shingles_internal.h"
#include "data/splits_internal.h"
#include "data/test_files_internal.h"
#include "tare/core/random.h"

namespace tare::data {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::unique_ptr<Dataset> Texts(const std::vector<std::string>& texts,
                               const std::string& name = "texts.jsonl") {
  std::string lines;
  for (const std::string& text : texts) lines += StrCat("{\"text\": \"", text, "\"}\n");
  return OpenBytes(Format::kJsonLines, lines, name).value();
}

Split AllTexts(std::string name, const Dataset& dataset,
               std::vector<std::string> arrays = {"text"}) {
  return {std::move(name), &dataset, std::move(arrays), NumbersFrom(0, dataset.num_samples())};
}

DuplicateOptions SingleWords() {
  DuplicateOptions options;
  options.shingles = {ShingleOptions::Unit::kWords, 1};
  return options;
}

std::string Words(const std::vector<uint64_t>& words) {
  std::string text;
  for (const uint64_t word : words) text += StrCat("w", word, " ");
  return text;
}

// Pairs of texts of `size` different words, `common` of them in both: of single words the Jaccard
// index is common / (2 size - common). Text 2 p and text 2 p + 1 are a pair; pairs share no word.
std::vector<std::string> PairsOf(uint64_t num_pairs, uint64_t size, uint64_t common) {
  std::vector<std::string> texts;
  uint64_t next = 0;
  for (uint64_t p = 0; p < num_pairs; ++p) {
    std::vector<uint64_t> first;
    for (uint64_t i = 0; i < size; ++i) first.push_back(next++);
    std::vector<uint64_t> second(first.begin(), first.begin() + static_cast<ptrdiff_t>(common));
    while (second.size() < size) second.push_back(next++);
    std::ranges::reverse(second);  // the order of single words does not matter
    texts.push_back(Words(first));
    texts.push_back(Words(second));
  }
  return texts;
}

int64_t NumNear(const DuplicateScan& scan) {
  return scan.shared.empty() ? 0 : scan.shared[0].num_near;
}

TEST(ShinglesTest, FollowsTheDefinition) {
  const ShingleOptions two{ShingleOptions::Unit::kCharacters, 2};
  EXPECT_THAT(internal::Shingles("  aB\t\nc ", two), ElementsAre(0x6162, 0x6220, 0x2063));
  EXPECT_THAT(internal::Shingles("a", two), ElementsAre(0x61));
  EXPECT_THAT(internal::Shingles(" \n", two), IsEmpty());
  const ShingleOptions words{ShingleOptions::Unit::kWords, 2};
  EXPECT_EQ(internal::Shingles("the cat  sat", words), internal::Shingles("The\tcat sat", words));
  EXPECT_EQ(internal::Shingles("the cat sat", words).size(), 2U);
  EXPECT_EQ(internal::Shingles("cat", words).size(), 1U);
}

TEST(ShinglesTest, TakesBytesThatAreNotUtf8AndNul) {
  const ShingleOptions three{ShingleOptions::Unit::kCharacters, 3};
  EXPECT_THAT(internal::Shingles("\xFF\xC3\x28", three), ElementsAre(0xFFC328));
  EXPECT_THAT(internal::Shingles(std::string_view("a\0b", 3), three), ElementsAre(0x612062));
}

TEST(JaccardTest, CountsCommonOfAll) {
  const std::vector<uint64_t> a{1, 2, 3, 5};
  const std::vector<uint64_t> b{2, 3, 4};
  EXPECT_EQ(internal::Jaccard(a, b), 2.0 / 5);
  EXPECT_EQ(internal::Jaccard(a, a), 1);
  EXPECT_EQ(internal::Jaccard(a, {}), 0);
  EXPECT_EQ(internal::Jaccard({}, {}), 1);
}

TEST(MinHashTest, IsTheLeastOfEachFunction) {
  // The definition, one component at a time.
  Random random(3);
  for (const size_t size : {0U, 1U, 7U, 200U}) {
    std::vector<uint32_t> hashes(size);
    for (uint32_t& hash : hashes) hash = static_cast<uint32_t>(random.Next());
    const auto signature = internal::MinHash(hashes);
    const auto& family = internal::MinHashFamily();
    for (size_t k = 0; k < signature.size(); ++k) {
      uint32_t least = 0xFFFFFFFFU;
      for (const uint32_t x : hashes)
        least = std::min(least, (x ^ family.mask[k]) * family.factor[k]);
      ASSERT_EQ(signature[k], least) << "component " << k << " of " << size << " hashes";
    }
  }
}

TEST(MinHashTest, EstimatesTheJaccardIndexWithoutBias) {
  // 400 pairs of sets of 200 with 100 in both: J = 1/3. Of 400 x 128 components the share of equal
  // ones has a standard error of at most sqrt(J (1 - J) / 51200) = 0.0021 were they independent;
  // 0.0125 is six of those.
  Random random(5);
  int64_t equal = 0;
  for (int pair = 0; pair < 400; ++pair) {
    std::vector<uint32_t> a(200);
    for (uint32_t& x : a) x = static_cast<uint32_t>(random.Next());
    std::vector<uint32_t> b = a;
    for (size_t i = 0; i < 100; ++i) b[i] = static_cast<uint32_t>(random.Next());
    const auto first = internal::MinHash(a);
    const auto second = internal::MinHash(b);
    for (size_t k = 0; k < first.size(); ++k) equal += first[k] == second[k] ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(equal) / (400.0 * 128), 1.0 / 3, 0.0125);
}

TEST(ChooseBandsTest, FindsThePairsAtTheThreshold) {
  for (const double jaccard : {0.3, 0.5, 0.8, 0.9, 1.0}) {
    const auto bands = internal::ChooseBands(jaccard);
    EXPECT_LE(bands.rows * bands.count, 128);
    EXPECT_GE(1 - std::pow(1 - std::pow(jaccard, bands.rows), bands.count), 0.98) << jaccard;
  }
  EXPECT_EQ(internal::ChooseBands(0.8).rows, 7);  // 1 - (1 - 0.8^7)^18 = 0.9855; 8 rows: 0.947
  EXPECT_EQ(internal::ChooseBands(0.8).count, 18);
}

TEST(ScanTextsTest, RecallAtTheThresholdIsAtLeast95Percent) {
  // 2,000 pairs with J = 160 / 200 = 0.8 exactly. Expected 98.5 %; below 97 % by chance with
  // probability under 10^-6.
  const auto dataset = Texts(PairsOf(2000, 180, 160));
  const Split splits[] = {AllTexts("data", *dataset)};
  const auto scan = ScanDuplicates(splits, NearMethod::kText, {}, SingleWords());
  ASSERT_TRUE(scan) << scan.error().what;
  EXPECT_GE(NumNear(*scan), 1940);
  EXPECT_LE(NumNear(*scan), 2000);
  EXPECT_EQ(scan->num_cut_short, 0);
  for (const SimilarPair& pair : scan->shared[0].examples) {
    EXPECT_EQ(pair.sample, pair.earlier_sample + 1);
    EXPECT_EQ(pair.sample % 2, 1);
    EXPECT_EQ(pair.similarity, 0.8);
  }
  for (const int64_t sample : scan->repeated[0]) EXPECT_EQ(sample % 2, 1);
}

TEST(ScanTextsTest, ReportsNoPairBelowTheThreshold) {
  // J = 159 / 201 = 0.791.
  const auto dataset = Texts(PairsOf(1000, 180, 159));
  const Split splits[] = {AllTexts("data", *dataset)};
  EXPECT_EQ(NumNear(ScanDuplicates(splits, NearMethod::kText, {}, SingleWords()).value()), 0);
}

TEST(ScanTextsTest, FindsEditsCaseAndWhiteSpace) {
  const auto dataset = Texts({"The quick brown fox jumps over the lazy dog near the river bank.",
                              "Something else entirely, about the weather in the north of Spain.",
                              "the  quick brown fox jumps over the lazy dog near the river bank.",
                              "The quick brown fox jumps over the lazy dog near the river bend."});
  const Split splits[] = {AllTexts("data", *dataset)};
  const auto scan = ScanDuplicates(splits, NearMethod::kText, {}, {}).value();
  ASSERT_EQ(scan.shared.size(), 1U);
  EXPECT_EQ(scan.shared[0].num_exact, 0);
  EXPECT_EQ(scan.shared[0].num_near, 2);
  EXPECT_THAT(scan.repeated[0], ElementsAre(2, 3));
}

TEST(ScanTextsTest, ComparesTextsAndNotTheirClassNumbers) {
  // The first text of each file is class 0 or 1 there.
  const auto calibration =
      Texts({"zebras graze in the evening light", "a text of its own, much longer"}, "a.jsonl");
  const auto test = Texts(
      {"zebras graze in the evening light", "quite another text, on other things"}, "b.jsonl");
  const Split splits[] = {AllTexts("calibration", *calibration), AllTexts("test", *test)};
  const auto scan = ScanDuplicates(splits, NearMethod::kText, {}, {}).value();
  ASSERT_EQ(scan.shared.size(), 1U);
  EXPECT_EQ(scan.shared[0].num_exact, 1);
  EXPECT_EQ(scan.shared[0].examples[0].sample, 0);
  EXPECT_EQ(scan.shared[0].examples[0].earlier_sample, 0);
  EXPECT_THAT(scan.shared_later[0], ElementsAre(0));
}

TEST(ScanTextsTest, StopsComparingWhereEverythingIsAlike) {
  // 3,000 forms of one text, all near: each is found by few comparisons, not by 4.5 million.
  std::vector<std::string> texts;
  const std::string form =
      "the same words of one form that everybody filled in, page after page, with number ";
  for (int i = 0; i < 3000; ++i) texts.push_back(StrCat(form, 10000 + i));
  const auto dataset = Texts(texts);
  const Split splits[] = {AllTexts("data", *dataset)};
  const auto scan = ScanDuplicates(splits, NearMethod::kText, {}, {}).value();
  EXPECT_EQ(NumNear(scan), 2999);
}

TEST(ScanTextsTest, TakesEmptyTextsAsEqual) {
  const auto dataset = Texts({"", " ", "", "something that is long enough"});
  const Split splits[] = {AllTexts("data", *dataset)};
  const auto scan = ScanDuplicates(splits, NearMethod::kText, {}, {}).value();
  ASSERT_EQ(scan.shared.size(), 1U);
  EXPECT_EQ(scan.shared[0].num_exact, 1);
  EXPECT_EQ(scan.shared[0].num_near, 0);
}

}  // namespace
}  // namespace tare::data
