#include <algorithm>
#include <filesystem>

#include "pipeline/project_data_internal.h"
#include "tare/core/hash.h"
#include "tare/core/text.h"
#include "tare/data/dataset.h"
#include "tare/data/splits.h"

namespace tare::pipeline {
namespace {

constexpr int64_t kCalibrationSamples = 300;
constexpr int64_t kSearchSamples = 2000;

// Of a file that all three splits draw from, the two that are not named leave half for the test.
int64_t DefaultCount(int64_t wanted, int64_t available, const SplitSource& source,
                     const SplitSource& test) {
  const bool shares_test = source.Files() == test.Files();
  return std::clamp<int64_t>(shares_test ? available / 4 : available / 2, 1, wanted);
}

}  // namespace

Result<std::string> FileDigests::Of(const SplitSource& source) {
  const auto files = source.Files();
  std::string all;
  for (const std::string& path : files) {
    auto& digest = by_path_[path];
    if (digest.empty()) {
      TARE_TRY(digest, data::DigestOfData(path));
    }
    all += digest;
  }
  if (files.size() == 1) return all;
  for (const data::ArrayFile& array : source.arrays) all += StrCat(" ", array.name);
  return Sha256Hex(all);
}

Result<SplitDigests> DigestSplits(const Project& project, FileDigests& files) {
  SplitDigests out;
  TARE_TRY(out.calibration, files.Of(project.calibration).While("digesting the calibration split"));
  TARE_TRY(out.search, files.Of(project.search).While("digesting the search split"));
  TARE_TRY(out.test, files.Of(project.test).While("digesting the test split"));
  return out;
}

Result<SplitSamples> ChooseSplits(const Project& project, const SplitDigests& digests,
                                  const SourceSizes& sizes) {
  const auto count = [&](const SplitSource& source, int64_t wanted, int64_t available) {
    return source.num_samples > 0 ? source.num_samples
                                  : DefaultCount(wanted, available, source, project.test);
  };
  const data::SplitRequest requests[] = {
      {"calibration", digests.calibration, SourceName(project.calibration), sizes.calibration,
       count(project.calibration, kCalibrationSamples, sizes.calibration)},
      {"search", digests.search, SourceName(project.search), sizes.search,
       count(project.search, kSearchSamples, sizes.search)},
      {"test", digests.test, SourceName(project.test), sizes.test, project.test.num_samples}};
  TARE_TRY(auto chosen, data::ChooseDisjoint(requests, project.seed));
  return SplitSamples{std::move(chosen[0]), std::move(chosen[1]), std::move(chosen[2])};
}

std::string SamplesDigest(const std::vector<int64_t>& samples) {
  return Sha256().Update(std::as_bytes(std::span(samples))).HexDigest();
}

std::string SourceName(const SplitSource& source) {
  std::vector<std::string> names;
  for (std::string path : source.Files()) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();  // of a folder
    names.push_back(std::filesystem::path(path).filename().string());
  }
  return Join(names, ", ");
}

}  // namespace tare::pipeline
