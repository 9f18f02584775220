// How close two models' outputs are, and whether they hold: the one place that says so.
//
//   ComparePair        sums over two tensors
//   OutputsComparison  pairs of runs, sample by sample, into evidence about each output
//   Judge              evidence and tolerance into a judgement: a pure function
//
// Each kind of output is asked what it can answer (docs/guide/closeness.md):
//
//   wide     a direction: cosine of each sample, of the mean, the worst and all as one
//   few      at most kFewValues values a sample: an angle between so few cannot see an offset (of one
//            positive value it is always 1), so each is judged around its mean over the samples
//   integers equal or not
//   lists    rows in an order of their own (TopK, NonMaxSuppression): rows are matched first

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tare/core/result.h"
#include "tare/runtime/output_layout.h"
#include "tare/tensor/tensor.h"

namespace tare::runtime {

/// Sums over pairs of values (a from the reference, b from the other), for cosine and errors.
/// Sums of several runs add up.
struct PairSums {
  double aa = 0;             ///< sum of a^2
  double bb = 0;             ///< sum of b^2
  double ab = 0;             ///< sum of a b
  double squared_error = 0;  ///< sum of (a - b)^2
  int64_t count = 0;
  int64_t mismatches = 0;  ///< one is NaN or infinite and the other is not the same

  /// Cosine of the two; 1 when both are all zero, 0 when one is, -1 when there are mismatches.
  double Cosine() const;
  /// sqrt(sum (a - b)^2 / sum a^2); 0 when equal, infinite when only a is zero or on mismatches.
  double RelativeError() const;
  PairSums& operator+=(const PairSums& other);
};

/// Compares two numeric tensors of one shape; integers as numbers. NaN equals NaN, an infinity
/// itself; both are left out of the sums.
///
/// Shape    any, the same for both; no element gives zero sums.
/// Edge     different shapes or types: every element of `a` is a mismatch, one at least. Types that
///          have no float32 form (4 bits): bytes that differ are mismatches, and nothing is summed.
/// Bound    sums in double; int32, int64 and both floats enter with their own values, all other
///          types through float32.
/// Threads  fully.
PairSums ComparePair(const TensorView& a, const TensorView& b);

using tare::ViewOf;

/// A float output with at most this many values a sample is judged value by value. A cosine over V
/// values does not see the error along the sample itself, nor an offset that all samples share;
/// up to 16 values are scores, coordinates or answers that are read one by one, and each then has
/// as many samples as there are. Beyond, it is the pattern that counts.
inline constexpr int64_t kFewValues = 16;
/// With fewer samples than this a spread over samples says little: the cosine is asked instead.
inline constexpr int64_t kLeastForSpread = 8;

enum class OutputKind { kWide, kFew, kIntegers };

/// One value of a few, over the samples: a of the reference, b of the other.
struct ColumnEvidence {
  double mean = 0;         ///< of a
  double spread = 0;       ///< standard deviation of a (divided by n)
  double magnitude = 0;    ///< sqrt(mean of a^2)
  double error = 0;        ///< sqrt(mean of (b - a)^2)
  double bias = 0;         ///< mean of b - a
  double worst_error = 0;  ///< largest |b - a|
  bool is_share = false;   ///< every a lies in [0, 1]
};

/// What was seen of one output. Numbers alone; Judge() decides.
struct OutputEvidence {
  std::string output;
  OutputKind kind = OutputKind::kWide;
  bool is_list = false;       ///< rows were matched before they were compared
  int64_t n = 0;              ///< samples
  double cosine = 1;          ///< mean over the samples
  double whole_cosine = 1;    ///< of all samples as one vector
  double low_cosine = 1;      ///< 5 % quantile over the samples that are not quiet
  double least_cosine = 1;    ///< the least over all samples
  double loud_cosine = 1;     ///< the least over the samples that are not quiet
  double relative_error = 0;  ///< over all samples
  double agreement = 1;       ///< of kIntegers: mean over the samples of the share that is equal
  std::vector<ColumnEvidence> columns;  ///< of kFew
  int64_t spread_n = 0;                 ///< samples that the spreads are of
  /// What makes all other numbers void, as a sentence: another shape or type, a lone NaN; or "".
  std::string fault;
};

/// What decides.
enum class Measure {
  kCosine,
  kWholeCosine,
  kLowCosine,
  kLeastCosine,
  kR2,
  kBias,
  kWorstError,
  kAgreement,
  kFault
};

/// "cosine", "R2", ...: as printed, and as `measure` in JSON.
std::string MeasureName(Measure measure);

/// The measure that comes closest to its bound, or is farthest beyond it.
struct Judgement {
  /// Share of what is allowed that is used up, >= 0: at most 1 holds.
  double strain = 0;
  Measure measure = Measure::kCosine;
  double value = 1;
  double bound = 0;          ///< what `value` must reach, or for errors must not pass
  std::string output;        ///< "" when there was nothing to compare
  int64_t column = -1;       ///< of kR2, kBias, kWorstError: which of the few values
  int64_t n = 0;             ///< samples
  bool is_constant = false;  ///< the column is the same in all samples: it has no spread
  std::string fault;         ///< of kFault

