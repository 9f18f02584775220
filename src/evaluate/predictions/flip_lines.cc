#include "tare/evaluate/predictions/flip_lines.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "evaluate/predictions/prediction_lines_internal.h"

namespace tare::evaluate {
namespace {

constexpr size_t kMostFields = 12;

// What a flip says of itself, and numbers that say nothing to people.
bool IsKnown(std::string_view name) {
  static const std::set<std::string_view> kKnown = {"id",     "label",    "answers", "prediction",
                                                    "scores", "relevant", "support", "supported"};
  return kKnown.contains(name);
}

void Describe(const PredictionLine& line, verdict::Flip& flip) {
  for (const auto& [name, value] : line.json.items()) {
    if (flip.fields.size() == kMostFields) return;
    if (IsKnown(name) || value.is_null() || value.is_object()) continue;
    flip.fields.emplace_back(name, TextOfField(line, name.c_str()));
  }
}

}  // namespace

Result<void> DescribeFlips(const PredictionStreams& streams, size_t num_described,
                           std::span<verdict::Flip> flips) {
  std::vector<size_t> order(flips.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto line_of = [&](size_t i) { return flips[i].line.value_or(0); };
  std::ranges::sort(order, {}, line_of);
  PredictionReader reader(streams.baseline, streams.baseline_name);
  for (const size_t i : order) {
    TARE_TRY(const auto line, reader.At(line_of(i)));
    if (!line)
      return DataLoss(StrCat(streams.baseline_name, " changed while it was read"), "run again");
    flips[i].id = line->id;
    if (i < num_described) Describe(*line, flips[i]);
  }
  return {};
}

}  // namespace tare::evaluate
