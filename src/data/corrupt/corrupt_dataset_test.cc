// Corruptions of what tables and token ids a dataset feeds; those of images are in corrupt_test.cc.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "data/splits_internal.h"
#include "tare/data/corrupt/corrupt.h"
#include "tare/data/feed.h"

namespace tare::data {
namespace {

constexpr int64_t kTableRows = 5'000;

// Columns of integers, as a CSV file has them: a is 0 or 2 in turn, b is always 7; and a label.
std::shared_ptr<const Dataset> Columns() {
  std::vector<int64_t> a, b, label;
  for (int64_t i = 0; i < kTableRows; ++i) {
    a.push_back(2 * (i % 2));
    b.push_back(7);
    label.push_back(i % 3);
  }
  auto made = MakeDataset("table", {{"a", Tensor::Of<int64_t>({kTableRows}, a)},
                                    {"b", Tensor::Of<int64_t>({kTableRows}, b)},
                                    {"label", Tensor::Of<int64_t>({kTableRows}, label)}});
  return *std::move(made);
}

const std::vector<std::string> kInputs = {"a", "b"};

std::unique_ptr<Dataset> Corrupted(std::shared_ptr<const Dataset> dataset,
                                   std::span<const std::string> arrays, Corruption corruption,
                                   int64_t severity) {
  auto corrupted = CorruptDataset(std::move(dataset), arrays, {corruption, severity}, {});
  EXPECT_TRUE(corrupted) << corrupted.error().what;
  return *std::move(corrupted);
}

TEST(CorruptTablesTest, MovesEachColumnByAShareOfItsOwnSpread) {
  const auto shifted = Corrupted(Columns(), kInputs, Corruption::kShiftedColumns, 4);
  const auto values = shifted->ReadColumns(kInputs, NumbersFrom(0, 4));
  ASSERT_TRUE(values);
  // The spread of a is 1, severity 4 adds half of it; b does not vary.
  const std::vector<double> expected = {0.5, 7, 2.5, 7, 0.5, 7, 2.5, 7};
  EXPECT_EQ(std::vector<double>(values->data<double>().begin(), values->data<double>().end()),
            expected);
  EXPECT_EQ(shifted->Find("a")->dtype, DType::kFloat64);
  EXPECT_EQ(shifted->Find("label")->dtype, DType::kInt64);
  EXPECT_EQ(shifted->Read("label", NumbersFrom(0, 3))->data<int64_t>()[2], 2);
}

TEST(CorruptTablesTest, GivesAColumnTheSameWhicheverWayItIsRead) {
  const auto noisy = Corrupted(Columns(), kInputs, Corruption::kTableNoise, 3);
  const std::vector<int64_t> samples = {4, 0, 17};
  const auto rows = noisy->ReadColumns(kInputs, samples);
  const std::vector<std::string> turned = {"b", "a"};
  const auto other = noisy->ReadColumns(turned, samples);
  const auto alone = noisy->Read("a", samples);
  ASSERT_TRUE(rows && other && alone);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(rows->data<double>()[2 * i], alone->data<double>()[i]);
    EXPECT_EQ(other->data<double>()[2 * i + 1], alone->data<double>()[i]);
  }
}

TEST(CorruptTablesTest, DrawsForEachColumnByItself) {
  // Two columns with the same numbers get different noise: of 0.3 spreads, uncorrelated.
  std::vector<float> values;
  for (int64_t i = 0; i < kTableRows; ++i) values.push_back(static_cast<float>(2 * (i % 2)));
  auto made = MakeDataset("t", {{"a", Tensor::Of<float>({kTableRows}, values)},
                                {"b", Tensor::Of<float>({kTableRows}, values)}});
  const auto noisy = Corrupted(*std::move(made), kInputs, Corruption::kTableNoise, 3);
  const auto rows = noisy->ReadColumns(kInputs, NumbersFrom(0, kTableRows));
  ASSERT_TRUE(rows);
  double products = 0, squares = 0;
  for (size_t i = 0; i < static_cast<size_t>(kTableRows); ++i) {
    const double a = rows->data<double>()[2 * i] - static_cast<double>(values[i]);
    const double b = rows->data<double>()[2 * i + 1] - static_cast<double>(values[i]);
    products += a * b;
    squares += a * a;
  }
  // The deviation of the correlation of 5,000 pairs is 0.014, of the spread 1 %.
  EXPECT_NEAR(products / squares, 0, 0.06);
  EXPECT_NEAR(std::sqrt(squares / kTableRows), 0.3, 0.012);
}

TEST(CorruptTablesTest, TakesRowsOfOneArray) {
  std::vector<float> values;
  for (int64_t i = 0; i < kTableRows; ++i)
    values.insert(values.end(), {static_cast<float>(i % 2), 10, 100});
  auto made = MakeDataset("t", {{"x", Tensor::Of<float>({kTableRows, 3}, values)}});
  const std::vector<std::string> arrays = {"x"};
  const auto missing = Corrupted(*std::move(made), arrays, Corruption::kMissingValues, 5);
  const auto rows = missing->Read("x", NumbersFrom(0, kTableRows));
  ASSERT_TRUE(rows);
  int64_t lost = 0;
  for (size_t i = 0; i < static_cast<size_t>(kTableRows); ++i) {
    lost += rows->data<double>()[3 * i] == 0.5 ? 1 : 0;  // the mean
    EXPECT_EQ(rows->data<double>()[3 * i + 1], 10);
  }
  // Half of 5,000; four standard deviations are 141.
  EXPECT_NEAR(static_cast<double>(lost), kTableRows / 2.0, 145);
}

TEST(CorruptTablesTest, FeedsAFloatInputAndNeverOneOfIntegers) {
  const auto noisy = Corrupted(Columns(), kInputs, Corruption::kTableNoise, 3);
  const ValueInfo floats{"x", DType::kFloat32, {-1, 2}};
  const auto feed = Feed::Bind(*noisy, std::span(&floats, 1), {}, "label");
  ASSERT_TRUE(feed) << feed.error().what;
  EXPECT_TRUE(feed->Read(NumbersFrom(0, 2)));
  const ValueInfo integers{"x", DType::kInt64, {-1, 2}};
  EXPECT_FALSE(Feed::Bind(*noisy, std::span(&integers, 1), {}, "label"));
}

TEST(CorruptTablesTest, RefusesImagesAndClassesOfText) {
  auto made =
      MakeDataset("t", {{"images", Tensor::Of<uint8_t>({1, 8, 8}, std::vector<uint8_t>(64))}});
  const std::vector<std::string> images = {"images"};
  const auto refused = CorruptDataset(*std::move(made), images, {Corruption::kTableNoise, 3}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(refused.error().what.find(
                "table_noise is for tables; the model is fed 'images', uint8 [8, 8] a sample"),
            std::string::npos)
      << refused.error().what;
  EXPECT_NE(refused.error().next_step.find("gaussian_noise"), std::string::npos);
  auto csv = OpenBytes(Format::kCsv, "colour,label\nred,0\nblue,1\n");
  ASSERT_TRUE(csv);
  const std::vector<std::string> colour = {"colour"};
  EXPECT_FALSE(CorruptDataset(*std::move(csv), colour, {Corruption::kShiftedColumns, 3}, {}));
}

// Two texts of four and two tokens in rows of five; 9 is the padding, types have none to tell
// apart.
std::shared_ptr<const Dataset> Tokens() {
  const std::vector<int64_t> ids = {5, 6, 7, 8, 9, 3, 4, 9, 9, 9};
  const std::vector<int64_t> mask = {1, 1, 1, 1, 0, 1, 1, 0, 0, 0};
  const std::vector<int64_t> types = {0, 0, 1, 1, 0, 0, 1, 0, 1, 0};
  auto made = MakeDataset("tokens", {{"input_ids", Tensor::Of<int64_t>({2, 5}, ids)},
                                     {"attention_mask", Tensor::Of<int64_t>({2, 5}, mask)},
                                     {"token_type_ids", Tensor::Of<int64_t>({2, 5}, types)}});
  return *std::move(made);
}
const std::vector<std::string> kTokenArrays = {"input_ids", "attention_mask", "token_type_ids"};

TEST(CorruptTokensTest, CutsTheEndOffAndPadsAsTheDataDo) {
  const auto cut =
      Corrupted(Tokens(), kTokenArrays, Corruption::kTruncation, 4);  // keeps 0.45: 2 of 4, 1 of 2
  const auto read = [&](const char* name) {
    const auto tensor = cut->Read(name, NumbersFrom(0, 2));
    return std::vector<int64_t>(tensor->data<int64_t>().begin(), tensor->data<int64_t>().end());
  };
  EXPECT_EQ(read("input_ids"), (std::vector<int64_t>{5, 6, 9, 9, 9, 3, 9, 9, 9, 9}));
  EXPECT_EQ(read("attention_mask"), (std::vector<int64_t>{1, 1, 0, 0, 0, 1, 0, 0, 0, 0}));
  EXPECT_EQ(read("token_type_ids"), (std::vector<int64_t>{0, 0, 1, 1, 0, 0, 1, 0, 1, 0}));
}

TEST(CorruptTokensTest, SaysWhereTyposBelong) {
  for (const Corruption corruption : {Corruption::kTypos, Corruption::kCasing}) {
    const auto refused = CorruptDataset(Tokens(), kTokenArrays, {corruption, 3}, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(refused.error().next_step.find("before they become token ids"), std::string::npos);
  }
  const std::vector<std::string> ids = {"input_ids"};
  const auto refused = CorruptDataset(Tokens(), ids, {Corruption::kTruncation, 3}, {});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("whose name holds 'mask'"), std::string::npos);
}

TEST(FindCorruptionsTest, KnowsTablesAndTexts) {
  EXPECT_EQ((*FindCorruptions("missing_values", 2))[0],
            (CorruptionSpec{Corruption::kMissingValues, 2}));
  EXPECT_EQ((*ParseCorruptions("truncation:5"))[0], (CorruptionSpec{Corruption::kTruncation, 5}));
  EXPECT_EQ(FindCorruptions("all", 1)->size(), 15U);
  const auto tables = FindCorruptions("all_table", 1);
  ASSERT_TRUE(tables);
  ASSERT_EQ(tables->size(), 3U);
  EXPECT_EQ(Describe(tables->front()), "table_noise, severity 1");
  EXPECT_EQ(FindCorruptions("table_nois", 1).error().next_step, "did you mean 'table_noise'?");
}

}  // namespace
}  // namespace tare::data
