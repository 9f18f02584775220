// The three sets of a project, opened and chosen as `tare run` does.

#pragma once

#include "pipeline/opened_model_internal.h"
#include "pipeline/project_data_internal.h"

namespace tare::pipeline {

/// The model of a project, as its yaml says to feed and run it.
ModelRequest ModelOf(const Project& project, double time_limit_s);

struct ProjectSets {
  OpenSource calibration, search, test;

  SourceSizes Sizes() const;
};
/// Opens the sources of a project for its model.
/// Errors  those of opening and binding.
Result<ProjectSets> OpenSets(const Project& project, OpenedModel& model);

}  // namespace tare::pipeline
