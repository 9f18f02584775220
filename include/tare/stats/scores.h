// How good and how alike rows of class scores are.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tare::stats {

/// What the numbers in a row of class scores are.
enum class ScoreKind {
  kLogits,         ///< real; probabilities are their softmax
  kProbabilities,  ///< in [0, 1] with sum 1; may be normalised again, never softmaxed again
};

/// A probability below this counts as this: a softmax in 8 bits rounds small ones to 0, which would
/// make log loss and KL infinite. The epsilon of the type that holds the scores, as scikit-learn
/// takes it: of float32 for a model's outputs, of float64 for numbers in a text.
inline constexpr double kLeastProbability = 1.1920928955078125e-07;
inline constexpr double kLeastProbability64 = 2.220446049250313e-16;

/// Writes the natural logarithms of the class probabilities of one row.
///
///   logits          z - max - log(sum exp(z - max))
///   probabilities   log(max(p / sum, least))
///
/// Shape    [C] in, [C] out, C >= 1.
/// Edge     -inf logits give -inf. NaN or +inf give NaN: check before.
void LogProbabilities(std::span<const double> scores, ScoreKind kind, std::span<double> out,
                      double least = kLeastProbability);

/// Returns KL(p || q) in nats of two rows of log probabilities.
///
///   sum p (log p - log q),  p = exp(log_p)
///
/// Edge     terms with p == 0 count 0; log q below log(1e-45) counts as that; rounding below 0
///          gives 0.
double KlDivergence(std::span<const double> log_p, std::span<const double> log_q);

/// Returns the place of the largest score; of the lowest index where several are equal.
/// Edge     -1 for an empty row and for one with NaN or +inf: no class can be read from it.
int64_t ArgMax(std::span<const float> scores);
int64_t ArgMax(std::span<const double> scores);

/// Returns how many classes rank before `label`: score greater, or equal with a lower index.
/// The label is in the top k when this is below k.
int64_t RankOf(std::span<const double> scores, int64_t label);

/// Returns true when every row is a distribution: values in [0, 1] and sum 1, both to 1e-3.
/// Shape    [rows * num_classes]. Edge: fewer than 2 classes, or no rows: false.
bool LookLikeProbabilities(std::span<const float> scores, int64_t num_classes);
bool LookLikeProbabilities(std::span<const double> scores, int64_t num_classes);

/// Bins of an expected calibration error with (nearly) the same number of samples each.
struct CalibrationBins {
  /// Bin of each sample, 0 for the least confident.
  std::vector<uint8_t> bin;
  int num_bins = 0;
};

/// Sorts samples by confidence (ties by index) and cuts them into `num_bins` parts; the first n mod
/// num_bins parts hold one sample more.
CalibrationBins EqualMassBins(std::span<const float> confidence, int num_bins = 15);

/// Returns the expected calibration error.
///
///   sum over bins of |sum over samples of (correct - confidence)| / n
///
/// Shape    one entry a sample each. Edge: no samples give NaN.
/// Source   Nixon et al., "Measuring Calibration in Deep Learning", CVPR workshops 2019,
///          arXiv:1904.01685 (adaptive bins, top label).
double ExpectedCalibrationError(const CalibrationBins& bins, std::span<const float> confidence,
                                std::span<const uint8_t> correct);

}  // namespace tare::stats
