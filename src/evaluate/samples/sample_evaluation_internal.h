// Evaluation of a model or a pair from per-sample numbers: what every task but classification and
// detection is made of. A task measures each sample by a row of numbers; a metric is a function of
// their sums.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"
#include "tare/evaluate/samples/test_evidence.h"
#include "tare/evaluate/samples/test_options.h"
#include "tare/stats/bootstrap.h"

namespace tare::evaluate {

/// A metric of a set of samples.
struct SampleMetric {
  enum class Kind {
    kShare,   ///< mean of a column of 0 and 1
    kMean,    ///< sum(column) / n
    kRatio,   ///< sum(column) / sum(denominator); undefined where the denominator is 0
    kOfSums,  ///< value(sums, n)
  };
  std::string name;
  Kind kind = Kind::kMean;
  size_t column = 0;
  size_t denominator = 0;
  /// Of kOfSums. NaN: undefined. Called concurrently.
  std::function<double(std::span<const double> sums, double n)> value = nullptr;
  /// How far one sample of n moves the metric at most.
  enum class Reach {
    kBounded,  ///< about 1 / n: what lies in [0, 1]
    kRange,    ///< of kMean: the range of the values seen, greatest less least of both models, / n
    kUnbounded,  ///< nobody knows
  };
  Reach reach = Reach::kBounded;
  /// Left out of the evidence where it is undefined for both models.
  bool optional = false;
};

/// How a task measures a sample.
struct SampleSchema {
  /// What KPIs call them; empty: for the metrics alone.
  std::vector<std::string> columns;
  std::vector<SampleMetric> metrics;
  /// The column of 0 and 1 that says whether the sample is right: harmful flips go from 1 to 0.
  /// Negative: there is none, and no flip is harmful.
  int64_t correct = -1;
  /// The column whose change says how much an answer changed. Negative: none does.
  int64_t margin = -1;
};

/// The kind and the margin of a flip, from the rows of both models and the columns of their schema.
verdict::Flip FlipOfRows(int64_t correct, int64_t margin, std::span<const double> baseline,
                         std::span<const double> candidate);

/// The text of a slice that the task makes itself, such as questions without an answer. Unlike one
/// that somebody declared it may be empty, and is then left out.
inline constexpr std::string_view kTaskSlice = "of the task";

struct SampleOptions {
  /// Of the two-sided intervals, in (0.5, 1).
  double confidence = 0.95;
  stats::BootstrapOptions bootstrap;
  /// Names of the slices, at most 64; Add says which samples belong to which.
  std::vector<std::string> slices;
  /// Their `where`, for the report; as many as slices.
  std::vector<std::string> slice_texts;
  Sides sides = Sides::kPair;
};

/// Judges a model, or compares two, sample by sample.
///
/// Intervals: Wilson and Tango for shares. BCa, paired, for everything else; bounds of differences
/// that rest on fewer than 10 changed samples are widened by the samples that may have been missed
/// (Clopper-Pearson), each counted with the metric's reach: the bootstrap cannot know what the
/// sample does not hold. An unbounded reach leaves them as they are. Bounds of means with the reach
/// kRange that rest on 10 and more are widened by one sample like the worst that was seen.
///
/// Bound    size of PASS at the margin for a mean of skewed losses (log-normal, sigma 1; 6 % of
///          samples lose their value), 2,000 simulations, nominal 5 %: n = 400 5.6 % (BCa alone
///          9.6 %), n = 2,000 3.8 % (7.2 %); not held for heavier tails: sigma 1.5, n = 400 11 %
///          (16 %); losses and gains mixed 7:3, n = 400 7.8 % (12 %).
/// Memory   samples with equal rows (and slices) are held once: flat where rows repeat, else 16
///          bytes a column and 30 bytes a sample.
/// Threads  none.
class SampleEvaluation {
 public:
  /// Errors  kInvalidArgument: an option is outside its range.
  static Result<SampleEvaluation> Create(SampleSchema schema, SampleOptions options);

  SampleEvaluation(SampleEvaluation&&) noexcept;
  SampleEvaluation& operator=(SampleEvaluation&&) noexcept;
  ~SampleEvaluation();

  /// Adds one sample. `changed`: the models answered differently. Bit s of `slices`: it is in slice
  /// s.
  /// Shape  both rows one number a column of the schema (TARE_CHECK), finite; `candidate` empty and
  ///        `changed` false where the baseline is judged alone.
  void Add(std::span<const double> baseline, std::span<const double> candidate, bool changed,
           uint64_t slices = 0);

  int64_t num_samples() const;

  /// Computes everything; of the baseline alone as of a pair of it with itself. Edge: no samples
  /// give metrics that are undefined (NaN, n 0).
  TestEvidence Finish() const;

 private:
  struct State;
  explicit SampleEvaluation(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tare::evaluate
