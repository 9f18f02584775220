// Samples for calibration that cover the others.

#include <algorithm>
#include <cmath>
#include <limits>

#include "data/check/image_hash_internal.h"
#include "data/check/near_internal.h"
#include "data/check/number_rows_internal.h"
#include "data/check/shingles_internal.h"
#include "tare/data/check/check.h"

namespace tare::data {
namespace {

constexpr int64_t kMostLookedAt = 20'000;
constexpr size_t kMostNumbers = 256;
constexpr size_t kTextBuckets = 64;
constexpr int64_t kImageBytesAtATime = int64_t{4} << 20;

// [samples, width]
struct Features {
  size_t width = 0;
  std::vector<float> values;
  size_t count() const { return width == 0 ? 0 : values.size() / width; }
  std::span<const float> Row(size_t i) const { return std::span(values).subspan(i * width, width); }
};

template <class Use>
Result<void> ForEachPart(std::span<const int64_t> samples, int64_t most, const Use& use) {
  for (size_t begin = 0; begin < samples.size(); begin += static_cast<size_t>(most)) {
    const auto rest = samples.subspan(begin);
    TARE_TRY_VOID(use(rest.first(std::min(static_cast<size_t>(most), rest.size()))));
  }
  return {};
}

Result<Features> TextFeatures(const Split& split, std::span<const int64_t> samples) {
  Features features{kTextBuckets, {}};
  TARE_TRY_VOID(ForEachPart(
      samples, internal::kTextsAtATime, [&](std::span<const int64_t> part) -> Result<void> {
        TARE_TRY(const auto documents, internal::ReadDocuments(split, part));
        for (const std::string& document : documents) {
          std::vector<float> counts(kTextBuckets, 0);
          for (const uint32_t hash : internal::MixShingles(internal::Shingles(document, {})))
            ++counts[hash % kTextBuckets];
          float squares = 0;
          for (const float value : counts) squares += value * value;
          for (const float value : counts)
            features.values.push_back(squares > 0 ? value / std::sqrt(squares) : 0);
        }
        return {};
      }));
  return features;
}

Result<Features> ImageFeatures(const Split& split, std::span<const int64_t> samples) {
  TARE_TRY(const ArrayInfo info, split.dataset->Find(split.arrays[0]));
  const auto layout = internal::LayoutOf(info.sample_shape);
  if (!layout)
    return InvalidArgument(StrCat("array '", info.name, "' holds no images"), "choose as a table");
  const int64_t most = std::clamp<int64_t>(
      kImageBytesAtATime / (4 * layout->channels * layout->height * layout->width), 1, 4096);
  Features features{std::tuple_size_v<internal::Thumbnail>, {}};
  TARE_TRY_VOID(ForEachPart(samples, most, [&](std::span<const int64_t> part) -> Result<void> {
    TARE_TRY(const Tensor values, split.dataset->Read(split.arrays[0], part));
    TARE_TRY(const Tensor images, values.ToFloat32());
    const auto pixels = images.data<float>();
    const size_t size = pixels.size() / part.size();
    for (size_t i = 0; i < part.size(); ++i) {
      const auto cells = internal::Reduce(pixels.subspan(i * size, size), *layout);
      features.values.insert(features.values.end(), cells.begin(), cells.end());
    }
    return {};
  }));
  return features;
}

// Divides each feature by its deviation, so that none decides alone; what is not finite is the
// mean.
void Standardise(Features& features) {
  for (size_t f = 0; f < features.width; ++f) {
    double sum = 0;
    double squares = 0;
    double count = 0;
    for (size_t i = f; i < features.values.size(); i += features.width) {
      if (!std::isfinite(features.values[i])) continue;
      ++count;
      sum += features.values[i];
      squares += double{features.values[i]} * features.values[i];
    }
    const double mean = count > 0 ? sum / count : 0;
    const double variance = count > 0 ? squares / count - mean * mean : 0;
    const double factor = variance > 0 ? 1 / std::sqrt(variance) : 0;
    for (size_t i = f; i < features.values.size(); i += features.width) {
      const float x = features.values[i];
      features.values[i] = std::isfinite(x) ? static_cast<float>((x - mean) * factor) : 0;
    }
  }
}

Result<Features> TableFeatures(const Split& split, std::span<const int64_t> samples) {
  TARE_TRY(const auto columns, internal::RowColumns(*split.dataset, split.arrays));
  // Of very wide rows every so manieth number; hashes of texts have no distance.
  std::vector<size_t> taken;
  const size_t step = (columns.size() + kMostNumbers - 1) / kMostNumbers;
  for (size_t c = 0; c < columns.size(); c += step) {
    if (!columns[c].is_text) taken.push_back(c);
  }
  Features features{std::max<size_t>(1, taken.size()), {}};
  const int64_t most = internal::RowsAtATime(std::ssize(columns));
  TARE_TRY_VOID(ForEachPart(samples, most, [&](std::span<const int64_t> part) -> Result<void> {
    TARE_TRY(const auto rows, internal::ReadRows(*split.dataset, split.arrays, part));
    for (size_t i = 0; i < part.size(); ++i) {
      for (const size_t c : taken)
        features.values.push_back(static_cast<float>(rows[i * columns.size() + c]));
      if (taken.empty()) features.values.push_back(0);
    }
    return {};
  }));
  Standardise(features);
  return features;
}

float Distance(std::span<const float> a, std::span<const float> b) {
  float sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

std::vector<float> MeanOf(const Features& features) {
  std::vector<double> sums(features.width, 0);
  for (size_t i = 0; i < features.values.size(); ++i)
    sums[i % features.width] += features.values[i];
  std::vector<float> mean;
  for (const double sum : sums)
    mean.push_back(static_cast<float>(sum / static_cast<double>(features.count())));
  return mean;
}

std::vector<size_t> FarthestFirst(const Features& features, size_t count) {
  const std::vector<float> mean = MeanOf(features);
  std::vector<float> distance(features.count());
  for (size_t i = 0; i < distance.size(); ++i) distance[i] = Distance(features.Row(i), mean);
  std::vector<size_t> chosen{
      static_cast<size_t>(std::ranges::min_element(distance) - distance.begin())};
  std::ranges::fill(distance, std::numeric_limits<float>::infinity());
  while (chosen.size() < count) {
    const auto last = features.Row(chosen.back());
    for (size_t i = 0; i < distance.size(); ++i)
      distance[i] = std::min(distance[i], Distance(features.Row(i), last));
    distance[chosen.back()] = -1;  // taken: it stays the least
    chosen.push_back(static_cast<size_t>(std::ranges::max_element(distance) - distance.begin()));
  }
  return chosen;
}

}  // namespace

Result<std::vector<int64_t>> Recommend(const Split& split, NearMethod method,
                                       std::span<const int64_t> samples, int64_t count,
                                       uint64_t seed) {
  std::vector<int64_t> looked_at;
  for (const int64_t place : ChooseSamples(std::ssize(samples), kMostLookedAt, seed)) {
    looked_at.push_back(samples[static_cast<size_t>(place)]);
  }
  if (count >= std::ssize(looked_at)) return looked_at;
  if (count <= 0) return std::vector<int64_t>();
  TARE_TRY(const Features features, method == NearMethod::kText ? TextFeatures(split, looked_at)
                                    : method == NearMethod::kImage
                                        ? ImageFeatures(split, looked_at)
                                        : TableFeatures(split, looked_at));
  std::vector<int64_t> chosen;
  for (const size_t i : FarthestFirst(features, static_cast<size_t>(count)))
    chosen.push_back(looked_at[i]);
  std::ranges::sort(chosen);
  return chosen;
}

}  // namespace tare::data
