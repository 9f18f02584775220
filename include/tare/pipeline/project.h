// The project: what `tare.yaml` says, checked, with every path made absolute or relative to here.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tare/calibrate/range.h"
#include "tare/core/result.h"
#include "tare/data/corrupt/corrupt.h"
#include "tare/data/dataset.h"
#include "tare/data/feed.h"
#include "tare/evaluate/cost/cost_options.h"
#include "tare/evaluate/samples/kpi.h"
#include "tare/evaluate/samples/slices.h"
#include "tare/quantize/selection.h"
#include "tare/search/auto_format.h"
#include "tare/verdict/flips.h"
#include "tare/verdict/policy.h"

namespace tare::pipeline {

/// Where the samples of a split come from: one file, or one file an array.
struct SplitSource {
  std::string path;
  std::vector<data::ArrayFile> arrays;
  /// 0: calibration 300, search 2,000 (fewer of a small file), test all that the others leave.
  int64_t num_samples = 0;

  bool empty() const { return path.empty() && arrays.empty(); }
  /// The files, in order.
  std::vector<std::string> Files() const;
};

/// The test under other conditions: other data, or the test data corrupted.
struct DistributionSource {
  std::string name;
  SplitSource source;  ///< without files for a corruption; num_samples 0: all
  std::optional<data::CorruptionSpec> corruption;
};

/// What a project asks for. Everything but model and data has a default.
struct Project {
  std::string file;    ///< the yaml, for messages
  std::string folder;  ///< its folder: relative paths begin here
  std::string name;    ///< of the registered versions; default: the folder's name
  std::string model_path;

  std::vector<data::InputBinding> bindings;
  std::string label;
  std::vector<std::string> classes;
  SplitSource calibration, search, test;
  std::vector<DistributionSource> distributions;
  std::vector<evaluate::SliceSpec> slices;
  std::vector<evaluate::KpiSpec> kpis;
  uint64_t seed = 1;
  /// Calibration or search may share content with the test: the report then begins with a warning.
  bool allow_leak = false;

  verdict::Task task = verdict::Task::kOutputs;  ///< or one of evaluate::ModelTasks()
  std::string output;  ///< the model's output that answers; empty: the first that fits the task
  verdict::Policy policy;

  search::Formats formats;  ///< that may be tried; empty: auto
  search::Goal goal = search::Goal::kSpeed;
  quantize::NodeSelection nodes;  ///< what may be quantized at all
  calibrate::RangeMethod method = calibrate::RangeMethod::kMse;
  bool trust_data = false;  ///< calibrates with data that look wrong
  double tolerance = 0.01;

  int num_threads = 1;
  evaluate::CostOptions costs;
  std::vector<std::string> custom_ops;
  /// Samples whose answer changed that stand in the page, with what the models saw; 0: none.
  size_t num_shown_flips = verdict::kMostShownFlips;
  std::string registry_root;  ///< empty: not named
};

/// Reads a project from text. `path` is the file that it came from.
/// Errors  kInvalidArgument: not YAML, an unknown key (names the nearest), a missing one, a value
///         out of range, a `where` that does not parse; all with file and line.
Result<Project> ParseProject(std::string_view text, const std::string& path);

/// Reads `path`, or `tare.yaml` in the folder that it names.
/// Errors  as ParseProject; kNotFound: no such file.
Result<Project> ReadProject(const std::string& path);

}  // namespace tare::pipeline
