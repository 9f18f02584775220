// Evidence about outputs into a judgement. Nothing is measured here.

#include <algorithm>
#include <cmath>
#include <limits>

#include "tare/core/text.h"
#include "tare/runtime/compare.h"

namespace tare::runtime {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
// How many tolerances the samples at the end may lose; see Judge().
constexpr double kLowLoss = 3;
constexpr double kLeastLoss = 20;
constexpr double kAgreementLoss = 5;
// Noise of relative size r has cosine 1 / sqrt(1 + r^2): about 1 - r^2 / 2.
constexpr double kR2Loss = 2;
// Bias allowed, and the worst error of a sample, in units of sqrt(tolerance) and the spread.
constexpr double kBiasLoss = 1;
constexpr double kWorstLoss = 10;
// What no reader of a value tells apart: shares of its magnitude, and steps of what lies in [0, 1].
constexpr double kLeastSpread = 1e-4;
constexpr double kLeastShareSpread = 0.02;
constexpr double kWorstFloor = 5;
constexpr double kConstant = 1e-6;
constexpr double kMostRatio = 1e6;

Judgement AtLeast(Measure measure, double value, double loss_allowed) {
  Judgement out;
  out.measure = measure;
  out.value = value;
  out.bound = 1 - loss_allowed;
  // Rounding of sums: a value of 1 - 1e-16 is no loss.
  out.strain = std::max(0.0, 1 - value - 1e-12) / loss_allowed;
  return out;
}

Judgement AtMost(Measure measure, double value, double allowed, int64_t column) {
  Judgement out;
  out.measure = measure;
  out.value = value;
  out.bound = allowed;
  out.column = column;
  out.strain = std::abs(value) / allowed;
  return out;
}

void Worsen(Judgement& worst, Judgement other) {
  // The first of equals: rounding does not name the measure.
  if (other.strain > worst.strain * (1 + 1e-6)) worst = std::move(other);
}

// Capped: what has no spread and moves is as far off as can be, and still a number.
double InSpreads(double error, double spread) {
  if (error == 0) return 0;
  return spread > 0 ? std::clamp(error / spread, -kMostRatio, kMostRatio) : kMostRatio;
}

Judgement JudgeCosine(const OutputEvidence& evidence, double tolerance) {
  Judgement worst = AtLeast(Measure::kCosine, evidence.cosine, tolerance);
  Worsen(worst, AtLeast(Measure::kWholeCosine, evidence.whole_cosine, tolerance));
  return worst;
}

Judgement JudgeWide(const OutputEvidence& evidence, double tolerance) {
  Judgement worst = JudgeCosine(evidence, tolerance);
  Worsen(worst, AtLeast(Measure::kLowCosine, evidence.low_cosine, kLowLoss * tolerance));
  Worsen(worst, AtLeast(Measure::kLeastCosine, evidence.loud_cosine, kLeastLoss * tolerance));
  return worst;
}

// The least spread that a column is judged by. A value that is 0 in every sample has no magnitude of
// its own: that of its neighbours stands in.
double LeastSpread(const ColumnEvidence& column, double magnitude_of_all) {
  if (column.is_share) return kLeastShareSpread;
  return kLeastSpread * (column.magnitude > 0 ? column.magnitude : magnitude_of_all);
}

Judgement JudgeFew(const OutputEvidence& evidence, double tolerance) {
  double squares = 0;
  for (const auto& column : evidence.columns) squares += column.magnitude * column.magnitude;
  const double magnitude = std::sqrt(squares / static_cast<double>(evidence.columns.size()));
  Judgement worst = AtLeast(Measure::kR2, 1, kR2Loss * tolerance);
  worst.column = 0;
  for (size_t c = 0; c < evidence.columns.size(); ++c) {
    const ColumnEvidence& column = evidence.columns[c];
    const double least = LeastSpread(column, magnitude);
    const double spread = std::max(column.spread, least);
    const double noise = InSpreads(column.error, spread);
    const auto at = static_cast<int64_t>(c);
    Judgement r2 = AtLeast(Measure::kR2, 1 - noise * noise, kR2Loss * tolerance);
    r2.column = at;
    r2.is_constant = IsConstant(column);
    Worsen(worst, r2);
    const double root = std::sqrt(tolerance);
    Worsen(worst, AtMost(Measure::kBias, InSpreads(column.bias, spread), kBiasLoss * root, at));
    const double worst_spread = std::max(column.spread, kWorstFloor * least);
    Worsen(worst, AtMost(Measure::kWorstError, InSpreads(column.worst_error, worst_spread),
                         kWorstLoss * root, at));
  }
  return worst;
}

Judgement JudgeByKind(const OutputEvidence& evidence, double tolerance) {
  if (!evidence.fault.empty()) {
    Judgement out;
    out.measure = Measure::kFault;
    out.strain = kInfinite;
    out.value = -1;
    out.fault = evidence.fault;
    return out;
  }
  if (evidence.n == 0) return {};
  switch (evidence.kind) {
    case OutputKind::kIntegers:
      return AtLeast(Measure::kAgreement, evidence.agreement, kAgreementLoss * tolerance);
    case OutputKind::kFew:
      return evidence.spread_n >= kLeastForSpread ? JudgeFew(evidence, tolerance)
                                                  : JudgeCosine(evidence, tolerance);
    case OutputKind::kWide:
      break;
  }
  return JudgeWide(evidence, tolerance);
}

}  // namespace

std::string MeasureName(Measure measure) {
  switch (measure) {
    case Measure::kCosine:
      return "cosine";
    case Measure::kWholeCosine:
      return "cosine of all samples as one";
    case Measure::kLowCosine:
      return "cosine, 5 % quantile";
    case Measure::kLeastCosine:
      return "cosine, least";
    case Measure::kR2:
      return "R2";
    case Measure::kBias:
      return "bias / spread";
    case Measure::kWorstError:
      return "worst error / spread";
    case Measure::kAgreement:
      return "agreement";
    case Measure::kFault:
      return "fault";
  }
  return "";
}

std::string Judgement::Text() const {
  if (measure == Measure::kFault) return fault;
  if (output.empty()) return "nothing to compare";
  return StrCat(MeasureName(measure), " ", Fixed(value, 4), " of '", output, "'",
                column < 0 ? ""
                           : StrCat(", value ", column, " (n = ", n,
                                    is_constant ? ", where float is constant)" : ")"));
}

Judgement Judge(const OutputEvidence& evidence, double tolerance) {
  Judgement out = JudgeByKind(evidence, tolerance);
  out.output = evidence.output;
  out.n = evidence.n;
  return out;
}

Judgement JudgeWorst(std::span<const OutputEvidence> evidence, double tolerance) {
  Judgement worst;
  for (const OutputEvidence& one : evidence) {
    if (one.n == 0 && one.fault.empty()) continue;
    Judgement judged = Judge(one, tolerance);
    if (worst.output.empty() || judged.strain > worst.strain) worst = std::move(judged);
  }
  return worst;
}

bool IsConstant(const ColumnEvidence& column) {
  return column.spread <= kConstant * column.magnitude;
}

}  // namespace tare::runtime
