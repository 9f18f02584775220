// The data of a project, or data files, checked.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/data/check/check.h"
#include "tare/pipeline/project.h"

namespace tare::pipeline {

/// What a check looks for.
struct CheckOptions {
  std::string label;  ///< of files; "" takes label, labels, y, target or class if there is one
  std::vector<std::string> arrays;         ///< of files: only these
  data::ImageForm images;                  ///< of files: what folders of images become
  std::optional<data::NearMethod> method;  ///< in place of the choice by dtype and shape
  std::optional<double> near;              ///< Jaccard index of texts, correlation of images
  int64_t recommend = 0;
  uint64_t seed = 1;
  int num_threads = 1;
};

/// A set of samples: calibration, search, test, or any other name.
struct DataFile {
  std::string name;
  std::string path;
};

/// Checks files, each with all its samples, against each other. A file that is named twice is
/// opened once.
/// Errors   kInvalidArgument: no files; as data::OpenDataset() and data::CheckData().
Result<data::DataCheck> CheckFiles(const std::vector<DataFile>& files, const CheckOptions& options,
                                   Progress& progress);

/// Checks calibration, search and test as `tare run` would choose and feed them. The label, and the
/// arrays, are the project's.
/// Errors   those of reading model and data; as data::CheckData().
Result<data::DataCheck> CheckProject(const Project& project, const CheckOptions& options,
                                     Progress& progress);

}  // namespace tare::pipeline
