// One model alone is judged as the baseline of a pair is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tare/evaluate/models/evaluate.h"
#include "tare/verdict/report.h"

namespace tare::evaluate {
namespace {

using testing::HasSubstr;
using verdict::Task;

constexpr int64_t kNumSamples = 120;
constexpr int64_t kBatch = 16;  // the last batch is shorter

enum class AnswerKind { kScores, kHard };  // what a classifier gives

struct ModelCase {
  Task task;
  Shape sample;  // of the output
  AnswerKind kind = AnswerKind::kScores;
};
void PrintTo(const ModelCase& c, std::ostream* out) { *out << verdict::TaskName(c.task); }

struct CaseData {
  std::vector<float> outputs;
  std::vector<int64_t> labels;
  std::vector<double> targets, widths;
};

CaseData MakeCaseData(const ModelCase& c) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  int64_t size = 1;
  for (const int64_t extent : c.sample) size *= extent;
  CaseData data;
  for (int64_t i = 0; i < kNumSamples; ++i) {
    data.labels.push_back(i % 7);
    data.widths.push_back(static_cast<double>(i % 4));
    for (int64_t d = 0; d < size; ++d) {
      const float x = normal(random);
      data.outputs.push_back(c.task == Task::kMultiLabel ? 0.5F + std::tanh(x) / 2 : x);
    }
    const int64_t num_targets = c.sample.size() == 2 ? c.sample[0] : size;
    for (int64_t t = 0; t < num_targets; ++t) {
      const auto near = static_cast<double>(data.outputs[static_cast<size_t>(i * size + t)]);
      data.targets.push_back(c.task == Task::kRegression   ? near + 0.1 * (i % 5)
                             : c.task == Task::kMultiLabel ? (near + 0.1 * (i % 3) > 0.6 ? 1 : 0)
                                                           : static_cast<double>((i + t) % 4 - 1));
    }
  }
  if (c.task == Task::kClassification) data.outputs[40] = NAN;  // a sample without an answer
  return data;
}

class CaseSource : public BatchSource {
 public:
  CaseSource(const ModelCase& c, const CaseData& data) : case_(c), data_(data) {}
  Result<std::optional<EvaluationBatch>> Next() override {
    const int64_t n = std::min(kBatch, kNumSamples - next_);
    if (n == 0) return std::optional<EvaluationBatch>();
    EvaluationBatch batch;
    batch.num_valid = n;
    const auto part = [&](const auto& values) {
      const auto each = std::ssize(values) / kNumSamples;
      return std::vector(values.begin() + next_ * each, values.begin() + (next_ + n) * each);
    };
    Shape shape = {n};
    shape.insert(shape.end(), case_.sample.begin(), case_.sample.end());
    batch.inputs.push_back({"x", Tensor::Of<float>(shape, part(data_.outputs))});
    batch.labels = part(data_.labels);
    batch.targets = part(data_.targets);
    batch.columns = {{"width", part(data_.widths)}};
    next_ += n;
    return std::optional(std::move(batch));
  }
  int64_t num_samples() const override { return kNumSamples; }

