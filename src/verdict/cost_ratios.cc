#include <optional>
#include <string_view>

#include "tare/verdict/evidence.h"

namespace tare::verdict {
namespace {

template <class T>
std::optional<double> RatioOf(std::optional<T> candidate, std::optional<T> baseline) {
  if (!candidate || !baseline || !(*baseline > 0) || !(*candidate > 0)) return std::nullopt;
  return static_cast<double>(*candidate) / static_cast<double>(*baseline);
}

bool IsMeasured(const Side& side) { return side.energy && side.energy->status == "measured"; }

// The metric that is a share of samples answered right; one of a task.
constexpr std::string_view kSharesOfSamples[] = {"accuracy", "exact_match", "subset_accuracy"};

std::optional<double> JoulesPerCorrect(const Side& side) {
  for (const std::string_view name : kSharesOfSamples) {
    const Estimate* share = FindMetric(side.metrics, name);
    if (share != nullptr)
      return RatioOf(side.energy->joules_per_sample, std::optional(share->value));
  }
  return std::nullopt;
}

}  // namespace

void SetCostRatios(Evidence& evidence) {
  Side& a = evidence.baseline;
  Side& b = evidence.candidate;
  evidence.cost.size_ratio = RatioOf(b.model_bytes, a.model_bytes);
  evidence.cost.memory_ratio = RatioOf(b.peak_rss_bytes, a.peak_rss_bytes);
  const bool measured = IsMeasured(a) && IsMeasured(b);
  evidence.cost.energy_ratio =
      measured ? RatioOf(b.energy->joules_per_sample, a.energy->joules_per_sample) : std::nullopt;
  for (Side* side : {&a, &b}) {
    if (side->energy) side->energy->joules_per_correct = JoulesPerCorrect(*side);
  }
}

}  // namespace tare::verdict
