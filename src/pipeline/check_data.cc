#include "tare/pipeline/check_data.h"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>

#include "pipeline/project_data_internal.h"
#include "tare/graph/onnx.h"

namespace tare::pipeline {
namespace {

data::CheckRequest RequestOf(const CheckOptions& options) {
  data::CheckRequest request;
  request.content = {options.arrays, options.label, options.method};
  if (options.near) {
    request.duplicates.jaccard = *options.near;
    request.duplicates.correlation = std::max(0.5, *options.near);
  }
  request.duplicates.num_threads = options.num_threads;
  request.recommend = options.recommend;
  request.seed = options.seed;
  return request;
}

std::string GuessedLabel(const data::Dataset& dataset) {
  for (const char* name : {"label", "labels", "y", "target", "class"}) {
    if (std::ranges::find(dataset.arrays(), name, &data::ArrayInfo::name) != dataset.arrays().end()) return name;
  }
  return "";
}

// What the model gets by a feed; initializers that are inputs too get nothing.
Result<std::vector<ValueInfo>> InputsOf(const std::string& model_path) {
  TARE_TRY(const auto model, graph::ReadOnnx(model_path));
  std::vector<ValueInfo> inputs;
  for (const graph::Value& input : model.graph.inputs) {
    if (model.graph.FindInitializer(input.info.name) == nullptr) inputs.push_back(input.info);
  }
  return inputs;
}

}  // namespace

Result<data::DataCheck> CheckFiles(const std::vector<DataFile>& files, const CheckOptions& options, Progress& progress) {
  std::map<std::string, std::unique_ptr<data::Dataset>> open;
  data::CheckRequest request = RequestOf(options);
  for (const DataFile& file : files) {
    auto& dataset = open[file.path];
    if (!dataset) {
      TARE_TRY(dataset, data::OpenDataset(file.path).While("opening the " + file.name + " set"));
    }
    data::Split split{file.name, dataset.get(), {}, std::vector<int64_t>(static_cast<size_t>(dataset->num_samples()))};
    std::iota(split.samples.begin(), split.samples.end(), int64_t{0});
    if (request.content.label.empty()) request.content.label = GuessedLabel(*dataset);
    request.splits.push_back(std::move(split));
  }
  return data::CheckData(request, progress);
}

Result<data::DataCheck> CheckProject(const Project& project, const CheckOptions& options, Progress& progress) {
  TARE_TRY(auto inputs, InputsOf(project.model_path));
  SourceOpener opener(project, std::move(inputs));
  TARE_TRY(const OpenSource calibration, opener.Open(project.calibration));
  TARE_TRY(const OpenSource search, opener.Open(project.search));
  TARE_TRY(const OpenSource test, opener.Open(project.test));
  FileDigests files;
  std::vector<std::string> digests;
  for (const SplitSource* source : {&project.calibration, &project.search, &project.test}) {
    TARE_TRY(digests.emplace_back(), files.Of(*source));
  }
  const SourceSizes sizes{calibration.dataset->num_samples(), search.dataset->num_samples(), test.dataset->num_samples()};
  TARE_TRY(SplitSamples samples, ChooseSplits(project, digests, sizes));
  data::CheckRequest request = RequestOf(options);
  request.content.label = project.label;
  request.seed = project.seed;
  request.splits = {{"calibration", calibration.dataset.get(), calibration.feed->arrays(), std::move(samples.calibration)},
                    {"search", search.dataset.get(), search.feed->arrays(), std::move(samples.search)},
                    {"test", test.dataset.get(), test.feed->arrays(), std::move(samples.test)}};
  return data::CheckData(request, progress);
}

}  // namespace tare::pipeline
