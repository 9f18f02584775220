// Scores of orderings and probabilities: average precision, ROC AUC, log loss, retrieval.
//
// The stated rule: a value that is not defined (no positive, one class, no samples, nothing
// relevant, a NaN among the numbers) is NaN, never 0 and never 0.5.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tare::scores {

/// Samples with a yes or no label, in the order of their scores. Sorted once; a bootstrap then
/// walks it with the number of times that each sample was drawn.
/// Threads  const calls may run together.
class BinaryRanking {
 public:
  /// Shape    one score for each label (TARE_CHECK); a label is 0 or not.
  /// Cost     O(n log n).
  BinaryRanking(std::span<const uint8_t> truths, std::span<const double> scores);

  /// Returns the average precision, samples of equal score taken together.
  ///
  ///   sum over distinct scores, falling, of (recall - recall before) * precision
  ///
  /// Shape    a weight for each sample in its original order, none negative; empty: all 1.
  /// Edge     no positive (of positive weight), or a NaN score: NaN. Infinite scores are ordered.
  /// Source   scikit-learn 1.9, average_precision_score. Differs: 0 there without positives.
  double AveragePrecision(std::span<const double> weights = {}) const;

  /// Returns the chance that a positive has a greater score than a negative, equal ones counting
  /// half.
  /// Edge     one class only, or a NaN score: NaN.
  /// Source   Hanley and McNeil, Radiology 143 (1982); scikit-learn 1.9, roc_auc_score.
  double RocAuc(std::span<const double> weights = {}) const;

 private:
  struct Sample {
    double score;
    uint32_t index;
    bool positive;
  };
  std::vector<Sample> samples_;  // by falling score
  bool ordered_ = true;          // no score is NaN
};

/// Returns the mean of -ln of the probability given to the label, in nats.
///
///   mean of -ln(clamp(probabilities[i * num_classes + labels[i]], eps, 1 - eps)), eps = 2^-52
///
/// Rows are not normalised. Labels lie in [0, num_classes) (TARE_CHECK).
/// Edge     no samples: NaN.
/// Source   scikit-learn 1.9, log_loss on double probabilities.
double LogLoss(std::span<const int64_t> labels, std::span<const double> probabilities,
               int64_t num_classes);

/// The same with the probability of label 1 alone, for labels 0 and 1 (any other is 1).
double BinaryLogLoss(std::span<const uint8_t> truths, std::span<const double> probabilities);

/// A ranked list against what is relevant.
struct RetrievalScore {
  double recall = 0;           ///< relevant ones among the first k / all relevant ones
  double reciprocal_rank = 0;  ///< 1 / place of the first relevant one of the whole list, 0 if none
  double ndcg = 0;             ///< DCG of the first k / DCG of the best list
};

/// Scores one query. The means over queries are recall@k, MRR and nDCG@k.
///
///   DCG = sum over relevant places p <= k of 1 / log2(p + 1)
///
/// Edge     nothing relevant: all NaN. An id that stands twice in the list counts at its first
///          place and keeps its second one; `relevant` is a set. k >= 1 (TARE_CHECK); a list
///          shorter than k is not filled up.
/// Source   Jarvelin and Kekalainen, ACM TOIS 20 (2002); scikit-learn 1.9, ndcg_score.
RetrievalScore ScoreRetrieval(std::span<const std::string> ranked,
                              std::span<const std::string> relevant, int64_t k);

/// The same from the places (from 1, rising) at which relevant ones stand: all up to k, and the
/// first of the list. `num_relevant` of them there are in all. Edge: 0 relevant: all NaN.
RetrievalScore ScorePlaces(std::span<const int64_t> places, int64_t num_relevant, int64_t k);

}  // namespace tare::scores
