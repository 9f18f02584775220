// Rogan-Gladen: the rate behind an imperfect judge.

#include <algorithm>
#include <cmath>

#include "tare/core/result.h"
#include "tare/scores/support_scores.h"
#include "tare/stats/normal.h"

namespace tare::scores {
namespace {

// A share and how many it rests on.
struct Share {
  double value;
  double n;
  double Variance() const { return value * (1 - value) / n; }
};

Share ShareOf(int64_t count, int64_t n, double added) {
  const double total = static_cast<double>(n) + 2 * added;
  return {(static_cast<double>(count) + added) / total, total};
}

stats::Interval LangReiczigel(Share apparent, Share sensitivity, Share specificity, double z) {
  const double youden = sensitivity.value + specificity.value - 1;
  if (youden <= 0) return {0, 1};
  const double rate = (apparent.value + specificity.value - 1) / youden;
  const double shift =
      2 * z * z * (rate * sensitivity.Variance() - (1 - rate) * specificity.Variance());
  const double variance = apparent.Variance() + rate * rate * sensitivity.Variance() +
                          (1 - rate) * (1 - rate) * specificity.Variance();
  const double half = z * std::sqrt(variance) / youden;
  return {rate + shift - half, rate + shift + half};
}

}  // namespace

std::optional<CorrectedRate> RoganGladen(int64_t flagged, int64_t n, const JudgeCounts& labelled,
                                         double confidence) {
  TARE_CHECK(flagged >= 0 && flagged <= n && confidence > 0 && confidence < 1);
  TARE_CHECK(labelled.true_positive >= 0 && labelled.false_negative >= 0 &&
             labelled.true_negative >= 0 && labelled.false_positive >= 0);
  const int64_t positives = labelled.true_positive + labelled.false_negative;
  const int64_t negatives = labelled.true_negative + labelled.false_positive;
  if (n == 0 || positives == 0 || negatives == 0) return std::nullopt;
  CorrectedRate out;
  out.apparent = ShareOf(flagged, n, 0).value;
  out.sensitivity = ShareOf(labelled.true_positive, positives, 0).value;
  out.specificity = ShareOf(labelled.true_negative, negatives, 0).value;
  // In whole numbers: 0.7 + 0.3 - 1 is not 0 in doubles.
  if (labelled.true_positive * negatives <= labelled.false_positive * positives) {
    return std::nullopt;
  }
  const double youden = out.sensitivity + out.specificity - 1;
  out.rate = std::clamp((out.apparent + out.specificity - 1) / youden, 0.0, 1.0);
  const double z = stats::NormalQuantile((1 + confidence) / 2);
  const stats::Interval wide =
      LangReiczigel(ShareOf(flagged, n, z * z / 2), ShareOf(labelled.true_positive, positives, 1),
                    ShareOf(labelled.true_negative, negatives, 1), z);
  out.interval = {std::min(std::clamp(wide.low, 0.0, 1.0), out.rate),
                  std::max(std::clamp(wide.high, 0.0, 1.0), out.rate)};
  return out;
}

}  // namespace tare::scores
