// The step of `tare run` that looks at the data: sizes, leaks between splits, labels, columns.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/run_sources_internal.h"
#include "pipeline/step_internal.h"

namespace tare::pipeline {

struct DataIn {
  const Project* project = nullptr;
  const RunIdentity* identity = nullptr;
  RunSources* sources = nullptr;
};

struct DataOut {
  SourceSizes sizes;       ///< samples that the sources have
  SourceSizes num_chosen;  ///< of them, those of each split
  int64_t num_duplicates = 0;
  std::string leak;                  ///< what the report must say of it; empty: nothing
  std::string near_note;             ///< " nearly alike", or that nobody looked; for the terminal
  std::vector<std::string> inputs;   ///< what feeds the model, as data::Feed::report()
  std::vector<std::string> classes;  ///< names, as ClassNames()
};

/// Errors  those of opening; as FindLeaks() and ChooseSplits(); kInvalidArgument, kNotFound: labels
///         or columns that are not there or do not fit; kUnsupported: nothing to corrupt.
extern const Step<DataIn, DataOut> kDataStep;

}  // namespace tare::pipeline
