#include "tare/evaluate/test_evidence.h"

#include <iterator>

#include "tare/core/strcat.h"

namespace tare::evaluate {

void SetTestEvidence(TestEvidence part, Evidence& evidence) {
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
  auto distributions =
      evidence.paired ? std::move(evidence.paired->distributions) : std::vector<PairedScope>{};
  evidence.paired = std::move(part.paired);
  evidence.paired->distributions = std::move(distributions);
  std::move(part.warnings.begin(), part.warnings.end(), std::back_inserter(evidence.warnings));
}

void AddDistribution(std::string name, std::string description, const TestEvidence& part,
                     Evidence& evidence) {
  if (!evidence.paired) evidence.paired.emplace();
  evidence.paired->distributions.push_back({name, part.paired.counts, part.paired.difference});
  evidence.baseline.distributions.push_back({name, description, part.n, part.baseline});
  for (const auto& warning : part.warnings) {
    evidence.warnings.push_back(
        {StrCat("distribution '", name, "': ", warning.what), warning.next});
  }
  evidence.candidate.distributions.push_back(
      {std::move(name), std::move(description), part.n, part.candidate});
}

}  // namespace tare::evaluate
