// Evidence: everything that an evaluation measured, as plain data. The gate judges it, the report
// writes it, `tare gate` reads it back.
//
// A quantity is an Estimate. It carries what later bounds are computed from: the counts of a
// proportion or of a paired difference, or else a table of one-sided bounds. So a policy with other
// margins can judge a report that was written before.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tare/stats/bootstrap.h"
#include "tare/stats/paired.h"
#include "tare/verdict/task.h"

namespace tare::verdict {

/// One-sided bounds at one confidence: the quantity lies above `low` with this confidence, and
/// below `high` with this confidence. Absent where the sample is too small to have one.
struct Bound {
  double confidence = 0.95;
  std::optional<double> low;
  std::optional<double> high;
  friend bool operator==(const Bound&, const Bound&) = default;
};

/// The confidences of the table that evaluations store.
inline constexpr double kBoundConfidences[] = {0.8, 0.9, 0.95, 0.975, 0.99, 0.995, 0.998, 0.999};

/// `count` of `n` samples.
struct Share {
  int64_t count = 0;
  int64_t n = 0;
  friend bool operator==(const Share&, const Share&) = default;
};

/// An estimated quantity. Non-finite `value`: the metric is undefined.
struct Estimate {
  double value = 0;
  /// Two-sided interval at Evidence::confidence.
  std::optional<double> low, high;
  /// How the interval was made: wilson, tango, bca, order_statistics, signed_rank,
  /// median_ratio, clopper_pearson.
  std::string method;
  /// Samples (or timed runs) behind the value; 0 when unknown.
  int64_t n = 0;
  /// Set for a proportion: value == count / n.
  std::optional<Share> share;
  /// Set for a paired difference of two proportions: value == (helpful - harmful) / n.
  std::optional<stats::PairedCounts> pairs;
  /// For everything else: one-sided bounds by rising confidence.
  std::vector<Bound> bounds;
  friend bool operator==(const Estimate&, const Estimate&) = default;
};

/// Metrics in the order of the report.
using Metrics = std::vector<std::pair<std::string, Estimate>>;
/// Returns the metric, or nullptr.
const Estimate* FindMetric(const Metrics& metrics, std::string_view name);

struct ClassMetrics {
  int64_t index = 0;
  int64_t n = 0;  ///< samples of this class
  Estimate recall, precision, f1;
};

/// Metrics on a part of the test set, or on another test set.
struct ScopeMetrics {
  std::string name;
  std::string text;  ///< of a slice its `where`, of a distribution its description
  int64_t n = 0;
  Metrics metrics;
};

/// Time of one run of a model, in ms.
struct Latency {
  int64_t batch = 1;
  int threads = 1;
  int64_t runs = 0;
  Estimate p50, p90, p99;
  double throughput_per_s = 0;  ///< samples
};

struct Energy {
  std::string status = "unavailable";  ///< measured, estimated, unavailable
  std::optional<double> joules_per_sample;
  std::string method;
  /// Joules a sample over the share of samples answered right; set by SetCostRatios().
  std::optional<double> joules_per_correct;
};

/// One of the two models.
struct Side {
  std::string label;  ///< float32, int8_static
  std::string path;
  Metrics metrics;
  std::vector<ClassMetrics> per_class;
  std::vector<std::vector<int64_t>> confusion;  ///< [true][predicted]; empty above 200 classes
  std::vector<ScopeMetrics> slices, distributions;
  std::vector<Latency> latency;  ///< the first is the one of the headline
  std::optional<int64_t> model_bytes;
  /// Resident memory of a process of its own: with the model open, after its first run, and at
  /// most.
  std::optional<int64_t> loaded_rss_bytes, resident_rss_bytes, peak_rss_bytes;
  /// Median time to open the model, and to open it and run it once.
  std::optional<double> load_ms, cold_start_ms;
  std::optional<Energy> energy;
};

/// How a set of samples fared under the two models.
struct FlipCounts {
  int64_t n = 0;
  int64_t flips = 0;
  int64_t harmful = 0;
  int64_t helpful = 0;
  int64_t discordant() const { return harmful + helpful; }
};

struct PairedClass {
  int64_t index = 0;
  FlipCounts counts;
  Metrics difference;  ///< recall, precision, f1
};
struct PairedScope {
  std::string name;
  FlipCounts counts;
  Metrics difference;
};

/// A slice that nobody declared: found because harmful flips gather in it.
struct FoundScope {
  std::string where;                     ///< as a slice of tare.yaml
  int64_t n = 0, harmful = 0;            ///< samples in it, harmful flips among them
  int64_t rest_n = 0, rest_harmful = 0;  ///< everywhere else
  double p = 1;       ///< of Fisher's exact test, as if no other slice had been looked at
  double p_holm = 1;  ///< adjusted by Holm for all that were
  Estimate baseline, candidate,
      difference;  ///< of the metric of the search, without that adjustment
};

/// What a search for slices in which harmful flips gather looked at, and what it found.
struct SliceFindings {
  std::string metric = "accuracy";
  int64_t num_tests =
      0;  ///< conditions and pairs of them; 0 when there was no harmful flip to look for
  double alpha = 0.05;  ///< chance of any finding where flips fall alike everywhere
  std::vector<FoundScope> found;
};

struct KlSummary {
  Estimate mean;
  double p50 = 0, p95 = 0, max = 0;
  Estimate p99;
};

/// The sample-by-sample comparison.
struct Paired {
  FlipCounts counts;
  double mcnemar_p = 1;  ///< exact, two-sided
  std::optional<KlSummary> kl_nats;
  Metrics difference;  ///< candidate - baseline
  std::vector<PairedClass> per_class;
  std::vector<PairedScope> slices, distributions;
};

/// Signal-to-noise ratio of outputs that are equal, where a number is needed.
inline constexpr double kMostSnrDb = 300;

/// Whether an output holds, by the measure that fits its kind and came closest to its bound.
struct OutputJudgement {
  std::string measure;  ///< "cosine", "R2", "bias / spread", "agreement", ...
  double value = 1;
  double bound = 0;
  bool holds = true;
  double strain = 0;  ///< share of what the bound allows that is used up; at most 1 holds
  std::string text;   ///< "R2 0.6100 of 'score', value 1 (n = 66)"
};

/// Closeness of one model output.
struct OutputCloseness {
  std::string name;
  std::vector<int64_t> shape;      ///< -1 for dynamic extents
  int64_t n = 0;                   ///< samples
  std::optional<Estimate> cosine;  ///< mean over samples; absent for integer outputs
  double least_cosine = 1;
  /// Over all samples; absent when the baseline is all zero and they differ.
  std::optional<Estimate> relative_error;
  std::optional<double> snr_db;    ///< absent when infinite
  std::optional<Share> flips;      ///< where the output looks like class scores
  std::optional<Share> agreement;  ///< equal elements of an integer output
  int64_t non_finite_baseline = 0, non_finite_candidate = 0;  ///< elements
  std::optional<OutputJudgement> judged;                      ///< absent without samples
};

/// Baseline time / candidate time at one batch size and number of threads.
/// Above this Speedup::waited a time says more about the machine's other work than about the models,
/// and decides nothing.
inline constexpr double kMostWaiting = 0.2;

struct Speedup {
  int64_t batch = 1;
  int threads = 1;
  Estimate estimate;
  /// Share of the timed runs' time that their threads waited for a processor; absent where only
  /// processor time was counted, which does not see it.
  std::optional<double> waited = std::nullopt;
};

struct Cost {
  std::vector<Speedup> speedup;  ///< as Latency; the first is the headline
  std::optional<double> size_ratio, memory_ratio, energy_ratio;
};

struct Warning {
  std::string what;
  std::string next;
};

struct Evidence {
  std::optional<Task> task;  ///< absent: nothing was evaluated
  int64_t n = 0;             ///< samples that both models answered
  std::vector<std::string> classes;
  double confidence = 0.95;  ///< of the two-sided intervals
  int64_t replicates = 0;
  uint64_t seed = 1;
  std::string scores;  ///< logits, probabilities, predictions, or empty
  Side baseline, candidate;
  std::optional<Paired> paired;
  std::optional<SliceFindings> slice_findings;  ///< absent: not searched
  std::vector<OutputCloseness> outputs;
  Cost cost;
  /// Place of this evaluation among those at its test set, from 1; absent where nobody counts.
  std::optional<int64_t> look;
  std::vector<Warning> warnings;
};

/// Returns `count` of `n` with its Wilson interval.
Estimate ShareEstimate(int64_t count, int64_t n, double confidence);
/// Returns the difference of two paired shares with its Tango interval.
Estimate PairedEstimate(const stats::PairedCounts& counts, double confidence);
/// Returns the estimate, the BCa interval and the table of bounds of a bootstrap over n samples.
Estimate BootstrapEstimate(const stats::BootstrapDistribution& distribution, int64_t n,
                           double confidence);

/// Sets the ratios of the cost and the joules per correct answer from what the sides hold.
///
///   size, memory, energy ratio   candidate / baseline; energy only where both are measured
///   joules_per_correct           joules a sample / share of samples answered right, by side
///
/// Edge     a ratio with a 0 or an unknown stays absent; so do joules per correct answer of a task
///          whose answers are not right or wrong as a whole (the share is accuracy, exact_match or
///          subset_accuracy).
void SetCostRatios(Evidence& evidence);

enum class Direction { kAbove, kBelow };

/// Returns the one-sided bound below (kAbove: what the quantity is above) or above the estimate, at
/// `confidence` or, where only a table is there, at the next higher confidence of the table.
///
///   pairs       Tango          share    Clopper-Pearson
///   bounds      the table, else the two-sided interval, whose ends are bounds at (1 + c) / 2
///
/// Edge     nullopt when there is none at that confidence, or the value is not finite.
std::optional<double> OneSidedBound(const Estimate& estimate, Direction direction,
                                    double confidence, double interval_confidence);

}  // namespace tare::verdict