 private:
  const ModelCase& case_;
  const CaseData& data_;
  int64_t next_ = 0;
};

// Answers what it is asked times `factor`, and counts its runs.
RunnableModel Echo(const ModelCase& c, float factor, int& runs) {
  ValueInfo output{"y", c.kind == AnswerKind::kHard ? DType::kInt64 : DType::kFloat32, {-1}};
  if (c.kind == AnswerKind::kScores)
    output.shape.insert(output.shape.end(), c.sample.begin(), c.sample.end());
  return {{output},
          [&c, factor, &runs](std::span<const NamedTensor> inputs, const RunnableModel::Use& use) {
            ++runs;
            const Tensor& x = inputs[0].value;
            std::vector<float> scaled;
            std::vector<int64_t> classes;
            for (const float value : x.data<float>()) {
              scaled.push_back(factor * value);
              const float at = std::isfinite(value) ? std::abs(3 * value + factor) : 0;
              classes.push_back(static_cast<int64_t>(at) % 7);
            }
            const Tensor answer = c.kind == AnswerKind::kHard
                                      ? Tensor::Of<int64_t>({x.shape()[0]}, classes)
                                      : Tensor::Of<float>(x.shape(), scaled);
            const TensorView views[] = {{answer.dtype(), answer.shape(), answer.bytes()}};
            return use(views);
          }};
}

EvaluateOptions SmallOptions(Task task) {
  EvaluateOptions options;
  options.task = task;
  options.test.bootstrap.replicates = options.outputs.bootstrap.replicates = 300;
  options.test.slices = {{"wide", "width > 1"}, {"none", "width > 9"}};
  options.test.kpis = {{"twice", "2 * width"}, {"one", "1"}};
  return options;
}

// NaN is equal to itself here.
void ExpectSame(verdict::Estimate a, verdict::Estimate b, const std::string& name) {
  EXPECT_EQ(std::isnan(a.value), std::isnan(b.value)) << name;
  if (std::isnan(a.value)) a.value = b.value = 0;
  EXPECT_EQ(a, b) << name << ": " << a.value << " and " << b.value;
}

void ExpectSame(const verdict::Metrics& a, const verdict::Metrics& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].first, b[i].first);
    ExpectSame(a[i].second, b[i].second, a[i].first);
  }
}

void ExpectSame(const verdict::Side& a, const verdict::Side& b) {
  ExpectSame(a.metrics, b.metrics);
  ASSERT_EQ(a.per_class.size(), b.per_class.size());
  for (size_t c = 0; c < a.per_class.size(); ++c) {
    EXPECT_EQ(a.per_class[c].n, b.per_class[c].n);
    ExpectSame(a.per_class[c].recall, b.per_class[c].recall, "recall");
    ExpectSame(a.per_class[c].precision, b.per_class[c].precision, "precision");
    ExpectSame(a.per_class[c].f1, b.per_class[c].f1, "f1");
  }
  EXPECT_EQ(a.confusion, b.confusion);
  ASSERT_EQ(a.slices.size(), b.slices.size());
  for (size_t s = 0; s < a.slices.size(); ++s) {
    EXPECT_EQ(a.slices[s].name, b.slices[s].name);
    EXPECT_EQ(a.slices[s].text, b.slices[s].text);
    EXPECT_EQ(a.slices[s].n, b.slices[s].n);
    ExpectSame(a.slices[s].metrics, b.slices[s].metrics);
  }
}

class EvaluateModelTest : public testing::TestWithParam<ModelCase> {
 protected:
  Result<verdict::Evidence> Alone(int& runs) const {
    CaseSource source(GetParam(), data_);
    return EvaluateModel(Echo(GetParam(), 1, runs), source, SmallOptions(GetParam().task),
                         NoProgress());
  }
  Result<verdict::Evidence> Beside(float factor) const {
    int runs[2] = {0, 0};
    CaseSource source(GetParam(), data_);
    return Evaluate(Echo(GetParam(), 1, runs[0]), Echo(GetParam(), factor, runs[1]), source,
                    SmallOptions(GetParam().task), NoProgress());
  }
  CaseData data_ = MakeCaseData(GetParam());
};

TEST_P(EvaluateModelTest, GivesTheNumbersOfAPairOfTheModelWithItself) {
  int runs = 0;
  const auto alone = Alone(runs);
  const auto pair = Beside(1);
  ASSERT_TRUE(alone) << alone.error().what;
  ASSERT_TRUE(pair) << pair.error().what;
  EXPECT_EQ(runs, (kNumSamples + kBatch - 1) / kBatch);
  ExpectSame(alone->baseline, pair->baseline);
  EXPECT_FALSE(alone->baseline.metrics.empty());
  EXPECT_EQ(alone->baseline.slices.size(), 2);
  EXPECT_EQ(alone->task, GetParam().task);
  EXPECT_EQ(alone->n, pair->n);
  EXPECT_EQ(alone->scores, pair->scores);
  EXPECT_EQ(alone->confidence, pair->confidence);
  EXPECT_EQ(alone->replicates, pair->replicates);
  for (const verdict::Warning& warning : alone->warnings) {
    EXPECT_TRUE(std::ranges::any_of(pair->warnings, [&](const verdict::Warning& other) {
      return other.what == warning.what;
    })) << warning.what;
    EXPECT_THAT(warning.what, testing::Not(HasSubstr("candidate")));
  }
}

