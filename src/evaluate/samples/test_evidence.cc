#include "tare/evaluate/samples/test_evidence.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "tare/core/text.h"
#include "tare/stats/paired.h"
#include "tare/verdict/format.h"

namespace tare::evaluate {
namespace {

verdict::Warning WarningOf(const verdict::FoundScope& found) {
  const auto percent = [](int64_t part, int64_t whole) {
    return verdict::FormatValue(static_cast<double>(part) / static_cast<double>(whole),
                                verdict::Unit::kRatio);
  };
  return {StrCat("harmful flips gather where ", found.where, ": ", WithThousands(found.harmful),
                 " of ", WithThousands(found.n), " samples (", percent(found.harmful, found.n),
                 "), elsewhere ", percent(found.rest_harmful, found.rest_n), " (p = ",
                 found.p_holm < 1e-3 ? "below 0.001" : Fixed(found.p_holm, 3), " after Holm)"),
          StrCat("judge it by itself: a slice with where: \"", found.where,
                 "\" and a margin of its own")};
}

// A baseline that is hardly better than always answering the most frequent class: of the way from
// there to always right it goes less than kNearChance. Two models that guess are easily "not worse"
// than each other.
constexpr double kNearChance = 0.05;
constexpr int64_t kLeastSamples = 30;  // fewer say little of either

std::optional<verdict::Warning> NearChance(const TestEvidence& part) {
  const verdict::Estimate* accuracy = verdict::FindMetric(part.baseline, "accuracy");
  if (accuracy == nullptr || !std::isfinite(accuracy->value) || part.n < kLeastSamples)
    return std::nullopt;
  const auto frequent =
      std::ranges::max_element(part.baseline_classes, {}, &verdict::ClassMetrics::n);
  if (frequent == part.baseline_classes.end() || frequent->n == 0 || frequent->n >= part.n)
    return std::nullopt;
  const double chance = static_cast<double>(frequent->n) / static_cast<double>(part.n);
  if ((accuracy->value - chance) / (1 - chance) >= kNearChance) return std::nullopt;
  return verdict::Warning{
      StrCat("the baseline is right on ",
             verdict::FormatValue(accuracy->value, verdict::Unit::kRatio),
             " of the samples; always answering the most frequent class would be on ",
             verdict::FormatValue(chance, verdict::Unit::kRatio), ": the comparison says little"),
      "check preprocessing (scale, mean, std), the order of the classes and the labels; where one "
      "class is most of the samples, judge by f1_macro"};
}

}  // namespace

verdict::Paired PairedOf(const verdict::FlipCounts& counts) {
  verdict::Paired out;
  out.counts = counts;
  out.mcnemar_p =
      stats::McNemar({counts.n, counts.harmful, counts.helpful}, stats::Tail::kTwoSided);
  return out;
}

void SetTestEvidence(TestEvidence part, verdict::Evidence& evidence) {
  if (auto warning = NearChance(part)) part.warnings.push_back(*std::move(warning));
  evidence.n = part.n;
  evidence.scores = part.scores;
  evidence.baseline.metrics = std::move(part.baseline);
  evidence.candidate.metrics = std::move(part.candidate);
  evidence.baseline.per_class = std::move(part.baseline_classes);
  evidence.candidate.per_class = std::move(part.candidate_classes);
  evidence.baseline.confusion = std::move(part.baseline_confusion);
  evidence.candidate.confusion = std::move(part.candidate_confusion);
  evidence.baseline.slices = std::move(part.baseline_slices);
  evidence.candidate.slices = std::move(part.candidate_slices);
  if (part.paired) {
    if (evidence.paired) part.paired->distributions = std::move(evidence.paired->distributions);
    evidence.paired = std::move(part.paired);
  }
  // Of the test set alone: what gathers under a distribution is read from its own row.
  evidence.slice_findings = std::move(part.slice_findings);
  std::move(part.warnings.begin(), part.warnings.end(), std::back_inserter(evidence.warnings));
  if (!evidence.slice_findings) return;
  for (const auto& found : evidence.slice_findings->found)
    evidence.warnings.push_back(WarningOf(found));
}

void AddDistribution(std::string name, std::string description, const TestEvidence& part,
                     verdict::Evidence& evidence) {
  if (part.paired) {
    if (!evidence.paired) evidence.paired.emplace();
    evidence.paired->distributions.push_back({name, part.paired->counts, part.paired->difference});
    evidence.candidate.distributions.push_back({name, description, part.n, part.candidate});
  }
  for (const auto& warning : part.warnings) {
    evidence.warnings.push_back(
        {StrCat("distribution '", name, "': ", warning.what), warning.next});
  }
  evidence.baseline.distributions.push_back(
      {std::move(name), std::move(description), part.n, part.baseline});
}

}  // namespace tare::evaluate
