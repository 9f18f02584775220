#include "tare/calibrate/calibration_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <numeric>
#include <string>

#include "calibrate/test_distributions_internal.h"
#include "tare/core/file.h"

namespace tare::calibrate {
namespace {

using internal::Draw;
using internal::ObserverOf;
using testing::HasSubstr;

const CalibrationOrigin kOrigin{"0.1.0", "aa11", "bb22"};

ObservedTensor Observed(std::string name, const std::vector<float>& values) {
  return {std::move(name), ObserverOf(values).statistics()};
}

Observations Example() {
  Observations observations;
  observations.num_samples = 3;
  for (const auto& distribution : internal::TestDistributions()) {
    observations.tensors.push_back(Observed(distribution.name, Draw(distribution.draw, 5000, 1)));
  }
  observations.tensors.push_back(Observed("zero", std::vector<float>(10, 0.0F)));
  observations.tensors.push_back(Observed("tiny \"quoted\" \n/\xC3\xA9", {FLT_TRUE_MIN, -1e-40F}));
  observations.tensors.push_back(Observed("huge", {FLT_MAX, -9e29F}));
  observations.tensors.push_back(Observed("masked", {1, -FLT_MAX, -HUGE_VALF}));
  observations.tensors.push_back(Observed("broken", {1, std::nanf("")}));
  observations.tensors.push_back(Observed("nothing", {}));
  return observations;
}

CalibrationTable ExampleTable() {
  auto table = MakeTable(Example(), kOrigin, {});
  EXPECT_TRUE(table) << table.error().what;
  return *std::move(table);
}

TEST(MakeTableTest, SummarisesByHand) {
  Observations observations{{Observed("t", {0, 0, 1, 3, -2, 4})}, 2};
  const auto table = MakeTable(observations, kOrigin, {});
  ASSERT_TRUE(table) << table.error().what;
  EXPECT_EQ(table->num_samples, 2);
  const CalibratedTensor* tensor = table->Find("t");
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(tensor->counts.num_values, 6);
  EXPECT_EQ(tensor->min, -2);
  EXPECT_EQ(tensor->max, 4);
  EXPECT_DOUBLE_EQ(tensor->mean, 1);
  EXPECT_DOUBLE_EQ(tensor->standard_deviation, 2);  // (1 + 1 + 0 + 4 + 9 + 9) / 6 = 4
  EXPECT_EQ(table->RangeOf("t", RangeMethod::kMinMax)->max, 4);
}

TEST(MakeTableTest, DigestHoldsEveryValueInItsBin) {
  Random random(1);
  std::vector<float> values(40000);
  for (float& x : values) x = static_cast<float>(random.Uniform() * 64 - 16);
  values.push_back(-16);  // the ends of the digest
  values.push_back(48);
  for (int i = 0; i < 4998; ++i) values.push_back(0);
  Observations observations{{Observed("t", values)}, 1};
  const auto table = MakeTable(observations, kOrigin, {});
  const HistogramDigest& digest = table->tensors[0].histogram;
  ASSERT_EQ(digest.counts.size(), 64U);
  EXPECT_EQ(std::accumulate(digest.counts.begin(), digest.counts.end(), int64_t{0}), 45000);
  // 625 a bin and bins of the histogram that lie across an edge: five deviations of 25 and some.
  for (size_t i = 0; i < 64; ++i) EXPECT_NEAR(digest.counts[i], i == 16 ? 5623 : 625, 150) << i;
}

TEST(MakeTableTest, IsTheSameForAnyNumberOfThreads) {
  const auto one = MakeTable(Example(), kOrigin, {}, 1);
  const auto four = MakeTable(Example(), kOrigin, {}, 4);
  EXPECT_EQ(*one, *four);
}

TEST(MakeTableTest, RefusesANameTwiceAndBadOptions) {
  Observations twice{{Observed("t", {1}), Observed("t", {2})}, 1};
  EXPECT_EQ(MakeTable(twice, kOrigin, {}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(MakeTable(Example(), kOrigin, {.percentile = 3}).error().code,
            ErrorCode::kInvalidArgument);
}

TEST(CalibrationTableTest, SaysWhyThereIsNoRange) {
  const CalibrationTable table = ExampleTable();
  const auto absent = table.RangeOf("absent", RangeMethod::kMse);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(absent.error().next_step, HasSubstr("tare calibrate"));
  const auto broken = table.RangeOf("broken", RangeMethod::kMse);
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().what, HasSubstr("1 NaN"));
  EXPECT_THAT(broken.error().next_step, HasSubstr("float"));
  EXPECT_FALSE(table.RangeOf("nothing", RangeMethod::kMse));
  EXPECT_TRUE(table.Find("masked")->masked());
}

TEST(CalibrationJsonTest, ReadsBackWhatItWrote) {
  const CalibrationTable table = ExampleTable();
  const auto text = CalibrationJson(table);
  ASSERT_TRUE(text) << text.error().what;
  const auto read = ParseCalibration(*text, "calibration.json");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(*read, table);
  EXPECT_EQ(*CalibrationJson(*read), *text);
}

TEST(CalibrationJsonTest, ReadsBackEveryFloat) {
  Random random(2);
  CalibrationTable table{kOrigin, 1, {}, {}};
  for (int i = 0; i < 2000; ++i) {
    CalibratedTensor tensor;
    tensor.name = std::to_string(i);
    const auto bits = static_cast<uint32_t>(random.Next()) & 0x7FFFFFFFU;
    tensor.max = std::bit_cast<float>(bits);
    if (!std::isfinite(tensor.max)) tensor.max = FLT_MAX;
    tensor.min = -tensor.max;
    table.tensors.push_back(tensor);
  }
  const auto read = ParseCalibration(*CalibrationJson(table), "f");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(*read, table);
}

TEST(CalibrationJsonTest, WritesAndReadsFiles) {
  const auto folder = TemporaryFolder::Create();
  const std::string path = folder->path() + "/calibration.json";
  const CalibrationTable table = ExampleTable();
  ASSERT_TRUE(WriteCalibration(table, path));
  EXPECT_EQ(*ReadCalibration(path), table);
  EXPECT_EQ(ReadCalibration(folder->path() + "/no").error().code, ErrorCode::kNotFound);
}

TEST(CalibrationJsonTest, StillReadsTheFirstVersion) {
  const auto table = ReadCalibration("tests/formats/calibration-1.json");
  ASSERT_TRUE(table) << table.error().what;
  EXPECT_EQ(table->origin, (CalibrationOrigin{"0.1.0", "aa11", "bb22"}));
  EXPECT_EQ(table->num_samples, 2);
  EXPECT_EQ(*table->RangeOf("relu", RangeMethod::kMse), (ValueRange{0, 3.5F}));
  EXPECT_EQ(table->Find("relu")->histogram.counts, (std::vector<int64_t>{3, 1}));
  EXPECT_FALSE(table->Find("broken")->ranges);
}

TEST(CalibrationJsonTest, RefusesNamesThatAreNotUtf8) {
  CalibrationTable table = ExampleTable();
  table.tensors[0].name = "\xFF\xFE";
  const auto text = CalibrationJson(table);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(text.error().next_step, HasSubstr("UTF-8"));
}

// The example with one piece replaced by another.
Result<CalibrationTable> ParseWith(const std::string& from, const std::string& to) {
  Observations observations{{Observed("t", {0, 1, -2, 4})}, 2};
  std::string text = *CalibrationJson(*MakeTable(observations, kOrigin, {}));
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " is not in " << text;
  text.replace(at, from.size(), to);
  return ParseCalibration(text, "cal.json");
}

TEST(CalibrationJsonTest, NamesFilePlaceAndKeyOfWhatIsWrong) {
  const std::string huge = "\"num_values\":18446744073709551615";
  const struct {
    const char *from, *to, *what;
  } cases[] = {
      {"\"num_samples\": 2", "\"num_samples\": -2", "cal.json: 'num_samples' is -2"},
      {"\"num_samples\": 2", "\"num_samples\": \"2\"", "'num_samples' is not a whole number"},
      {"\"num_samples\": 2,", "", "'num_samples' is missing"},
      {"\"num_values\":4", huge.c_str(), "tensor 't': 'num_values' is not a whole number"},
      {"\"num_values\":4", "\"num_values\":4.5", "tensor 't': 'num_values' is not a whole number"},
      {"\"num_zeros\":1", "\"num_zeros\":5", "tensor 't': 'num_zeros' is 5, not in [0, 4]"},
      {"\"max\":4.0", "\"max\":1e39", "tensor 't': 'max' is 1e+39"},
      {"\"min\":-2.0", "\"min\":5.0", "tensor 't': 'min' is above 'max'"},
      {"\"minmax\":", "\"minmix\":", "tensor 't': ranges: 'minmax' is missing"},
      {"\"minmax\":{\"min\":-2.0", "\"minmax\":{\"min\":2.0", "minmax: 'min' is above 0"},
      {"\"name\":\"t\"", "\"name\":7", "tensor number 0: 'name' is not text"},
      {"\"counts\":[1,", "\"counts\":[-1,", "histogram: 'counts' holds something"},
      {"\"counts\":[", "\"counts\":[0,", "histogram: 'counts' has 65 bins"},
      {"\"quant_max\":255", "\"quant_max\":1", "'grid' is not usable"},
      {"\"zero_point\":\"free\"", "\"zero_point\":\"any\"", "grid: 'zero_point' is 'any'"},
      {"\"tensors\": [", "\"tensors\": [1,", "tensor number 0: 'name' is missing"},
      {"\"grid\": {", "\"grid\": 3, \"x\": {", "'grid' is not a map"},
  };
  for (const auto& [from, to, what] : cases) {
    const auto table = ParseWith(from, to);
    ASSERT_FALSE(table) << to;
    EXPECT_EQ(table.error().code, ErrorCode::kInvalidArgument) << to;
    EXPECT_THAT(table.error().what, HasSubstr("cal.json: "));
    EXPECT_THAT(table.error().what, HasSubstr(what));
    EXPECT_THAT(table.error().next_step, HasSubstr("tare calibrate"));
  }
}

TEST(CalibrationJsonTest, RefusesWhatIsNotATable) {
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("\0\0", 2), std::string("{\"a\": NaN}"),
        std::string(100000, '['), std::string("{\"\xFF\": 1}"), std::string("1e999"),
        std::string((16 << 20) + 1, ' ')}) {
    const auto table = ParseCalibration(text, "cal.json");
    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().code, ErrorCode::kDataLoss) << text.substr(0, 20);
    EXPECT_THAT(table.error().next_step, HasSubstr("tare calibrate"));
  }
  for (const char* text : {"[]", "3", "null", "\"text\"", "{}"}) {
    EXPECT_EQ(ParseCalibration(text, "f").error().code, ErrorCode::kInvalidArgument) << text;
  }
}

TEST(CalibrationJsonTest, RefusesEveryTruncation) {
  const std::string text = *CalibrationJson(ExampleTable());
  for (size_t size = 0; size + 2 < text.size(); size += 97) {
    EXPECT_FALSE(ParseCalibration(text.substr(0, size), "f")) << size;
  }
}

TEST(CalibrationJsonTest, RefusesANewerVersionAndIgnoresUnknownKeys) {
  const auto newer = ParseWith("\"schema_version\": 1", "\"schema_version\": 2");
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, ErrorCode::kUnsupported);
  EXPECT_TRUE(ParseWith("\"num_samples\": 2", "\"new_key\": [1], \"num_samples\": 2"));
}

TEST(CalibrationJsonTest, RefusesATensorTwice) {
  const std::string text = *CalibrationJson(ExampleTable());
  std::string twice = text;
  const size_t at = twice.find("\"name\":\"laplace\"");
  twice.replace(at, 16, "\"name\":\"gauss\"");
  EXPECT_THAT(ParseCalibration(twice, "f").error().what, HasSubstr("'gauss' is there twice"));
}

}  // namespace
}  // namespace tare::calibrate
