#include "tare/pipeline/check_data.h"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>

#include "pipeline/project_sets_internal.h"

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
    if (std::ranges::find(dataset.arrays(), name, &data::ArrayInfo::name) != dataset.arrays().end())
      return name;
  }
  return "";
}

}  // namespace

Result<data::DataCheck> CheckFiles(const std::vector<DataFile>& files, const CheckOptions& options,
                                   Progress& progress) {
  std::map<std::string, std::unique_ptr<data::Dataset>> open;
  data::CheckRequest request = RequestOf(options);
  for (const DataFile& file : files) {
    auto& dataset = open[file.path];
    if (!dataset) {
      TARE_TRY(
          dataset,
          data::OpenDataset(file.path, options.images).While("opening the " + file.name + " set"));
    }
    data::Split split{file.name,
                      dataset.get(),
                      {},
                      std::vector<int64_t>(static_cast<size_t>(dataset->num_samples()))};
    std::iota(split.samples.begin(), split.samples.end(), int64_t{0});
    if (request.content.label.empty()) request.content.label = GuessedLabel(*dataset);
    request.splits.push_back(std::move(split));
  }
  return data::CheckData(request, progress);
}

Result<data::DataCheck> CheckProject(const Project& project, const CheckOptions& options,
                                     Progress& progress) {
  // Nothing is run: no time limit applies.
  TARE_TRY(auto model, OpenedModel::Open(ModelOf(project, 0)));
  TARE_TRY(const ProjectSets sets, OpenSets(project, model));
  FileDigests files;
  TARE_TRY(const SplitDigests digests, DigestSplits(project, files));
  TARE_TRY(const SplitSamples samples, ChooseSplits(project, digests, sets.Sizes()));
  data::CheckRequest request = RequestOf(options);
  request.content.label = project.label;
  request.seed = project.seed;
  request.splits = {
      {"calibration", sets.calibration.dataset.get(), sets.calibration.feed->arrays(),
       samples.calibration},
      {"search", sets.search.dataset.get(), sets.search.feed->arrays(), samples.search},
      {"test", sets.test.dataset.get(), sets.test.feed->arrays(), samples.test}};
  return data::CheckData(request, progress);
}

}  // namespace tare::pipeline
