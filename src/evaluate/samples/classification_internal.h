// The evidence of a set of samples that both classifiers have answered.

#pragma once

#include <optional>
#include <span>
#include <vector>

#include "evaluate/samples/class_counts_internal.h"
#include "tare/evaluate/samples/classification.h"
#include "tare/verdict/evidence.h"

namespace tare::evaluate {

/// What is kept of one sample.
struct SampleRecord {
  Sample answers;
  bool baseline_in_top_k = false, candidate_in_top_k = false;
  float baseline_confidence = 0, candidate_confidence = 0;
  double baseline_loss = 0, candidate_loss = 0;  ///< nats; NaN: no answer
  float kl_nats = 0;                             ///< NaN: a side gave no answer
};

/// How a set is to be summarised.
struct SummaryOptions {
  size_t num_classes = 0;
  bool has_scores = false;  ///< confidences, losses and KL are set
  double confidence = 0.95;
  stats::BootstrapOptions bootstrap;
  Sides sides = Sides::kPair;
};

/// Both sides' metrics, and their paired differences; of the baseline alone, its own.
struct MetricSet {
  verdict::Metrics baseline, candidate, difference;
};

/// Accuracy, top-5, and macro averages: all that follows from predictions.
MetricSet SummariseAnswers(std::span<const SampleRecord> records, const Cells& cells,
                           const SummaryOptions& options);

/// Log loss and ECE, and the KL divergence of a pair's outputs. Only records that all sides
/// answered.
struct ScoreSummary {
  MetricSet metrics;
  std::optional<verdict::KlSummary> kl_nats;
};
ScoreSummary SummariseScores(std::span<const SampleRecord> records, const SummaryOptions& options);

/// Precision, recall and F1 of each class, and their paired differences. Differences of precision
/// and F1 are bootstrapped for the first 100 classes.
struct ClassSummary {
  std::vector<verdict::ClassMetrics> baseline, candidate;
  std::vector<verdict::PairedClass> paired;
};
ClassSummary SummariseClasses(const Cells& cells, const SummaryOptions& options);

/// Widens the bounds of a bootstrapped difference that rests on fewer than 10 harmful (for the
/// lower bound) or helpful (for the upper) flips: by the flips that may have been missed, at each
/// confidence, placed where they move the metric most.
///
///   missed = ceil(n ClopperPearsonUpper(harmful, n, confidence)) - harmful
void WidenForRareFlips(const verdict::FlipCounts& relevant, const ClassCounts& candidate,
                       ClassScore score, double interval_confidence, verdict::Estimate& difference);

}  // namespace tare::evaluate
