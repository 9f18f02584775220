#include "tare/calibrate/calibrate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cfloat>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace tare::calibrate {
namespace {

using testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

// A source of batches that are given.
BatchSource SourceOf(std::vector<Batch> batches) {
  return
      [batches = std::move(batches), next = size_t{0}]() mutable -> Result<std::optional<Batch>> {
        if (next == batches.size()) return std::optional<Batch>();
        return std::optional<Batch>(batches[next++]);
      };
}

Batch BatchOf(Shape shape, const std::vector<float>& values, int64_t num_samples) {
  return {{{"x", Tensor::Of<float>(std::move(shape), values)}}, num_samples};
}

// A model that shows its first input as it is.
Result<void> Echo(std::span<const NamedTensor> inputs, const UseOutputs& use) {
  const Tensor& value = inputs.front().value;
  const TensorView view{value.dtype(), value.shape(), value.bytes()};
  return use({&view, 1});
}

const std::vector<ValueInfo> kOneOutput{{"y", DType::kFloat32, {-1, -1}}};

TEST(CalibrateTest, ObservesEveryBatch) {
  const auto result = Calibrate(
      kOneOutput, Echo, SourceOf({BatchOf({2, 2}, {1, 2, 0, -4}, 2), BatchOf({1, 2}, {9, 5}, 1)}),
      {}, NoProgress());
  ASSERT_TRUE(result) << result.error().what;
  EXPECT_EQ(result->num_samples, 3);
  ASSERT_EQ(result->tensors.size(), 1U);
  EXPECT_EQ(result->tensors[0].name, "y");
  const TensorStatistics& statistics = result->tensors[0].statistics;
  EXPECT_EQ(statistics.counts().num_values, 6);
  EXPECT_EQ(statistics.counts().num_zeros, 1);
  EXPECT_EQ(statistics.min(), -4);
  EXPECT_EQ(statistics.max(), 9);
}

TEST(CalibrateTest, LeavesPaddingRowsOut) {
  const auto result =
      Calibrate(kOneOutput, Echo, SourceOf({BatchOf({3, 1}, {1, 2, 100}, 2)}), {}, NoProgress());
  ASSERT_TRUE(result) << result.error().what;
  EXPECT_EQ(result->num_samples, 2);
  EXPECT_EQ(result->tensors[0].statistics.max(), 2);
}

TEST(CalibrateTest, ConvertsFloat16) {
  const std::vector<ValueInfo> outputs{{"y", DType::kFloat16, {}}};
  const auto run = [](std::span<const NamedTensor>, const UseOutputs& use) {
    const std::vector<uint16_t> halves{0x3C00, 0xC000};  // 1, -2
    const Shape shape{2};
    const TensorView view{DType::kFloat16, shape, std::as_bytes(std::span(halves))};
    return use({&view, 1});
  };
  const auto result = Calibrate(outputs, run, SourceOf({BatchOf({1}, {0}, 1)}), {}, NoProgress());
  ASSERT_TRUE(result) << result.error().what;
  EXPECT_EQ(result->tensors[0].statistics.min(), -2);
  EXPECT_EQ(result->tensors[0].statistics.max(), 1);
}

TEST(CalibrateTest, ObservesAnOutputWithoutElementsAsNothing) {
  const auto result =
      Calibrate(kOneOutput, Echo, SourceOf({BatchOf({1, 0}, {}, 1)}), {}, NoProgress());
  ASSERT_TRUE(result) << result.error().what;
  EXPECT_EQ(result->tensors[0].statistics.counts().num_values, 0);
}

TEST(CalibrateTest, StopsAtNanAndNamesTensorAndSample) {
  for (const float bad : {kNan, kInf}) {
    const auto result = Calibrate(
        kOneOutput, Echo,
        SourceOf({BatchOf({2, 2}, {1, 2, 3, 4}, 2), BatchOf({3, 2}, {1, 2, 3, bad, 5, 6}, 3)}), {},
        NoProgress());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kFailedPrecondition);
    EXPECT_THAT(result.error().what, HasSubstr("tensor 'y'"));
    EXPECT_THAT(result.error().what, HasSubstr("sample 3 "));  // second row behind two samples
    EXPECT_THAT(result.error().what, HasSubstr(bad == kInf ? "infinite" : "NaN"));
    EXPECT_THAT(result.error().next_step, HasSubstr("tare data check"));
  }
}

