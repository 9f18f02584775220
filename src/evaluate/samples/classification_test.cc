#include "tare/evaluate/samples/classification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "evaluate/samples/classification_internal.h"
#include "stats/resample_internal.h"
#include "tare/core/random.h"
#include "tare/stats/proportion.h"

namespace tare::evaluate {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

nlohmann::json Golden() {
  std::ifstream in("tests/golden/classification.json");
  return nlohmann::json::parse(in);
}

std::vector<double> Flat(const nlohmann::json& rows) {
  std::vector<double> out;
  for (const auto& row : rows) {
    for (const float value : row) out.push_back(value);
  }
  return out;
}

TestOptions FastOptions() {
  TestOptions options;
  options.bootstrap.replicates = 500;
  return options;
}

// A golden case as one evaluation, fed in batches of 16.
TestEvidence RunCase(const nlohmann::json& test, TestOptions options) {
  auto evaluation = ClassificationEvaluation::Create(std::move(options));
  EXPECT_TRUE(evaluation);
  const std::vector<int64_t> labels = test["labels"];
  const auto width = test["classes"].get<size_t>();
  const std::vector<double> sides[] = {Flat(test["sides"][0]["logits"]),
                                       Flat(test["sides"][1]["logits"])};
  for (size_t first = 0; first < labels.size(); first += 16) {
    const size_t rows = std::min<size_t>(16, labels.size() - first);
    ClassificationBatch batch;
    batch.labels = std::span(labels).subspan(first, rows);
    batch.num_classes = static_cast<int64_t>(width);
    batch.baseline.scores = std::span(sides[0]).subspan(first * width, rows * width);
    batch.candidate.scores = std::span(sides[1]).subspan(first * width, rows * width);
    const auto added = evaluation->Add(batch);
    EXPECT_TRUE(added) << added.error().what;
  }
  return evaluation->Finish();
}

TEST(ClassificationEvaluationTest, AgreesWithScikitLearn) {
  const auto golden = Golden();
  for (const auto& test : golden["cases"]) {
    const auto found = RunCase(test, FastOptions());
    EXPECT_EQ(found.scores, "logits");
    EXPECT_EQ(found.paired->counts.flips, test["flips"]);
    EXPECT_EQ(found.paired->counts.harmful, test["harmful"]);
    EXPECT_EQ(found.paired->counts.helpful, test["helpful"]);
    for (const size_t side : {0, 1}) {
      const auto& expected = test["sides"][side];
      const verdict::Metrics& metrics = side == 0 ? found.baseline : found.candidate;
      for (const auto& [name, value] : expected["metrics"].items()) {
        const verdict::Estimate* estimate = verdict::FindMetric(metrics, name);
        ASSERT_NE(estimate, nullptr) << name;
        // Confidences and losses are kept as float32.
        EXPECT_NEAR(estimate->value, value.get<double>(), 2e-6) << test["name"] << name;
      }
      const auto& classes = side == 0 ? found.baseline_classes : found.candidate_classes;
      for (size_t c = 0; c < classes.size(); ++c) {
        if (classes[c].n == 0) {
          EXPECT_TRUE(std::isnan(classes[c].recall.value));
          continue;
        }
        EXPECT_NEAR(classes[c].recall.value, expected["recall"][c], 1e-12);
        EXPECT_NEAR(classes[c].f1.value, expected["f1"][c], 1e-12);
      }
      EXPECT_EQ(side == 0 ? found.baseline_confusion : found.candidate_confusion,
                expected["confusion"].get<std::vector<std::vector<int64_t>>>());
    }
  }
}

TEST(ClassificationEvaluationTest, DoesNotDependOnBatchesOrThreads) {
  const auto test = Golden()["cases"][0];
  auto options = FastOptions();
  const auto one = RunCase(test, options);
  options.bootstrap.num_threads = 3;
  const auto three = RunCase(test, options);
  EXPECT_EQ(one.paired->difference, three.paired->difference);
  EXPECT_EQ(one.baseline, three.baseline);
}

// Two classes in hard predictions: label, baseline, candidate.
struct Row {
  int64_t label, baseline, candidate;
};
TestEvidence RunRows(const std::vector<Row>& rows, TestOptions options) {
  std::vector<int64_t> labels, first, second;
  for (const auto& row : rows) {
    labels.push_back(row.label);
    first.push_back(row.baseline);
    second.push_back(row.candidate);
  }
  auto evaluation = ClassificationEvaluation::Create(std::move(options));
  ClassificationBatch batch;
  batch.labels = labels;
  batch.baseline.predictions = first;
  batch.candidate.predictions = second;
  EXPECT_TRUE(evaluation->Add(batch));
  return evaluation->Finish();
}

TEST(ClassificationEvaluationTest, TakesHardPredictions) {
  const auto found = RunRows({{0, 0, 0}, {1, 1, 0}, {2, 1, 2}, {2, 0, 1}}, FastOptions());
  EXPECT_EQ(found.scores, "predictions");
  EXPECT_DOUBLE_EQ(verdict::FindMetric(found.baseline, "accuracy")->value, 0.5);
  EXPECT_DOUBLE_EQ(verdict::FindMetric(found.candidate, "accuracy")->value, 0.5);
  EXPECT_EQ(found.paired->counts.flips, 3);
  EXPECT_EQ(found.paired->counts.discordant(), 2);
  EXPECT_EQ(verdict::FindMetric(found.baseline, "log_loss"), nullptr);
  EXPECT_FALSE(found.paired->kl_nats);
}

TEST(ClassificationEvaluationTest, GivesNoBoundFromSilenceWhereFlipsMayBeMissing) {
  // 20 equal answers: the bootstrap alone would claim that F1 cannot have dropped at all.
  std::vector<Row> rows;
  for (int64_t i = 0; i < 20; ++i) rows.push_back({i % 2, i % 2, i % 2});
  const auto found = RunRows(rows, FastOptions());
  const verdict::Estimate& f1 = *verdict::FindMetric(found.paired->difference, "f1_macro");
  EXPECT_EQ(f1.value, 0);
  // 95 %: up to 13.9 % of 20 samples, so 3, may flip unseen. Three flips of 20 move F1 by 0.15.
  EXPECT_NEAR(*verdict::OneSidedBound(f1, verdict::Direction::kAbove, 0.95, 0.95), -0.15, 0.01);
  EXPECT_EQ(*verdict::OneSidedBound(f1, verdict::Direction::kBelow, 0.95, 0.95),
            0);  // nothing is wrong yet
}

TEST(ClassificationEvaluationTest, ReadsASingleScoreAsTwoClasses) {
  auto evaluation = ClassificationEvaluation::Create(FastOptions());
  const std::vector<int64_t> labels = {1, 0, 1};
  const std::vector<double> first = {0.9F, 0.5F, 0.4F};  // 0.5 is a tie: class 0
  const std::vector<double> second = {0.9F, 0.6F, 0.6F};
  ASSERT_TRUE(evaluation->Add({labels, 1, {first, {}}, {second, {}}, {}}));
  const auto found = evaluation->Finish();
  EXPECT_EQ(found.scores, "probabilities");
  EXPECT_DOUBLE_EQ(verdict::FindMetric(found.baseline, "accuracy")->value, 2.0 / 3);
  EXPECT_EQ(found.paired->counts.harmful, 1);
  EXPECT_EQ(found.paired->counts.helpful, 1);
  EXPECT_NEAR(verdict::FindMetric(found.baseline, "log_loss")->value,
              -(std::log(0.9) + std::log(0.5) + std::log(0.4)) / 3, 1e-6);
}

TEST(ClassificationEvaluationTest, CountsBrokenRowsAsWrongAndSaysSo) {
  auto evaluation = ClassificationEvaluation::Create(FastOptions());
  const std::vector<int64_t> labels = {0, 1};
  const std::vector<double> first = {2, 1, 1, 2};
  const std::vector<double> second = {NAN, 1, 1, 2};
  ASSERT_TRUE(evaluation->Add({labels, 2, {first, {}}, {second, {}}, {}}));
  const auto found = evaluation->Finish();
  EXPECT_EQ(found.paired->counts.harmful, 1);
  ASSERT_EQ(found.warnings.size(), 1);
  EXPECT_THAT(found.warnings[0].what, HasSubstr("the candidate gave no usable answer"));
  EXPECT_THAT(found.warnings[0].what, HasSubstr("1 of 2 samples"));
  EXPECT_EQ(verdict::FindMetric(found.baseline, "log_loss")->n, 1);
}

TEST(ClassificationEvaluationTest, EvaluatesSlices) {
  auto options = FastOptions();
  options.slices = {{"ones", "label == 1"}, {"wide", "width > 5"}, {"none", "label == 9"}};
  auto evaluation = ClassificationEvaluation::Create(options);
  const std::vector<int64_t> labels = {0, 1, 1, 1}, first = {0, 1, 1, 0}, second = {0, 1, 0, 1};
  const std::vector<double> width = {3, 8, 9, 1};
  const Column columns[] = {{"width", width}};
  ASSERT_TRUE(evaluation->Add({labels, 0, {{}, first}, {{}, second}, columns}));
  const auto found = evaluation->Finish();
  ASSERT_EQ(found.paired->slices.size(), 3);
  EXPECT_EQ(found.paired->slices[0].counts.n, 3);
  EXPECT_EQ(found.paired->slices[0].counts.harmful, 1);
  EXPECT_EQ(found.paired->slices[1].counts.n, 2);
  EXPECT_DOUBLE_EQ(verdict::FindMetric(found.candidate_slices[1].metrics, "accuracy")->value, 0.5);
  EXPECT_TRUE(
      std::isnan(verdict::FindMetric(found.candidate_slices[2].metrics, "accuracy")->value));
  EXPECT_THAT(found.warnings.back().what, HasSubstr("slice 'none' holds no sample"));
}

class ClassificationErrorTest : public testing::Test {
 protected:
  std::string AddError(const ClassificationBatch& batch) {
    const auto added = evaluation_->Add(batch);
    EXPECT_FALSE(added);
    if (added) return "";
    EXPECT_FALSE(added.error().next_step.empty());
    EXPECT_EQ(evaluation_->num_samples(), 0);
    return added.error().what;
  }
  TestOptions Options() const {
    auto options = FastOptions();
    options.slices = {{"wide", "width > 5"}};
    return options;
  }
  Result<ClassificationEvaluation> evaluation_ = ClassificationEvaluation::Create(Options());
  std::vector<int64_t> labels_ = {0, 5};
  std::vector<double> scores_ = {1, 2, 3, 4};
  std::vector<double> width_ = {1, 2};
  std::vector<Column> columns_ = {{"width", width_}};
};

TEST_F(ClassificationErrorTest, NamesALabelThatIsNoClass) {
  EXPECT_THAT(AddError({labels_, 2, {scores_, {}}, {scores_, {}}, columns_}),
              HasSubstr("label 5 of sample 1 is no class: the model has 2 (0 to 1)"));
  labels_[1] = -1;
  EXPECT_THAT(AddError({labels_, 0, {{}, labels_}, {{}, labels_}, columns_}),
              HasSubstr("label -1 of sample 1"));
}

TEST_F(ClassificationErrorTest, NamesSizesThatDoNotMatch) {
  EXPECT_THAT(AddError({labels_, 3, {scores_, {}}, {scores_, {}}, columns_}),
              HasSubstr("baseline has 4 values for 2 samples"));
}

TEST_F(ClassificationErrorTest, NamesAColumnThatIsMissing) {
  labels_ = {0, 1};
  EXPECT_THAT(AddError({labels_, 2, {scores_, {}}, {scores_, {}}, {}}),
              HasSubstr("slice 'wide' compares 'width'"));
}

TEST(ClassificationEvaluationTest, JudgesTheUnsureByThemselvesAndFindsWhereHarmGathers) {
  TestOptions options;
  options.slices = {{"unsure", "confidence < 0.7"}};
  options.bootstrap.replicates = 200;
  auto evaluation = *ClassificationEvaluation::Create(options);
  std::vector<int64_t> labels;
  std::vector<double> first, second;
  std::vector<double> widths;
  for (int i = 0; i < 400; ++i) {
    const bool unsure = i % 8 == 0;  // and half of these, the wide ones, are lost
    labels.push_back(0);
    widths.push_back(i % 16 == 0 ? 9 : 1);
    const float p = unsure ? 0.6F : 0.95F;
    const float q = i % 16 == 0 ? 0.4F : p;
    first.insert(first.end(), {p, 1 - p});
    second.insert(second.end(), {q, 1 - q});
  }
  // 25 wide samples are below the 30 that a slice must hold to be searched; 10 more make it.
  for (int i = 0; i < 10; ++i) {
    labels.push_back(0);
    widths.push_back(9);
    first.insert(first.end(), {0.95F, 0.05F});
    second.insert(second.end(), {0.95F, 0.05F});
  }
  const Column columns[] = {{"width", widths}};
  ASSERT_TRUE(evaluation.Add({labels, 2, {first, {}}, {second, {}}, columns}));
  const auto found = evaluation.Finish();
  EXPECT_EQ(found.paired->slices[0].counts.n, 50);
  EXPECT_EQ(found.paired->slices[0].counts.harmful, 25);
  verdict::Evidence evidence;
  SetTestEvidence(found, evidence);
  ASSERT_FALSE(evidence.warnings.empty());
  EXPECT_THAT(
      evidence.warnings.back().what,
      HasSubstr(
          "harmful flips gather where width == 9: 25 of 35 samples (71.43 %), elsewhere 0.00 %"));
  ASSERT_TRUE(found.slice_findings);
  // Columns `width` (1 and 9) and `label` (0 alone): three conditions, two pairs across the
  // columns.
  EXPECT_EQ(found.slice_findings->num_tests, 5);
  ASSERT_EQ(found.slice_findings->found.size(), 1U);
  const verdict::FoundScope& slice = found.slice_findings->found[0];
  EXPECT_EQ(slice.where, "width == 9");
  EXPECT_EQ(slice.n, 35);
  EXPECT_EQ(slice.harmful, 25);
  EXPECT_EQ(slice.rest_n, 375);
  EXPECT_EQ(slice.rest_harmful, 0);
  // All 35 are right in float; 10 stay so.
  EXPECT_EQ(slice.baseline.share, (verdict::Share{35, 35}));
  EXPECT_EQ(slice.candidate.share, (verdict::Share{10, 35}));
  ASSERT_TRUE(slice.difference.pairs);
  EXPECT_EQ(slice.difference.pairs->harmful, 25);
  EXPECT_LE(slice.p, slice.p_holm);
  // A distribution is no place for such warnings: there would be as many as distributions.
  const size_t before = evidence.warnings.size();
  AddDistribution("noise", "", found, evidence);
  EXPECT_EQ(evidence.warnings.size(), before);
}

// Warnings after `right` of 100 answers of the baseline were right, where 60 samples are of class
// 0.
std::vector<verdict::Warning> WarningsOf(int right, int samples = 100) {
  ClassificationEvaluation evaluation = *ClassificationEvaluation::Create({});
  std::vector<int64_t> labels;
  std::vector<double> scores;
  for (int i = 0; i < samples; ++i) {
    labels.push_back(i * 10 < samples * 6 ? 0 : 1);
    const bool says_one = (i < right) == (labels.back() == 1);
    scores.insert(scores.end(), {says_one ? 0.2F : 0.8F, says_one ? 0.8F : 0.2F});
  }
  EXPECT_TRUE(evaluation.Add({labels, 2, {scores, {}}, {scores, {}}, {}}));
  verdict::Evidence evidence;
  SetTestEvidence(evaluation.Finish(), evidence);
  return evidence.warnings;
}

TEST(ClassificationEvaluationTest, WarnsOfABaselineThatIsHardlyBetterThanTheMostFrequentClass) {
  const auto found = WarningsOf(61);
  ASSERT_EQ(found.size(), 1);
  EXPECT_THAT(found[0].what, HasSubstr("right on 61.00 % of the samples; always answering the most "
                                       "frequent class would be on 60.00 %"));
  EXPECT_THAT(found[0].next, HasSubstr("preprocessing"));
  EXPECT_EQ(WarningsOf(20).size(), 1);
  // A twentieth of the way from 60 to 100 is 62.
  EXPECT_THAT(WarningsOf(63), IsEmpty());
  // A handful of samples says little about the model.
  EXPECT_THAT(WarningsOf(5, 20), IsEmpty());
}

TEST(ClassificationEvaluationTest, RefusesOptionsOutOfRange) {
  TestOptions options;
  options.confidence = 1;
  EXPECT_FALSE(ClassificationEvaluation::Create(options));
  options.confidence = 0.95;
  options.bootstrap.replicates = 5;
  EXPECT_FALSE(ClassificationEvaluation::Create(options));
  options.bootstrap.replicates = 500;
  options.slices.assign(65, {"s", "label == 1"});
  EXPECT_FALSE(ClassificationEvaluation::Create(options));
  options.slices.assign(1, {"s", "label = 1"});
  EXPECT_FALSE(ClassificationEvaluation::Create(options));
}

TEST(ClassificationEvaluationTest, FinishesWithoutAnySample) {
  const auto evaluation = ClassificationEvaluation::Create(FastOptions());
  const auto found = evaluation->Finish();
  EXPECT_EQ(found.n, 0);
  EXPECT_TRUE(std::isnan(verdict::FindMetric(found.baseline, "accuracy")->value));
}

// The promise of the gate for F1: a drop of exactly the margin passes about 5 % of the time. 2,000
// of 300 replicates: standard error 0.5 points, so 6.5 % is three of them above 5 %.
TEST(MacroF1BoundTest, PassesADropAtTheMarginAboutFivePercentOfTheTime) {
  constexpr int64_t kSamples = 600;
  // Two classes; the candidate loses 4 % of class 0 to class 1 and wins 1 % of class 1 back.
  const std::vector<Sample> kinds = {{0, 0, 0}, {0, 0, 1}, {0, 1, 1},
                                     {1, 1, 1}, {1, 0, 0}, {1, 0, 1}};
  const std::vector<double> shares = {0.44, 0.02, 0.04, 0.455, 0.04, 0.005};
  const auto f1_drop = [&](std::span<const int64_t> sizes) {
    ClassCounts first(2), second(2);
    Tally({kinds, {}}, sizes, first, second);
    return MacroScores(second).f1 - MacroScores(first).f1;
  };
  std::vector<int64_t> population;
  for (const double share : shares) population.push_back(std::llround(share * 1e6));
  const double margin = -f1_drop(population);

  SummaryOptions options{.num_classes = 2};
  options.bootstrap.replicates = 300;
  Random random(11);
  int passed = 0;
  constexpr int kTrials = 2000;
  for (int trial = 0; trial < kTrials; ++trial) {
    Cells cells{kinds, std::vector<int64_t>(kinds.size())};
    int64_t left = kSamples;
    double mass = 1;
    for (size_t i = 0; i < kinds.size(); ++i) {
      cells.sizes[i] = stats::DrawBinomial(random, left, std::min(1.0, shares[i] / mass));
      left -= cells.sizes[i];
      mass -= shares[i];
    }
    options.bootstrap.seed = static_cast<uint64_t>(trial);
    const MetricSet found = SummariseAnswers({}, cells, options);
    const verdict::Estimate& f1 = *verdict::FindMetric(found.difference, "f1_macro");
    if (*verdict::OneSidedBound(f1, verdict::Direction::kAbove, 0.95, 0.95) > -margin) ++passed;
  }
  EXPECT_LE(static_cast<double>(passed) / kTrials, 0.065);
  EXPECT_GE(static_cast<double>(passed) / kTrials, 0.01);  // and is no empty promise
}

}  // namespace
}  // namespace tare::evaluate
