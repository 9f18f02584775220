// Duplicates among rows, choosing what is compared, and input that is wrong or at its limits.

#include "tare/data/check/duplicates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data/splits_internal.h"
#include "data/test_files_internal.h"
#include "tare/core/random.h"

namespace tare::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::unique_ptr<Dataset> Rows(int64_t width, const std::vector<double>& values,
                              std::string source = "x.npy") {
  std::vector<NamedTensor> arrays;
  arrays.push_back({"x", Tensor::Of<double>({std::ssize(values) / width, width}, values)});
  return MakeDataset(std::move(source), std::move(arrays)).value();
}

Split AllRows(std::string name, const Dataset& dataset, std::vector<std::string> arrays = {"x"}) {
  return {std::move(name), &dataset, std::move(arrays), NumbersFrom(0, dataset.num_samples())};
}

Content ContentIn(const Dataset& dataset, const ContentRequest& request = {}) {
  const auto content = ContentOf(dataset, request);
  EXPECT_TRUE(content) << content.error().what;
  return content ? *content : Content();
}

TEST(ScanRowsTest, FindsRowsThatWereRounded) {
  // 2,000 rows of 10 numbers with deviation 0.29; 500 come again with differences of at most half
  // the tolerance. See duplicates_table.cc for what is missed: below 0.5 %.
  Random random(4);
  std::vector<double> first(20'000);
  for (double& x : first) x = random.Uniform();
  std::vector<double> second;
  for (size_t i = 0; i < 5000; ++i) second.push_back(first[i] + 0.00029 * (random.Uniform() - 0.5));
  for (size_t i = 0; i < 15'000; ++i) second.push_back(random.Uniform());
  const auto a = Rows(10, first);
  const auto b = Rows(10, second);
  const Split splits[] = {AllRows("calibration", *a), AllRows("test", *b)};
  const auto scan = ScanDuplicates(splits, NearMethod::kTable, {}, {}).value();
  ASSERT_EQ(scan.shared.size(), 1U);
  EXPECT_GE(scan.shared[0].num_near, 495);
  EXPECT_LE(scan.shared[0].num_near, 500);
  for (const SimilarPair& pair : scan.shared[0].examples)
    EXPECT_EQ(pair.sample, pair.earlier_sample);
}

TEST(ScanRowsTest, AsksEveryColumnToBeNear) {
  std::vector<double> values;
  Random random(4);
  for (int i = 0; i < 400; ++i) values.push_back(random.Uniform());
  for (int i = 0; i < 4; ++i) values.push_back(values[static_cast<size_t>(i)]);
  values.back() += 0.01;  // over 30 tolerances
  const auto dataset = Rows(4, values);
  const Split splits[] = {AllRows("data", *dataset)};
  EXPECT_THAT(ScanDuplicates(splits, NearMethod::kTable, {}, {}).value().shared, IsEmpty());
}

TEST(ScanRowsTest, ComparesWholeNumbersAndFewColumnsExactly) {
  const auto whole =
      OpenCsv("a,b,c,d\n1000,2000,3000,4000\n1000,2000,3000,4001\n1000,2000,3000,4000\n");
  const Split table[] = {AllRows("data", *whole, {"a", "b", "c", "d"})};
  const auto found = ScanDuplicates(table, NearMethod::kTable, {}, {}).value();
  EXPECT_EQ(found.shared[0].num_exact, 1);
  EXPECT_EQ(found.shared[0].num_near, 0);
  const auto narrow = Rows(1, {0.5, 0.5000001, 3.0, 0.5});
  const Split column[] = {AllRows("data", *narrow)};
  const auto scan = ScanDuplicates(column, NearMethod::kTable, {}, {}).value();
  EXPECT_EQ(scan.shared[0].num_exact, 1);
  EXPECT_EQ(scan.shared[0].num_near, 0);
}

TEST(ScanRowsTest, TakesNanAsEqualAndZeroWithoutSign) {
  const auto dataset = Rows(2, {NAN, 1, NAN, 1, 0.0, 2, -0.0, 2});
  const Split splits[] = {AllRows("data", *dataset)};
  EXPECT_EQ(ScanDuplicates(splits, NearMethod::kTable, {}, {}).value().shared[0].num_exact, 2);
}

TEST(ScanRowsTest, ComparesClassesByTheirText) {
  const auto a = OpenCsv("kind,n\nred,1\nblue,2\n", "a.csv");
  const auto b = OpenCsv("kind,n\nred,2\nred,1\ngreen,1\n", "b.csv");
  const Split splits[] = {AllRows("calibration", *a, {"kind", "n"}),
                          AllRows("test", *b, {"kind", "n"})};
  const auto scan = ScanDuplicates(splits, NearMethod::kTable, {}, {}).value();
  ASSERT_EQ(scan.shared.size(), 1U);
  EXPECT_EQ(scan.shared[0].num_exact, 1);
  EXPECT_EQ(scan.shared[0].examples[0].sample, 1);
}

TEST(ScanDuplicatesTest, CountsEachSampleOnceInAndAcrossSplits) {
  const auto a = Rows(1, {1, 2, 1, 3});
  const auto b = Rows(1, {1, 1, 4, 5});
  const auto c = Rows(1, {5, 3, 6, 1});
  const Split splits[] = {AllRows("calibration", *a), AllRows("search", *b), AllRows("test", *c)};
  const auto scan = ScanDuplicates(splits, NearMethod::kTable, {}, {}).value();
  EXPECT_EQ(scan.num_samples, 12);
  std::vector<std::string> found;
  for (const SharedSamples& shared : scan.shared) {
    found.push_back(StrCat(shared.split, "-", shared.earlier_split, " ", shared.num_exact));
  }
  EXPECT_THAT(found, ElementsAre("calibration-calibration 1", "search-calibration 2",
                                 "search-search 1", "test-calibration 2", "test-search 2"));
  EXPECT_THAT(scan.repeated[0], ElementsAre(2));
  EXPECT_THAT(scan.repeated[1], ElementsAre(1));
  EXPECT_THAT(scan.shared_later[1], ElementsAre(0, 3));
}

TEST(ScanDuplicatesTest, FindsEqualContentWithAnotherLabel) {
  const auto a = Rows(1, {1, 2, 1, 3});
  const auto b = Rows(1, {3, 2});
  const Split splits[] = {AllRows("calibration", *a), AllRows("test", *b)};
  const std::vector<std::vector<int64_t>> labels{{0, 1, 4, -1}, {2, 1}};
  const auto scan = ScanDuplicates(splits, NearMethod::kTable, labels, {}).value();
  EXPECT_EQ(scan.num_conflicts, 1);  // 3 has no label in calibration
  EXPECT_EQ(scan.conflicts[0].sample, 2);
  EXPECT_EQ(scan.conflicts[0].earlier_sample, 0);
}

TEST(ScanDuplicatesTest, TakesEmptySplitsAndSingleSamples) {
  const auto one = Rows(1, {1});
  const Split single[] = {AllRows("data", *one)};
  EXPECT_THAT(ScanDuplicates(single, NearMethod::kTable, {}, {}).value().shared, IsEmpty());
  const Split with_empty[] = {{"calibration", one.get(), {"x"}, {}}, AllRows("test", *one)};
  const auto scan = ScanDuplicates(with_empty, NearMethod::kTable, {}, {}).value();
  EXPECT_EQ(scan.num_samples, 1);
  EXPECT_THAT(scan.shared, IsEmpty());
  EXPECT_THAT(ScanDuplicates({}, NearMethod::kTable, {}, {}).value().shared, IsEmpty());
}

TEST(ScanDuplicatesTest, NamesSetsWithOtherArrays) {
  const auto a = Rows(2, {1, 2});
  const auto b = Rows(3, {1, 2, 3}, "b.npy");
  const Split widths[] = {AllRows("calibration", *a), AllRows("test", *b)};
  const auto scan = ScanDuplicates(widths, NearMethod::kTable, {}, {});
  ASSERT_FALSE(scan);
  EXPECT_THAT(scan.error().what,
              HasSubstr("the test set has 3 numbers a sample, the calibration set 2"));
  EXPECT_THAT(scan.error().next_step, HasSubstr("same columns"));
  const Split counts[] = {AllRows("calibration", *a), AllRows("test", *b, {"x", "x"})};
  EXPECT_THAT(ScanDuplicates(counts, NearMethod::kTable, {}, {}).error().what,
              HasSubstr("2 arrays to compare"));
}

TEST(ScanDuplicatesTest, NamesOptionsOutsideTheirRange) {
  const auto dataset = Rows(1, {1});
  const Split splits[] = {AllRows("data", *dataset)};
  DuplicateOptions options;
  options.jaccard = 0.1;
  EXPECT_THAT(ScanDuplicates(splits, NearMethod::kText, {}, options).error().next_step,
              HasSubstr("[0.3, 1]"));
  options = {};
  options.shingles.size = 9;
  EXPECT_THAT(ScanDuplicates(splits, NearMethod::kText, {}, options).error().what, HasSubstr("9"));
}

TEST(ScanDuplicatesTest, TakesAMillionTinyRows) {
  // 1,000,000 rows of two whole numbers below 1,000, drawn from 10^6 pairs: of n draws among m
  // cells m (1 - (1 - 1/m)^n) cells are met, 632,121, so 367,879 rows repeat; deviation below 500.
  Random random(8);
  std::vector<int16_t> values(2'000'000);
  for (int16_t& value : values) value = static_cast<int16_t>(random.Below(1000));
  std::vector<NamedTensor> arrays;
  arrays.push_back({"x", Tensor::Of<int16_t>({1'000'000, 2}, values)});
  const auto dataset = MakeDataset("x.npy", std::move(arrays)).value();
  const Split splits[] = {AllRows("data", *dataset)};
  const auto scan = ScanDuplicates(splits, NearMethod::kTable, {}, {}).value();
  EXPECT_NEAR(static_cast<double>(scan.shared[0].num_exact), 367'879, 2500);
}

TEST(ContentOfTest, ComparesTextBeforeImagesBeforeTables) {
  const auto texts =
      OpenBytes(Format::kJsonLines,
                "{\"id\": 7, \"q\": \"what is the weather like?\", \"label\": \"yes\"}\n"
                "{\"id\": 9, \"q\": \"and what was it before that?\", \"label\": \"no\"}\n",
                "q.jsonl")
          .value();
  const Content text = ContentIn(*texts, {.label = "label"});
  EXPECT_EQ(text.method, NearMethod::kText);
  EXPECT_THAT(text.arrays, ElementsAre("q"));
  EXPECT_EQ(ContentIn(*texts, {.arrays = {"id"}}).method, NearMethod::kTable);

  std::vector<NamedTensor> arrays;
  arrays.push_back({"labels", Tensor::Of<int64_t>({1}, std::vector<int64_t>{1})});
  arrays.push_back({"images", Tensor::Of<uint8_t>({1, 8, 8}, std::vector<uint8_t>(64))});
  const auto images = MakeDataset("i.npz", std::move(arrays)).value();
  EXPECT_EQ(ContentIn(*images, {.label = "labels"}).method, NearMethod::kImage);
  const Content table = ContentIn(*images, {.label = "labels", .method = NearMethod::kTable});
  EXPECT_THAT(table.arrays, ElementsAre("images"));
}

TEST(ContentOfTest, LeavesNumbersOfSamplesOut) {
  const auto dataset = OpenCsv("id,name,x,kind\n1,a,5,u\n2,b,5,v\n3,c,5,u\n");
  const Content content = ContentIn(*dataset);
  EXPECT_EQ(content.method, NearMethod::kTable);
  EXPECT_THAT(content.arrays, ElementsAre("x", "kind"));
  ASSERT_EQ(content.left_out.size(), 2U);
  EXPECT_THAT(content.left_out[0], HasSubstr("id: "));
}

TEST(ContentOfTest, SaysWhyNothingIsLeft) {
  const auto labels = OpenCsv("label\n1\n2\n");
  const auto nothing = ContentOf(*labels, {.label = "label"});
  ASSERT_FALSE(nothing);
  EXPECT_THAT(nothing.error().what, HasSubstr("x.csv has nothing to compare"));
  EXPECT_EQ(ContentOf(*labels, {.arrays = {"lable"}}).error().code, ErrorCode::kNotFound);
  const auto broken = OpenCsv("label,text\n1,a\xFF\n2,b\n");
  EXPECT_THAT(ContentOf(*broken, {.label = "label"}).error().what, HasSubstr("not UTF-8"));
}

}  // namespace
}  // namespace tare::data
