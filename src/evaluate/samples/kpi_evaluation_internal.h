// Measures of the user's own, sample by sample, for any task.
//
//   KpiEvaluation kpis = Create({{"revenue", "if(correct == 1, price, -2)"}}, options);
//   kpis.names()                                 // correct, price: what the caller looks up for each sample
//   kpis.Add(values of the baseline, values of the candidate, slices);   // for each sample
//   kpis.AddTo(evidence);                        // kpi:revenue beside the metrics of the task
//
// The KPI of a set of samples is the mean of its expression over them, for each model; higher is
// better (who wants the contrary negates it).

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evaluate/samples/sample_evaluation_internal.h"
#include "tare/core/result.h"
#include "tare/evaluate/samples/kpi.h"
#include "tare/evaluate/samples/test_evidence.h"

namespace tare::evaluate {

/// Evaluates KPIs of samples.
///
/// Intervals: paired BCa bootstrap over samples. A difference that rests on fewer than 10 changed
/// samples is widened by those that may have been missed, each with the range of the KPI's values
/// (sample_evaluation_internal.h).
///
/// Memory   as SampleEvaluation: 16 bytes a KPI and 30 bytes a sample where values do not repeat.
/// Threads  none.
class KpiEvaluation {
 public:
  /// Errors  kInvalidArgument: as CheckKpiNames; an expression does not parse; an option is out of
  ///         range.
  static Result<KpiEvaluation> Create(std::span<const KpiSpec> specs, SampleOptions options);

  /// What the expressions read, each name once.
  const std::vector<std::string>& names() const { return names_; }
  /// The KPIs that read names()[index], for errors: "kpi 'revenue'".
  std::string ReadersOf(size_t index) const;

  /// Adds one sample. Bit s of `slices`: it is in slice s of the options.
  /// Shape   one value a name on both sides (TARE_CHECK); no candidate where the options say so.
  /// Errors  kInvalidArgument: a KPI is NaN or infinite for the sample: a mean over the others
  ///         would be one of another set. Names the values read; nothing is added then.
  Result<void> Add(std::span<const double> baseline, std::span<const double> candidate,
                   uint64_t slices = 0);

  /// Appends kpi:NAME to the metrics and differences of the whole set and of each slice of
  /// `evidence`.
  /// Shape   the slices of `evidence` are those of the options, in order; it may have none
  ///         (TARE_CHECK).
  void AddTo(TestEvidence& evidence) const;

 private:
  struct Kpi {
    KpiSpec spec;
    KpiExpression expression;
    std::vector<size_t> places;  // of its names in names_
  };
  KpiEvaluation(std::vector<Kpi> kpis, std::vector<std::string> names, SampleEvaluation evaluation,
                Sides sides);
  Result<void> Evaluate(std::string_view side, std::span<const double> values,
                        std::vector<double>& row);
  Error NotFinite(const Kpi& kpi, std::string_view side, double value) const;

  std::vector<Kpi> kpis_;
  std::vector<std::string> names_;
  SampleEvaluation evaluation_;
  Sides sides_;
  std::vector<double> read_, rows_[2];  // of one sample
};

/// "kpi 'x' reads 'revenu', which ...": the error of a name that a sample does not have.
/// `known` is what could be read; the nearest of it is named.
Error UnknownKpiColumn(std::string_view readers, std::string_view name,
                       std::span<const std::string> known);

}  // namespace tare::evaluate
