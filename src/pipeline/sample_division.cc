#include <algorithm>
#include <set>

#include "pipeline/sample_division_internal.h"
#include "tare/core/file.h"
#include "tare/data/splits.h"

namespace tare::pipeline {

Result<Division> DivideSamples(int64_t available, const quantize::DataUse& use) {
  const data::SplitRequest requests[] = {{"calibration", "data", "", available, use.calibration},
                                         {"check", "data", "", available, use.check}};
  TARE_TRY(auto chosen, data::ChooseDisjoint(requests, static_cast<uint64_t>(use.seed)));
  return Division{std::move(chosen[0]), std::move(chosen[1])};
}

Result<std::vector<int64_t>> WithoutCalibration(const std::vector<int64_t>& samples,
                                                const std::string& recipe_path,
                                                const data::Dataset& dataset) {
  TARE_TRY(const std::string text, ReadFile(recipe_path, 64 << 20));
  TARE_TRY(const quantize::Recipe recipe, quantize::ParseRecipe(text, recipe_path));
  TARE_TRY(const std::string digest, dataset.Digest());
  if (!recipe.samples || recipe.data_digest != digest) return samples;
  TARE_TRY(const auto used, DivideSamples(dataset.num_samples(), *recipe.samples));
  const std::set<int64_t> calibration(used.calibration.begin(), used.calibration.end());
  std::vector<int64_t> rest;
  std::ranges::copy_if(samples, std::back_inserter(rest),
                       [&](int64_t sample) { return !calibration.contains(sample); });
  return rest;
}

}  // namespace tare::pipeline
