// Noise: each pixel by itself.

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>

#include "data/corrupt/corrupt_internal.h"

namespace tare::data {
namespace {

constexpr double kGaussianDeviation[kNumScales][5] = {
    {.04, .06, .08, .09, .10}, {.04, .08, .12, .15, .18}, {.08, .12, .18, .26, .38}};
constexpr double kShotPhotons[kNumScales][5] = {
    {500, 250, 100, 75, 50}, {250, 100, 50, 30, 15}, {60, 25, 12, 5, 3}};  // of a white pixel
constexpr double kImpulseShare[kNumScales][5] = {
    {.01, .02, .03, .05, .07}, {.01, .02, .05, .08, .14}, {.03, .06, .09, .17, .27}};
constexpr double kSaltShare = 0.5;

// Cumulative Poisson probabilities for each of the 256 levels of a pixel.
class PhotonTable {
 public:
  explicit PhotonTable(double photons) {
    for (size_t level = 0; level < rows_.size(); ++level) {
      rows_[level] = Row(static_cast<double>(level) / 255.0 * photons);
      for (size_t i = 0; i < kStarts; ++i)
        starts_[level][i] = Above(rows_[level], static_cast<double>(i) / kStarts);
    }
  }
  /// The smallest count whose cumulative probability is above `uniform`.
  double Count(uint8_t level, double uniform) const {
    const auto& row = rows_[level];
    auto count = static_cast<size_t>(starts_[level][static_cast<size_t>(uniform * kStarts)]);
    while (count < row.size() && row[count] <= uniform) ++count;
    return static_cast<double>(count);
  }

 private:
  // Until the rest is below what a double beside 1 can tell; `mean` is at most 500: exp() does not
  // underflow.
  static std::vector<double> Row(double mean) {
    std::vector<double> row;
    double probability = std::exp(-mean);
    double sum = probability;
    for (int count = 1; probability > 1e-18 || count <= mean; ++count) {
      row.push_back(sum);
      probability *= mean / count;
      sum += probability;
    }
    return row;
  }
  static int Above(const std::vector<double>& row, double uniform) {
    return static_cast<int>(std::upper_bound(row.begin(), row.end(), uniform) - row.begin());
  }

  static constexpr size_t kStarts = 64;  // a search from the nearest of these takes few steps
  std::array<std::vector<double>, 256> rows_;
  std::array<std::array<int, kStarts>, 256> starts_{};
};

// Tables are made when first asked for, and kept: there are at most fifteen.
const PhotonTable& TableOf(double photons) {
  static std::mutex mutex;
  static std::map<double, std::unique_ptr<const PhotonTable>> tables;
  const std::lock_guard lock(mutex);
  auto& table = tables[photons];
  if (!table) table = std::make_unique<const PhotonTable>(photons);
  return *table;
}

}  // namespace

Result<void> GaussianNoise(const Level& level, Draws& draws, Image& image) {
  std::vector<double> noise(image.values.size());
  draws.FillNormal(0, level.Of(kGaussianDeviation), noise);
  for (size_t i = 0; i < noise.size(); ++i)
    image.values[i] = ToLevel(image.values[i] / 255.0 + noise[i]);
  return {};
}

Result<void> ShotNoise(const Level& level, Draws& draws, Image& image) {
  const double photons = level.Of(kShotPhotons);
  const PhotonTable& table = TableOf(photons);
  for (uint8_t& value : image.values)
    value = ToLevel(table.Count(value, draws.Uniform(0, 1)) / photons);
  return {};
}

Result<void> ImpulseNoise(const Level& level, Draws& draws, Image& image) {
  const double share = level.Of(kImpulseShare);
  std::vector<double> hit(image.values.size());
  draws.FillUniform(0, 1, hit);
  for (size_t i = 0; i < hit.size(); ++i) {
    const bool is_salt = draws.Uniform(0, 1) <= kSaltShare;
    if (hit[i] <= share) image.values[i] = is_salt ? 255 : 0;
  }
  return {};
}

}  // namespace tare::data
