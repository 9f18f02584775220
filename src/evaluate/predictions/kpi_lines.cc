#include <algorithm>

#include "evaluate/predictions/kpi_lines_internal.h"

namespace tare::evaluate {

std::vector<std::string> NumericFields(const PredictionLine& line) {
  std::vector<std::string> names;
  for (const auto& [name, value] : line.json.items()) {
    if (value.is_number() && name != "id") names.push_back(name);
  }
  return names;
}

Result<double> ReadField(const JsonReader& own, const JsonReader& reference,
                         const std::string& name, const std::string& readers) {
  TARE_TRY(auto value, own.Number(name.c_str()));
  if (!value) {
    TARE_TRY(value, reference.Number(name.c_str()));
  }
  if (!value) return reference.Wrong(name.c_str(), StrCat("a number: ", readers, " reads it"));
  return *value;
}

Result<KpiLines> KpiLines::Create(std::span<const KpiSpec> specs, SampleOptions options,
                                  std::span<const std::string> measured,
                                  const PredictionLine& first, const PredictionLine& second) {
  TARE_TRY(auto kpis, KpiEvaluation::Create(specs, std::move(options)));
  KpiLines out(std::move(kpis));
  std::vector<std::string> known;
  std::ranges::copy_if(measured, std::back_inserter(known),
                       [](const std::string& name) { return !name.empty(); });
  for (const PredictionLine* line : {&first, &second}) {
    for (std::string& name : NumericFields(*line)) {
      if (std::ranges::find(known, name) == known.end()) known.push_back(std::move(name));
    }
  }
  for (size_t i = 0; i < out.kpis_.names().size(); ++i) {
    const std::string& name = out.kpis_.names()[i];
    if (std::ranges::find(known, name) == known.end())
      return UnknownKpiColumn(out.kpis_.ReadersOf(i), name, known);
    const auto place = std::ranges::find(measured, name);
    out.readers_.push_back(out.kpis_.ReadersOf(i));
    out.places_.push_back(place == measured.end()
                              ? std::nullopt
                              : std::optional(static_cast<size_t>(place - measured.begin())));
  }
  return out;
}

Result<void> KpiLines::Read(const JsonReader& own, const JsonReader& reference,
                            std::span<const double> measured, std::vector<double>& values) const {
  values.resize(places_.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (places_[i]) {
      values[i] = measured[*places_[i]];
    } else {
      TARE_TRY(values[i], ReadField(own, reference, kpis_.names()[i], readers_[i]));
    }
  }
  return {};
}

Result<void> KpiLines::Add(const JsonReader& baseline, const JsonReader& candidate,
                           std::span<const double> measured_baseline,
                           std::span<const double> measured_candidate, uint64_t slices) {
  TARE_TRY_VOID(Read(baseline, baseline, measured_baseline, values_[0]));
  TARE_TRY_VOID(Read(candidate, baseline, measured_candidate, values_[1]));
  auto added = kpis_.Add(values_[0], values_[1], slices);
  if (!added) return std::move(added).error().While(StrCat("reading ", baseline.source()));
  return {};
}

}  // namespace tare::evaluate
