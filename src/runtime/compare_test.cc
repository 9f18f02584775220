// Evidence about outputs and what is judged from it: values by hand, or by numpy's definitions.

#include "tare/runtime/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "graph/model_builder.h"

namespace tare::runtime {
namespace {

using testing::ElementsAre;

constexpr double kTolerance = 0.01;

Tensor Of(Shape shape, const std::vector<float>& values) {
  return Tensor::Of<float>(std::move(shape), values);
}

OutputEvidence EvidenceOf(const Tensor& a, const Tensor& b, OutputLayout layout = {},
                          int64_t num_valid = 1000) {
  OutputsComparison comparison({"y"}, {layout});
  const TensorView x[] = {ViewOf(a)};
  const TensorView y[] = {ViewOf(b)};
  comparison.Add(x, y, num_valid);
  return comparison.Evidence()[0];
}

// Wide outputs of samples that each have this cosine: [c, sqrt(1 - c^2), 0 ...] against [1, 0 ...].
OutputEvidence WideWith(const std::vector<double>& cosines) {
  constexpr int64_t kWidth = 20;
  std::vector<float> a, b;
  for (const double cosine : cosines) {
    a.resize(a.size() + kWidth);
    b.resize(b.size() + kWidth);
    a[a.size() - kWidth] = 1;
    b[b.size() - kWidth] = static_cast<float>(cosine);
    b[b.size() - kWidth + 1] = static_cast<float>(std::sqrt(1 - cosine * cosine));
  }
  const auto n = std::ssize(cosines);
  return EvidenceOf(Of({n, kWidth}, a), Of({n, kWidth}, b), {0});
}

TEST(OutputsComparisonTest, TakesSamplesFromAnyAxis) {
  // [T, N, C] = [3, 2, 2]: the second of the two samples moves.
  const Tensor a = Of({3, 2, 2}, {1, 0, 0, 2, 3, 4, 1, 1, 0, 1, 5, 0});
  const Tensor b = Of({3, 2, 2}, {1, 0, 0, 2, 3, 4, 1, -1, 0, 1, 0, 5});
  OutputsComparison comparison({"y"}, {{1}});
  const TensorView x[] = {ViewOf(a)};
  const TensorView y[] = {ViewOf(b)};
  comparison.Add(x, y, 2);
  const auto samples = comparison.Samples(0);
  ASSERT_EQ(samples.size(), 2);
  EXPECT_DOUBLE_EQ(samples[0].Cosine(), 1);
  EXPECT_NEAR(samples[1].Cosine(), 0.12903225806451613, 1e-12);
  const OutputEvidence evidence = comparison.Evidence()[0];
  EXPECT_NEAR(evidence.cosine, (1 + 0.12903225806451613) / 2, 1e-12);
  EXPECT_NEAR(evidence.whole_cosine, 0.5344827586206896, 1e-12);
  EXPECT_NEAR(evidence.least_cosine, 0.12903225806451613, 1e-12);
  EXPECT_EQ(EvidenceOf(a, b).n, 1) << "without an axis the run is the sample";
  EXPECT_EQ(EvidenceOf(a, b, {1}, 1).n, 1) << "the second is padding";
  EXPECT_DOUBLE_EQ(EvidenceOf(a, b, {1}, 1).cosine, 1);
}

TEST(OutputsComparisonTest, SeesAnOffsetOfFewValuesThatACosineDoesNot) {
  const Tensor a = Of({10, 2}, {3.0F, 10, 3.1F, 20, 2.9F, 30, 3.2F, 40, 2.8F, 50,
                                3.0F, 60, 3.1F, 70, 2.9F, 80, 3.3F, 90, 2.7F, 100});
  const std::vector<float> moves = {.1F,  -1, -.1F, 1, .1F, 1, -.1F, -1, .1F, 1,
                                    -.1F, 2,  .1F,  1, .1F, 1, -.1F, 1,  .1F, 2};
  std::vector<float> moved(a.data<float>().begin(), a.data<float>().end());
  for (size_t i = 0; i < moved.size(); ++i) moved[i] += moves[i];
  const OutputEvidence evidence = EvidenceOf(a, Of({10, 2}, moved), {0});
  // Single precision: seven digits of values up to 100.
  constexpr double kRounding = 1e-6;
  EXPECT_EQ(evidence.kind, OutputKind::kFew);
  EXPECT_NEAR(evidence.cosine, 0.9999111584, 1e-6);
  ASSERT_EQ(evidence.columns.size(), 2);
  const ColumnEvidence& first = evidence.columns[0];
  EXPECT_NEAR(first.mean, 3, kRounding);
  EXPECT_NEAR(first.spread, 0.17320508, kRounding);
  EXPECT_NEAR(first.error, 0.1, kRounding);
  EXPECT_NEAR(first.bias, 0.02, kRounding);
  EXPECT_NEAR(first.worst_error, 0.1, kRounding);
  EXPECT_NEAR(first.magnitude, 3.00499584, kRounding);
  EXPECT_NEAR(evidence.columns[1].spread, 28.72281323, 1e-4);
  EXPECT_NEAR(evidence.columns[1].error, 1.26491106, 1e-4);
  const Judgement judged = Judge(evidence, kTolerance);
  EXPECT_FALSE(judged.holds());
  EXPECT_EQ(judged.measure, Measure::kR2);
  EXPECT_EQ(judged.column, 0);
  EXPECT_NEAR(judged.value, 2.0 / 3, 1e-4);
  EXPECT_EQ(judged.Text(), "R2 0.6667 of 'y', value 0 (n = 10)");
}

TEST(OutputsComparisonTest, CallsAnOutputFewUpToSixteenValues) {
  EXPECT_EQ(EvidenceOf(graph::RandomTensor({9, 16}, 1), graph::RandomTensor({9, 16}, 1), {0}).kind,
            OutputKind::kFew);
  EXPECT_EQ(EvidenceOf(graph::RandomTensor({9, 17}, 1), graph::RandomTensor({9, 17}, 1), {0}).kind,
            OutputKind::kWide);
}

TEST(OutputsComparisonTest, NamesAChangedShape) {
  const auto fault = [](Shape a, Shape b) {
    return EvidenceOf(graph::RandomTensor(std::move(a), 1), graph::RandomTensor(std::move(b), 1))
        .fault;
  };
  EXPECT_EQ(fault({40, 3}, {41, 3}), "output 'y' has 41 rows where float has 40");
  EXPECT_EQ(fault({1, 1, 40}, {1, 1, 41}), "output 'y' has 41 values on axis 2 where float has 40");
  EXPECT_EQ(fault({2, 3}, {3, 2}), "output 'y' has shape [3, 2] where float has [2, 3]");
  EXPECT_EQ(fault({2, 3}, {6}), "output 'y' has shape [6] where float has [2, 3]");
  EXPECT_EQ(fault({2, 3}, {2, 3}), "");
  const Tensor ints = Tensor::Of<int64_t>({2}, {1, 2});
  EXPECT_EQ(EvidenceOf(Of({2}, {1, 2}), ints).fault, "output 'y' is int64 where float has float32");
}

TEST(OutputsComparisonTest, NamesALoneNan) {
  const OutputEvidence lone = EvidenceOf(Of({3}, {1, 0.5F, 2}), Of({3}, {1, NAN, 2}));
  EXPECT_EQ(lone.fault, "output 'y' has nan where float has 0.5");
  EXPECT_EQ(Judge(lone, kTolerance).Text(), lone.fault);
  EXPECT_FALSE(Judge(lone, 1).holds());
  EXPECT_EQ(EvidenceOf(Of({2}, {NAN, INFINITY}), Of({2}, {NAN, INFINITY})).fault, "");
}

TEST(OutputsComparisonTest, CountsEqualIntegersSampleBySample) {
  const Tensor a = Tensor::Of<int64_t>({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
  const Tensor b = Tensor::Of<int64_t>({2, 4}, {1, 2, 3, 4, 5, 6, 0, 0});
  const OutputEvidence evidence = EvidenceOf(a, b, {0});
  EXPECT_EQ(evidence.kind, OutputKind::kIntegers);
  EXPECT_DOUBLE_EQ(evidence.agreement, 0.75);
  EXPECT_EQ(evidence.n, 2);
  const Judgement judged = Judge(evidence, kTolerance);
  EXPECT_EQ(judged.measure, Measure::kAgreement);
  EXPECT_DOUBLE_EQ(judged.bound, 0.95);
  EXPECT_FALSE(judged.holds());
}

TEST(OutputsComparisonTest, LeavesQuietSamplesOutOfTheWorst) {
  // The second sample has a thousandth of the first one's norm: its direction is noise.
  std::vector<float> a(40), b(40);
  a[0] = b[0] = 1000;
  a[20] = 1;
  b[21] = 1;
  const OutputEvidence evidence = EvidenceOf(Of({2, 20}, a), Of({2, 20}, b), {0});
  EXPECT_DOUBLE_EQ(evidence.least_cosine, 0);
  EXPECT_DOUBLE_EQ(evidence.loud_cosine, 1);
  EXPECT_DOUBLE_EQ(evidence.low_cosine, 1);
  EXPECT_DOUBLE_EQ(evidence.cosine, 0.5) << "in the mean each sample counts";
}

// ---- lists ----------------------------------------------------------------------------------------

// Boxes and scores of one sample of a TopK.
std::vector<OutputEvidence> Lists(const std::vector<float>& scores_a,
                                  const std::vector<float>& boxes_a,
                                  const std::vector<float>& scores_b,
                                  const std::vector<float>& boxes_b, bool is_cut = true) {
  const auto n = std::ssize(scores_a);
  const auto m = std::ssize(scores_b);
  const Tensor sa = Of({1, n}, scores_a), ba = Of({1, n, 2}, boxes_a);
  const Tensor sb = Of({1, m}, scores_b), bb = Of({1, m, 2}, boxes_b);
  OutputsComparison comparison({"scores", "boxes"}, {{-1, 5, is_cut}, {-1, 5, is_cut}});
  const TensorView x[] = {ViewOf(sa), ViewOf(ba)};
  const TensorView y[] = {ViewOf(sb), ViewOf(bb)};
  comparison.Add(x, y, 1);
  return comparison.Evidence();
}

TEST(OutputsComparisonTest, MatchesRowsThatChangedPlaces) {
  const auto evidence = Lists({.9F, .8F, .3F, .2F}, {1, 2, 30, 40, 5, 5, 9, 9},
                              {.81F, .79F, .3F, .2F}, {30, 40, 1, 2, 5, 5, 9, 9});
  EXPECT_TRUE(evidence[1].is_list);
  EXPECT_DOUBLE_EQ(evidence[1].cosine, 1);
  // Weights .7, .6, .1, 0 by the cut at .2; pairs (.9, .79), (.8, .81), (.3, .3).
  const double ab = .7 * .9 * .79 + .6 * .8 * .81 + .1 * .09;
  const double aa = .7 * .81 + .6 * .64 + .1 * .09;
  const double bb = .7 * .79 * .79 + .6 * .81 * .81 + .1 * .09;
  EXPECT_NEAR(evidence[0].cosine, ab / std::sqrt(aa * bb), 1e-6);
}

TEST(OutputsComparisonTest, LeavesRowsThatFellOffTheEndOut) {
  const auto evidence = Lists({.9F, .8F, .3F, .21F}, {1, 2, 30, 40, 5, 5, 9, 9},
                              {.9F, .8F, .3F, .22F}, {1, 2, 30, 40, 5, 5, -7, 7});
  // The last row weighs .21 - .22, that is nothing, on either side.
  EXPECT_DOUBLE_EQ(evidence[1].cosine, 1);
}

TEST(OutputsComparisonTest, CountsAnObjectThatIsGone) {
  const auto evidence = Lists({.9F, .8F, .3F, .2F}, {1, 2, 30, 40, 5, 5, 9, 9},
                              {.9F, .35F, .3F, .2F}, {1, 2, 8, 8, 5, 5, 9, 9});
  EXPECT_FALSE(Judge(evidence[1], kTolerance).holds());
}

TEST(OutputsComparisonTest, ComparesListsOfAnotherLength) {
  const auto evidence = Lists({.9F, .8F}, {1, 2, 30, 40}, {.9F}, {1, 2}, /*is_cut=*/false);
  EXPECT_EQ(evidence[1].fault, "");
  // Weights are the scores: .9 (1, 2) is there, .8 (30, 40) is compared with zero.
  EXPECT_NEAR(evidence[1].cosine, std::sqrt(.9 * 5 / (.9 * 5 + .8 * 2500)), 1e-6);
}

// ---- judging --------------------------------------------------------------------------------------

TEST(JudgeTest, AsksTheMeanAndTheWorstOfWideOutputs) {
  const struct {
    const char* what;
    std::vector<double> cosines;
    Measure measure;
    double value;
    bool holds;
  } cases[] = {
      {"all near", std::vector<double>(40, 0.995), Measure::kCosine, 0.995, true},
      {"mean too low", std::vector<double>(40, 0.98), Measure::kCosine, 0.98, false},
  };
  for (const auto& [what, cosines, measure, value, holds] : cases) {
    const Judgement judged = Judge(WideWith(cosines), kTolerance);
    EXPECT_EQ(judged.holds(), holds) << what;
    EXPECT_EQ(judged.measure, measure) << what;
    EXPECT_NEAR(judged.value, value, 1e-6) << what;
  }
  // 1 sample of 200 is far off: the mean is 0.9985, the 5 % quantile 1.
  std::vector<double> one(200, 1.0);
  one[7] = 0.7;
  EXPECT_EQ(Judge(WideWith(one), kTolerance).measure, Measure::kLeastCosine);
  EXPECT_FALSE(Judge(WideWith(one), kTolerance).holds());
  // 20 of 200 at 0.96: the mean is 0.996, the 5 % quantile 0.96 against 0.97.
  std::vector<double> some(200, 1.0);
  for (size_t i = 0; i < 20; ++i) some[i] = 0.96;
  const Judgement judged = Judge(WideWith(some), kTolerance);
  EXPECT_EQ(judged.measure, Measure::kLowCosine);
  EXPECT_NEAR(judged.value, 0.96, 1e-6);
  EXPECT_DOUBLE_EQ(judged.bound, 0.97);
  EXPECT_FALSE(judged.holds());
}

OutputEvidence FewWith(ColumnEvidence column, int64_t n = 50) {
  OutputEvidence evidence;
  evidence.output = "y";
  evidence.kind = OutputKind::kFew;
  evidence.n = evidence.spread_n = n;
  evidence.columns = {column};
  return evidence;
}

TEST(JudgeTest, AsksFewValuesAroundTheirMean) {
  const struct {
    const char* what;
    ColumnEvidence column;
    Measure measure;
    double value;
    bool holds;
  } cases[] = {
      // {mean, spread, magnitude, error, bias, worst error, is share}
      {"noise of a tenth", {3, 1, 3, .1, 0, .3, false}, Measure::kR2, 0.99, true},
      {"noise of a fifth", {3, 1, 3, .2, 0, .5, false}, Measure::kR2, 0.96, false},
      {"all of it bias", {3, 1, 3, .11, .11, .11, false}, Measure::kBias, 0.11, false},
      {"one far off", {3, 1, 3, .1, 0, 1.2, false}, Measure::kWorstError, 1.2, false},
      // The spread counts as 0.0001 * 3 at least.
      {"constant but for noise", {3, 0, 3, .00003, 0, .00004, false}, Measure::kR2, 0.99, true},
      {"constant, and moves", {3, 0, 3, .0003, 0, .0004, false}, Measure::kR2, 0, false},
      {"a small spread on a large offset",
       {1000, .3, 1000, .1, 0, .2, false},
       Measure::kR2,
       8.0 / 9,
       false},
      // A probability that no sample raises: 0.02 at least.
      {"idle probability", {.001, 1e-5, .001, .002, 0, .004, true}, Measure::kR2, 0.99, true},
      {"equal", {3, 0, 3, 0, 0, 0, false}, Measure::kR2, 1, true},
  };
  for (const auto& [what, column, measure, value, holds] : cases) {
    const Judgement judged = Judge(FewWith(column), kTolerance);
    EXPECT_EQ(judged.holds(), holds) << what;
    EXPECT_EQ(judged.measure, measure) << what;
    EXPECT_NEAR(judged.value, value, 1e-9) << what;
  }
}

TEST(JudgeTest, SaysThatAValueIsConstant) {
  EXPECT_EQ(Judge(FewWith({3, 0, 3, .0003, 0, .0004, false}), kTolerance).Text(),
            "R2 0.0000 of 'y', value 0 (n = 50, where float is constant)");
}

TEST(JudgeTest, AsksTheCosineWhereSamplesAreTooFewForASpread) {
  OutputEvidence evidence = FewWith({3, 1, 3, 5, 0, 5, false}, kLeastForSpread - 1);
  evidence.cosine = evidence.whole_cosine = 0.995;
  EXPECT_EQ(Judge(evidence, kTolerance).measure, Measure::kCosine);
  EXPECT_TRUE(Judge(evidence, kTolerance).holds());
}

TEST(JudgeTest, WidensEveryBoundWithTheTolerance) {
  EXPECT_FALSE(Judge(WideWith(std::vector<double>(40, 0.98)), 0.01).holds());
  EXPECT_TRUE(Judge(WideWith(std::vector<double>(40, 0.98)), 0.03).holds());
  EXPECT_TRUE(Judge(FewWith({3, 1, 3, .2, 0, .5, false}), 0.03).holds());
}

TEST(JudgeTest, HoldsWithoutSamples) {
  EXPECT_TRUE(Judge({}, kTolerance).holds());
  EXPECT_TRUE(JudgeWorst({}, kTolerance).holds());
  EXPECT_EQ(JudgeWorst({}, kTolerance).Text(), "nothing to compare");
}

TEST(JudgeWorstTest, TakesTheGreatestStrainWhateverItsMeasure) {
  OutputEvidence cosine = WideWith(std::vector<double>(40, 0.985));  // 1.5 of what is allowed
  OutputEvidence integers;
  integers.output = "z";
  integers.kind = OutputKind::kIntegers;
  integers.n = 40;
  integers.agreement = 0.9;  // 2 of what is allowed
  const std::vector<OutputEvidence> both = {cosine, integers};
  EXPECT_EQ(JudgeWorst(both, kTolerance).output, "z");
  EXPECT_NEAR(JudgeWorst(both, kTolerance).strain, 2, 1e-9);
}

TEST(UseSpreadsTest, LetsAFewSamplesBeJudgedByThoseOfAll) {
  std::vector<OutputEvidence> few = {FewWith({3, 0, 3, .1, 0, .1, false}, 1)};
  const std::vector<OutputEvidence> own = {FewWith({3, 1, 3, 0, 0, 0, false}, 50)};
  UseSpreads(own, few);
  const Judgement judged = Judge(few[0], kTolerance);
  EXPECT_EQ(judged.measure, Measure::kR2);
  EXPECT_NEAR(judged.value, 0.99, 1e-9);
}

// ---- layouts --------------------------------------------------------------------------------------

TEST(FindBatchAxesTest, FindsTheAxisThatFollows) {
  const std::vector<RunShapes> runs = {{1, {{20, 1, 40}, {1, 20}, {7, 3}, {1, 1}, {}, {3}}},
                                       {8, {{20, 8, 40}, {8, 20}, {9, 3}, {8, 8}, {}, {3}}}};
  EXPECT_THAT(FindBatchAxes(runs), ElementsAre(1, 0, -1, 0, -1, -1));
}

TEST(FindBatchAxesTest, WantsEveryRunToFollow) {
  // Rows that a NonMaxSuppression kept: 1 and 8 by chance, then 5.
  const std::vector<RunShapes> runs = {{1, {{1, 4}}}, {8, {{8, 4}}}, {4, {{5, 4}}}};
  EXPECT_THAT(FindBatchAxes(runs), ElementsAre(-1));
}

TEST(FindBatchAxesTest, TakesOneSizeOnlyWhereItIsClear) {
  const std::vector<RunShapes> eight = {{8, {{20, 8, 4}, {8, 8}, {8, 2}}}};
  EXPECT_THAT(FindBatchAxes(eight), ElementsAre(1, -1, 0));
  EXPECT_THAT(FindBatchAxes(std::vector<RunShapes>{{1, {{1, 4}}}}), ElementsAre(-1));
  EXPECT_THAT(FindBatchAxes({}), ElementsAre());
}

TEST(FindListsTest, PutsWhatOneTopKOrdersTogether) {
  const auto model = graph::ModelBuilder(13)
                         .Input("s", {-1, 9})
                         .Input("b", {-1, 9})
                         .Constant("k", Tensor::Of<int64_t>({1}, {3}))
                         .Op("TopK", {"s", "k"}, {"scores", "at"})
                         .Op("GatherElements", {"b", "at"}, {"boxes"}, {graph::IntOf("axis", 1)})
                         .Op("Relu", {"s"}, {"raw"})
                         .Op("Shape", {"boxes"}, {"extent"})
                         .Output("scores")
                         .Output("boxes")
                         .Output("raw")
                         .Output("extent")
                         .Build();
  const auto lists = FindLists(model.graph);
  EXPECT_EQ(lists[0].list, lists[1].list);
  EXPECT_GE(lists[0].list, 0);
  EXPECT_TRUE(lists[0].is_cut);
  EXPECT_EQ(lists[2].list, OutputLayout::kNone);
  EXPECT_EQ(lists[3].list, OutputLayout::kNone);
}

}  // namespace
}  // namespace tare::runtime
