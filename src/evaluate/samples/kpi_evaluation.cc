#include <algorithm>
#include <cmath>

#include "evaluate/samples/kpi_evaluation_internal.h"
#include "tare/core/text.h"
#include "tare/verdict/metric_info.h"

namespace tare::evaluate {
namespace {

// The sum over one column a KPI, divided by the number of samples.
SampleSchema SchemaOf(std::span<const KpiSpec> specs) {
  SampleSchema schema;
  for (const KpiSpec& spec : specs) {
    schema.metrics.push_back({.name = verdict::KpiMetricName(spec.name),
                              .kind = SampleMetric::Kind::kMean,
                              .column = schema.columns.size(),
                              .reach = SampleMetric::Reach::kRange});
    schema.columns.push_back(spec.name);
  }
  return schema;
}

void Append(const verdict::Metrics& from, verdict::Metrics& to) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

KpiEvaluation::KpiEvaluation(std::vector<Kpi> kpis, std::vector<std::string> names,
                             SampleEvaluation evaluation, Sides sides)
    : kpis_(std::move(kpis)),
      names_(std::move(names)),
      evaluation_(std::move(evaluation)),
      sides_(sides) {}

Result<KpiEvaluation> KpiEvaluation::Create(std::span<const KpiSpec> specs, SampleOptions options) {
  std::vector<std::string> own_names;
  for (const KpiSpec& spec : specs) own_names.push_back(spec.name);
  TARE_TRY_VOID(verdict::CheckKpiNames(own_names));
  std::vector<Kpi> kpis;
  std::vector<std::string> names;
  for (const KpiSpec& spec : specs) {
    TARE_TRY(auto expression,
             KpiExpression::Parse(spec.expression).While(StrCat("reading KPI '", spec.name, "'")));
    Kpi kpi{spec, std::move(expression), {}};
    for (const std::string& name : kpi.expression.names()) {
      const auto known = std::ranges::find(names, name);
      kpi.places.push_back(static_cast<size_t>(known - names.begin()));
      if (known == names.end()) names.push_back(name);
    }
    kpis.push_back(std::move(kpi));
  }
  const Sides sides = options.sides;
  TARE_TRY(auto evaluation, SampleEvaluation::Create(SchemaOf(specs), std::move(options)));
  return KpiEvaluation(std::move(kpis), std::move(names), std::move(evaluation), sides);
}

std::string KpiEvaluation::ReadersOf(size_t index) const {
  std::vector<std::string> readers;
  for (const Kpi& kpi : kpis_) {
    if (std::ranges::find(kpi.places, index) != kpi.places.end())
      readers.push_back(StrCat("KPI '", kpi.spec.name, "'"));
  }
  return Join(readers, ", ");
}

Error KpiEvaluation::NotFinite(const Kpi& kpi, std::string_view side, double value) const {
  std::vector<std::string> read;
  for (size_t i = 0; i < read_.size(); ++i)
    read.push_back(StrCat(kpi.expression.names()[i], " = ", read_[i]));
  return InvalidArgument(
      StrCat("KPI '", kpi.spec.name, "' is ", std::isnan(value) ? "NaN" : "infinite", " for the ",
             side, read.empty() ? std::string() : StrCat(" (", Join(read, ", "), ")")),
      "say in the expression what such a sample is worth: if(cost == 0, 0, gain / cost), or if(x "
      "== x, x, 0) for NaN");
}

Result<void> KpiEvaluation::Evaluate(std::string_view side, std::span<const double> values,
                                     std::vector<double>& row) {
  TARE_CHECK(values.size() == names_.size());
  row.clear();
  for (const Kpi& kpi : kpis_) {
    read_.clear();
    for (const size_t place : kpi.places) read_.push_back(values[place]);
    const double value = kpi.expression.Evaluate(read_);
    if (!std::isfinite(value)) return NotFinite(kpi, side, value);
    row.push_back(value);
  }
  return {};
}

Result<void> KpiEvaluation::Add(std::span<const double> baseline, std::span<const double> candidate,
                                uint64_t slices) {
  TARE_TRY_VOID(Evaluate("baseline", baseline, rows_[0]));
  if (sides_ == Sides::kPair) TARE_TRY_VOID(Evaluate("candidate", candidate, rows_[1]));
  evaluation_.Add(rows_[0], rows_[1], sides_ == Sides::kPair && rows_[0] != rows_[1], slices);
  return {};
}

void KpiEvaluation::AddTo(TestEvidence& evidence) const {
  const TestEvidence own = evaluation_.Finish();
  Append(own.baseline, evidence.baseline);
  Append(own.candidate, evidence.candidate);
  if (own.paired) Append(own.paired->difference, evidence.paired->difference);
  const size_t num_slices = evidence.baseline_slices.size();
  TARE_CHECK(num_slices == 0 || num_slices == own.baseline_slices.size());
  for (size_t s = 0; s < num_slices; ++s) {
    Append(own.baseline_slices[s].metrics, evidence.baseline_slices[s].metrics);
    if (!own.paired) continue;
    Append(own.candidate_slices[s].metrics, evidence.candidate_slices[s].metrics);
    Append(own.paired->slices[s].difference, evidence.paired->slices[s].difference);
  }
}

Error UnknownKpiColumn(std::string_view readers, std::string_view name,
                       std::span<const std::string> known) {
  const std::string nearest = NearestName(name, known);
  return InvalidArgument(
      StrCat(readers, " reads '", name, "', which no sample has"),
      StrCat(nearest.empty() ? std::string() : StrCat("did you mean '", nearest, "'? "),
             "it may read ",
             known.empty() ? std::string("nothing here: add numeric fields to the lines")
                           : Join(known, ", ")));
}

}  // namespace tare::evaluate
