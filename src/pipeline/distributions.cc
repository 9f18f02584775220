#include "pipeline/distributions_internal.h"
#include "tare/core/strcat.h"

namespace tare::pipeline {
namespace {

struct Conditions {
  OpenSource source;
  std::vector<int64_t> samples;
  std::string description;
};

Result<Conditions> Open(const DistributionSource& distribution,
                        const std::vector<int64_t>& test_samples, const Project& project,
                        SourceOpener& opener) {
  Conditions conditions;
  const int64_t wanted = distribution.source.num_samples;
  const auto choose = [&](int64_t available) {
    return data::ChooseSamples(available, wanted > 0 ? wanted : available, project.seed);
  };
  if (!distribution.corruption) {
    TARE_TRY(conditions.source, opener.Open(distribution.source));
    conditions.samples = choose(conditions.source.dataset->num_samples());
    conditions.description = SourceName(distribution.source);
    return conditions;
  }
  TARE_TRY(conditions.source, opener.OpenCorrupted(project.test, *distribution.corruption));
  for (const int64_t i : choose(std::ssize(test_samples)))
    conditions.samples.push_back(test_samples[static_cast<size_t>(i)]);
  conditions.description = data::Describe(*distribution.corruption);
  return conditions;
}

}  // namespace

void AddDistribution(const DistributionSource& distribution, StepKey& key) {
  key.Add("distribution", distribution.name).Add("samples", distribution.source.num_samples);
  if (distribution.corruption) key.Add("corrupt", data::Describe(*distribution.corruption));
}

Result<void> AddDistributions(const Project& project, SourceOpener& opener,
                              const std::vector<int64_t>& test_samples,
                              const evaluate::RunnableModel& baseline,
                              const evaluate::RunnableModel& candidate,
                              const evaluate::EvaluateOptions& options, Progress& progress,
                              verdict::Evidence& evidence) {
  for (const DistributionSource& distribution : project.distributions) {
    if (project.task == "outputs") {
      evidence.warnings.push_back(
          {StrCat("the distribution '", distribution.name, "' was not evaluated: it needs labels"),
           "name their array: data: label"});
      continue;
    }
    TARE_TRY(const Conditions conditions,
             Open(distribution, test_samples, project, opener)
                 .While(StrCat("opening the distribution ", distribution.name)));
    SplitBatches batches(project, conditions.source, conditions.samples);
    TARE_TRY_VOID(evaluate::EvaluateDistribution(baseline, candidate, batches, project.task,
                                                 distribution.name, conditions.description, options,
                                                 progress, evidence));
  }
  return {};
}

}  // namespace tare::pipeline