  bool holds() const { return strain <= 1; }
  /// "cosine 0.9988 of 'y'", "R2 0.6100 of 'score', value 1 (n = 66)", or the fault.
  std::string Text() const;
};

/// Judges one output. With t = tolerance (in (0, 1]; the default everywhere is 0.01):
///
///   wide, list   mean cosine >= 1 - t, and of all as one; 5 % quantile >= 1 - 3 t; least >= 1 - 20 t
///   few          R2 = 1 - error^2 / s^2 >= 1 - 2 t, |bias| <= sqrt(t) s, worst error <= 10 sqrt(t) s'
///   integers     agreement >= 1 - 5 t
///
/// The bounds are one: noise of relative size r has cosine 1 / sqrt(1 + r^2), so 1 - t allows r^2 of
/// about 2 t, and the same noise around the mean gives R2 = 1 - 2 t.
///
/// s is the spread of a value over the samples, but not below what no reader of it could tell apart:
/// 0.0001 of its magnitude, or 0.02 where it lies in [0, 1]; s' not below five times that.
///
/// Edge     few with spreads of fewer than kLeastForSpread samples: judged by mean and whole cosine.
///          No samples: holds. A fault: infinite strain.
/// Threads  fully.
Judgement Judge(const OutputEvidence& evidence, double tolerance);
/// The judgement of greatest strain; the first of equals.
Judgement JudgeWorst(std::span<const OutputEvidence> evidence, double tolerance);

/// True when a value is the same in all samples, as far as its readers can tell: its spread is
/// below 1e-6 of its magnitude.
bool IsConstant(const ColumnEvidence& column);

/// Collects pairs of runs.
///
/// Sample   a slice along the output's batch axis, or the run where it has none.
/// Few      what every sample of a float output has at most kFewValues of, and always as many.
/// Lists    outputs of one list have their rows on the first axis of the sample that is not 1. The
///          rows of both sides are matched greedily, the highest score of the reference first, by
///          the distance of all their values in units of their spread; a row weighs by how far its
///          score lies above the lowest that both sides had room for, so that rows of noise, and
///          those that fell off the end, do not count. What finds no partner is compared with zero.
///          The score is an output or column named like one ("score", "conf", "prob"), else the
///          first that falls from row to row; without one all rows weigh the same.
/// Quiet    samples whose norm is below 0.01 of the root mean square over samples: their direction
///          is noise (of lists 0.3). They count in the mean, not in low_cosine and loud_cosine.
/// Memory   48 bytes a sample and output.
/// Threads  none.
class OutputsComparison {
 public:
  /// `layouts` has one entry an output; missing ones are {}.
  OutputsComparison(std::vector<std::string> outputs, std::vector<OutputLayout> layouts);
  OutputsComparison(OutputsComparison&&) noexcept;
  OutputsComparison& operator=(OutputsComparison&&) noexcept;
  ~OutputsComparison();

  /// Adds one run of both: outputs in order; samples from `num_valid` on are padding.
  /// Edge    a kUndefined output and one without elements on both sides are passed over.
  void Add(std::span<const TensorView> a, std::span<const TensorView> b, int64_t num_valid);

  std::vector<OutputEvidence> Evidence() const;

  /// Takes over the scores that `own` has seen of the same lists, so that their thresholds are known
  /// from the first sample on.
  void UseScores(const OutputsComparison& own);

  /// Sums of each sample of an output so far, in order (of a list: of its matched rows).
  std::span<const PairSums> Samples(size_t output) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Puts the spreads of `own` (a comparison of the reference with itself over more samples) in the
/// place of those of `evidence`, so that a few samples can be judged by them.
void UseSpreads(std::span<const OutputEvidence> own, std::vector<OutputEvidence>& evidence);

}  // namespace tare::runtime
