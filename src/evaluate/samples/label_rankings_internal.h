// Average precision of multi-label classification: how well each class ranks the samples.

#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "tare/evaluate/samples/test_evidence.h"

namespace tare::evaluate {

/// Collects the scores of one model or of two, and adds average_precision_macro.
///
///   mean over the classes that have a positive of BinaryRanking::AveragePrecision()
///
/// Interval  of a delete-a-group jackknife of 20 groups (jackknife_internal.h): a rank is no sum
///           over samples. None with fewer than kMinJackknifeSamples.
/// Edge      no positive at all, or a NaN score: undefined.
/// Memory    16 bytes a score; beyond kMaxScores the metric is left out, with a warning.
class LabelRankings {
 public:
  static constexpr int64_t kMaxScores = 20'000'000;  ///< of each model

  /// One sample. Shape: as many scores on both sides, and in every call; `candidate` empty where
  /// the baseline is judged alone.
  template <class Scores>
  void Add(const std::set<int64_t>& gold, const Scores& baseline, const Scores& candidate) {
    AddDoubles(gold, {baseline.begin(), baseline.end()}, {candidate.begin(), candidate.end()});
  }
  void AddTo(double confidence, uint64_t seed, TestEvidence& evidence) const;

 private:
  void AddDoubles(const std::set<int64_t>& gold, const std::vector<double>& baseline,
                  const std::vector<double>& candidate);
  // [samples, classes]
  std::vector<uint8_t> truths_;
  std::vector<double> scores_[2];
  size_t num_classes_ = 0;
  bool too_many_ = false;
};

}  // namespace tare::evaluate
