#include "pipeline/project_sets_internal.h"

namespace tare::pipeline {

ModelRequest ModelOf(const Project& project, double time_limit_s) {
  ModelRequest request{project.model_path, project.bindings, project.label, {}, time_limit_s};
  request.session.num_threads = project.num_threads;
  request.session.custom_op_libraries = project.custom_ops;
  return request;
}

SourceSizes ProjectSets::Sizes() const {
  return {calibration.dataset->num_samples(), search.dataset->num_samples(),
          test.dataset->num_samples()};
}

Result<ProjectSets> OpenSets(const Project& project, OpenedModel& model) {
  ProjectSets sets;
  TARE_TRY(sets.calibration, model.Bind(project.calibration));
  TARE_TRY(sets.search, model.Bind(project.search));
  TARE_TRY(sets.test, model.Bind(project.test));
  return sets;
}

}  // namespace tare::pipeline
