// What KPIs read of the lines of predictions.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/predictions/prediction_lines_internal.h"
#include "evaluate/samples/kpi_evaluation_internal.h"

namespace tare::evaluate {

/// Names of the fields of a line that are numbers, but the id.
std::vector<std::string> NumericFields(const PredictionLine& line);

/// The number that the line of a model has under `name`, else that of the first file.
/// Errors  kInvalidArgument: neither has one.
Result<double> ReadField(const JsonReader& own, const JsonReader& reference,
                         const std::string& name, const std::string& readers);

/// KPIs of joined lines: a name is what the task measured of the sample, else a numeric field.
class KpiLines {
 public:
  /// `measured` are the columns that the task fills, of which empty ones are for nobody; the first
  /// two lines tell which fields there are.
  /// Errors  as KpiEvaluation; kInvalidArgument: a name is neither measured nor a field.
  static Result<KpiLines> Create(std::span<const KpiSpec> specs, SampleOptions options,
                                 std::span<const std::string> measured, const PredictionLine& first,
                                 const PredictionLine& second);

  /// Adds a pair of lines and what was measured of it.
  /// Errors  kInvalidArgument, with file and line: a field is missing, or a KPI is not finite.
  Result<void> Add(const JsonReader& baseline, const JsonReader& candidate,
                   std::span<const double> measured_baseline,
                   std::span<const double> measured_candidate, uint64_t slices);

  void AddTo(TestEvidence& evidence) const { kpis_.AddTo(evidence); }

 private:
  explicit KpiLines(KpiEvaluation kpis) : kpis_(std::move(kpis)) {}
  Result<void> Read(const JsonReader& own, const JsonReader& reference,
                    std::span<const double> measured, std::vector<double>& values) const;

  KpiEvaluation kpis_;
  std::vector<std::optional<size_t>> places_;  // of each name in what is measured; absent: a field
  std::vector<std::string> readers_;           // of each name, for errors
  std::vector<double> values_[2];
};

}  // namespace tare::evaluate
