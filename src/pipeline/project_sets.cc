#include <algorithm>

#include "pipeline/project_sets_internal.h"
#include "tare/core/text.h"

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

// Options that do nothing would look as if they did.
Result<void> CheckImageOptions(const Project& project) {
  for (const data::InputBinding& binding : project.bindings) {
    const auto texts = data::ImageOptionTexts(binding.images);
    if (texts.empty()) continue;
    for (const SplitSource* source : {&project.calibration, &project.search, &project.test}) {
      if (std::ranges::any_of(source->Files(), data::HoldsImages)) return {};
    }
    return InvalidArgument(
        StrCat("'", texts[0].first, "' of input '", binding.input, "' in ", project.file,
               " is for image files, and no set is a folder of images or a CSV file that names "
               "some"),
        "remove it, or name a folder of images");
  }
  return {};
}

Result<ProjectSets> OpenSets(const Project& project, OpenedModel& model) {
  TARE_TRY_VOID(CheckImageOptions(project));
  ProjectSets sets;
  TARE_TRY(sets.calibration, model.Bind(project.calibration));
  TARE_TRY(sets.search, model.Bind(project.search));
  TARE_TRY(sets.test, model.Bind(project.test));
  TARE_TRY_VOID(CheckSameColumns(sets.calibration, sets.search));
  TARE_TRY_VOID(CheckSameColumns(sets.calibration, sets.test));
  return sets;
}

}  // namespace tare::pipeline
