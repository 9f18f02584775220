#include "pipeline/project_sets_internal.h"

namespace tare::pipeline {

std::vector<ValueInfo> FedInputs(const graph::Graph& graph) {
  std::vector<ValueInfo> inputs;
  for (const graph::Value& input : graph.inputs) {
    if (graph.FindInitializer(input.info.name) == nullptr) inputs.push_back(input.info);
  }
  return inputs;
}

Result<ProjectSets> OpenSets(const Project& project, std::vector<ValueInfo> inputs) {
  SourceOpener opener(project, std::move(inputs));
  ProjectSets sets;
  TARE_TRY(sets.calibration, opener.Open(project.calibration));
  TARE_TRY(sets.search, opener.Open(project.search));
  TARE_TRY(sets.test, opener.Open(project.test));
  FileDigests files;
  std::vector<std::string> digests;
  for (const SplitSource* source : {&project.calibration, &project.search, &project.test}) {
    TARE_TRY(digests.emplace_back(), files.Of(*source));
  }
  const SourceSizes sizes{sets.calibration.dataset->num_samples(),
                          sets.search.dataset->num_samples(), sets.test.dataset->num_samples()};
  TARE_TRY(sets.samples, ChooseSplits(project, digests, sizes));
  return sets;
}

}  // namespace tare::pipeline
