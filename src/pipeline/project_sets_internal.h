// The three sets of a project, opened and chosen as `tare run` does.

#pragma once

#include "pipeline/project_data_internal.h"
#include "tare/graph/model.h"

namespace tare::pipeline {

/// The model's inputs that data feeds: initializers that are inputs too get nothing.
std::vector<ValueInfo> FedInputs(const graph::Graph& graph);

struct ProjectSets {
  OpenSource calibration, search, test;
  SplitSamples samples;
};

/// Opens the sources of a project for a model with these inputs, and chooses its samples.
/// `project` must outlive the sets.
/// Errors  those of opening, binding and digesting; as ChooseSplits().
Result<ProjectSets> OpenSets(const Project& project, std::vector<ValueInfo> inputs);

}  // namespace tare::pipeline