TEST(CalibrateTest, NamesTheSamplesOfTheBatchWhenRowsAreNotOnTheFirstAxis) {
  const auto run = [](std::span<const NamedTensor>, const UseOutputs& use) {
    const std::vector<float> values{1, kNan, 2};
    const Shape shape{3};
    const TensorView view{DType::kFloat32, shape, std::as_bytes(std::span(values))};
    return use({&view, 1});
  };
  const auto several =
      Calibrate(kOneOutput, run, SourceOf({BatchOf({2}, {0, 0}, 2)}), {}, NoProgress());
  EXPECT_THAT(several.error().what, HasSubstr("one of the samples 0 to 1"));
  const auto one = Calibrate(kOneOutput, run, SourceOf({BatchOf({1}, {0}, 1)}), {}, NoProgress());
  EXPECT_THAT(one.error().what, HasSubstr("for sample 0 "));
}

TEST(CalibrateTest, GoesOnAtNanWhenAskedTo) {
  const auto result = Calibrate(kOneOutput, Echo, SourceOf({BatchOf({1, 3}, {1, kNan, 2}, 1)}),
                                {.non_finite = CalibrateOptions::NonFinite::kCount}, NoProgress());
  ASSERT_TRUE(result) << result.error().what;
  EXPECT_TRUE(result->tensors[0].statistics.broken());
  EXPECT_EQ(result->tensors[0].statistics.max(), 2);
}

TEST(CalibrateTest, MasksDoNotStopTheRun) {
  const auto result = Calibrate(
      kOneOutput, Echo, SourceOf({BatchOf({1, 3}, {1, -FLT_MAX, -kInf}, 1)}), {}, NoProgress());
  ASSERT_TRUE(result) << result.error().what;
  EXPECT_TRUE(result->tensors[0].statistics.masked());
  EXPECT_EQ(result->tensors[0].statistics.min(), 1);
}

TEST(CalibrateTest, RefusesOutputsThatAreNotFloat) {
  const std::vector<ValueInfo> outputs{{"ids", DType::kInt64, {-1}}};
  const auto result = Calibrate(outputs, Echo, SourceOf({}), {}, NoProgress());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(result.error().what, HasSubstr("'ids' is int64"));
  EXPECT_THAT(result.error().next_step, HasSubstr("leave it out"));
}

TEST(CalibrateTest, RefusesNoSamples) {
  const auto none = Calibrate(kOneOutput, Echo, SourceOf({}), {}, NoProgress());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(none.error().next_step, HasSubstr("at least one sample"));
  const auto empty =
      Calibrate(kOneOutput, Echo, SourceOf({BatchOf({0, 2}, {}, 0)}), {}, NoProgress());
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code, ErrorCode::kInvalidArgument);
}

TEST(CalibrateTest, PassesErrorsOn) {
  const BatchSource broken = []() -> Result<std::optional<Batch>> {
    return DataLoss("the file is cut short", "copy it again");
  };
  EXPECT_EQ(Calibrate(kOneOutput, Echo, broken, {}, NoProgress()).error().code,
            ErrorCode::kDataLoss);
  const Runner failing = [](std::span<const NamedTensor>, const UseOutputs&) -> Result<void> {
    return Unsupported("the runtime failed", "look at the model");
  };
  EXPECT_EQ(Calibrate(kOneOutput, failing, SourceOf({BatchOf({1}, {1}, 1)}), {}, NoProgress())
                .error()
                .code,
            ErrorCode::kUnsupported);
}

class Recorder : public Progress {
 public:
  explicit Recorder(int64_t stop_after) : stop_after_(stop_after) {}
  void Begin(std::string_view step, int64_t total) override {
    log_ += std::string(step) + " " + std::to_string(total) + ";";
  }
  void Update(int64_t done) override {
    done_ = done;
    log_ += std::to_string(done) + ";";
  }
  void End(std::string_view summary) override { log_ += summary; }
  bool cancelled() const override { return done_ >= stop_after_; }
  const std::string& log() const { return log_; }

 private:
  int64_t stop_after_;
  int64_t done_ = 0;
  std::string log_;
};

TEST(CalibrateTest, ReportsProgressInSamples) {
  Recorder progress(100);
  ASSERT_TRUE(Calibrate(kOneOutput, Echo,
                        SourceOf({BatchOf({2, 1}, {1, 2}, 2), BatchOf({1, 1}, {3}, 1)}),
                        {.num_samples = 3}, progress));
  EXPECT_EQ(progress.log(), "calibrate 3;2;3;1 tensors, 3 samples");
}

TEST(CalibrateTest, StopsBetweenBatchesWhenCancelled) {
  Recorder progress(2);
  const auto result =
      Calibrate(kOneOutput, Echo, SourceOf({BatchOf({2, 1}, {1, 2}, 2), BatchOf({1, 1}, {3}, 1)}),
                {}, progress);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(progress.log(), "calibrate 0;2;");
}

}  // namespace
}  // namespace tare::calibrate