TEST_P(EvaluateModelTest, HoldsNothingOfACandidate) {
  int runs = 0;
  const auto alone = Alone(runs);
  ASSERT_TRUE(alone) << alone.error().what;
  EXPECT_FALSE(alone->paired);
  EXPECT_FALSE(alone->slice_findings);
  EXPECT_TRUE(alone->outputs.empty());
  const verdict::Side& candidate = alone->candidate;
  EXPECT_TRUE(candidate.metrics.empty() && candidate.per_class.empty() &&
              candidate.confusion.empty() && candidate.slices.empty());
}

// The draws are other ones, as the kinds of samples are; what is counted is the same.
TEST_P(EvaluateModelTest, CountsWhatTheBaselineOfAnyPairCounts) {
  int runs = 0;
  const auto alone = Alone(runs);
  const auto pair = Beside(-1);
  ASSERT_TRUE(alone) << alone.error().what;
  ASSERT_TRUE(pair) << pair.error().what;
  // Vectors that all point the other way have the same neighbours.
  EXPECT_EQ(pair->paired->counts.flips > 0, GetParam().task != Task::kEmbedding);
  EXPECT_EQ(alone->baseline.confusion, pair->baseline.confusion);
  for (const auto& [name, estimate] : alone->baseline.metrics) {
    const verdict::Estimate* other = verdict::FindMetric(pair->baseline.metrics, name);
    ASSERT_NE(other, nullptr) << name;
    // Sums over samples run in another order.
    EXPECT_NEAR(estimate.value, other->value, 1e-12 * std::abs(other->value)) << name;
    EXPECT_EQ(estimate.n, other->n) << name;
    if (estimate.share) ExpectSame(estimate, *other, name);
  }
}

TEST_P(EvaluateModelTest, StandsInAReportThatIsReadBack) {
  int runs = 0;
  const auto alone = Alone(runs);
  ASSERT_TRUE(alone) << alone.error().what;
  verdict::Report report;
  report.evidence = *alone;
  // A share of no sample is read back without its count of 0.
  std::erase_if(report.evidence.baseline.slices, [](const auto& slice) { return slice.n == 0; });
  const auto read = verdict::ReadReportJson(verdict::WriteReportJson(report), "r");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->evidence.task, alone->task);
  EXPECT_FALSE(read->evidence.paired);
  EXPECT_TRUE(read->evidence.candidate.metrics.empty());
  ExpectSame(read->evidence.baseline.metrics, alone->baseline.metrics);
  EXPECT_EQ(verdict::WriteReportJson(*read), verdict::WriteReportJson(report));
}

INSTANTIATE_TEST_SUITE_P(All, EvaluateModelTest,
                         testing::Values(ModelCase{Task::kClassification, {7}},
                                         ModelCase{Task::kClassification, {}, AnswerKind::kHard},
                                         ModelCase{Task::kRegression, {1}},
                                         ModelCase{Task::kMultiLabel, {4}},
                                         ModelCase{Task::kTokenClassification, {5, 3}},
                                         ModelCase{Task::kEmbedding, {6}}));

TEST(EvaluateModelErrorsTest, SayWhatIsNotJudged) {
  const ModelCase c{Task::kRegression, {1}};
  const CaseData data = MakeCaseData(c);
  CaseSource source(c, data);
  int runs = 0;
  const auto found =
      EvaluateModel(Echo(c, 1, runs), source, SmallOptions(Task::kOutputs), NoProgress());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(found.error().next_step, HasSubstr("choose one of classification"));
  EXPECT_EQ(runs, 0);
  const ModelCase nan{Task::kRegression, {1}};
  CaseData infinite = data;
  infinite.outputs[20] = INFINITY;
  CaseSource second(nan, infinite);
  const auto broken =
      EvaluateModel(Echo(nan, 1, runs), second, SmallOptions(Task::kRegression), NoProgress());
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().what, HasSubstr("not finite"));
}

}  // namespace
}  // namespace tare::evaluate
