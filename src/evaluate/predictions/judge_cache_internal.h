// Each distinct pair of texts is judged once.

#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tare/evaluate/predictions/support_judge.h"

namespace tare::evaluate {

/// Scores of a judge by a 64-bit hash of the texts: of a million pairs two are mistaken for one
/// with a probability of 3e-8.
///
/// Memory   at most about a million scores, 40 bytes each: then all are forgotten.
class JudgeCache {
 public:
  explicit JudgeCache(SupportJudge& judge) : judge_(judge) {}

  /// Judges those of `pairs` that are not known; they are known until the next call.
  /// Errors  the judge's.
  Result<void> Prepare(std::vector<SupportPair> pairs);

  /// The score of a pair of the last Prepare() (TARE_CHECK).
  double ScoreOf(std::string_view premise, std::string_view hypothesis) const;

 private:
  SupportJudge& judge_;
  std::unordered_map<uint64_t, double> scores_;
};

}  // namespace tare::evaluate
