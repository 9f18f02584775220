#include <algorithm>
#include <cmath>
#include <vector>

#include "data/check/image_hash_internal.h"

namespace tare::data::internal {
namespace {

constexpr int64_t kLeastSide = 8;
constexpr float kBrighter = 0.02F;

bool IsChannels(int64_t extent) { return extent == 1 || extent == 3 || extent == 4; }

// Calls use(cell, position, share) for the positions of [0, size) that lie in each of `cells` equal
// parts; the shares of a part sum to 1.
template <class Use>
void ForEachShare(int64_t size, int cells, const Use& use) {
  const double width = static_cast<double>(size) / cells;
  for (int cell = 0; cell < cells; ++cell) {
    const double begin = cell * width;
    const double end = (cell + 1) * width;
    for (auto i = static_cast<int64_t>(begin); i < size && static_cast<double>(i) < end; ++i) {
      const auto at = static_cast<double>(i);
      const double overlap = std::min(at + 1, end) - std::max(at, begin);
      use(cell, i, static_cast<float>(overlap / width));
    }
  }
}

// Sums of the channels, [H, W].
std::vector<float> Grey(std::span<const float> pixels, const ImageLayout& layout) {
  const auto area = static_cast<size_t>(layout.height * layout.width);
  const auto channels = static_cast<size_t>(layout.channels);
  std::vector<float> grey(area, 0);
  for (size_t c = 0; c < channels; ++c) {
    const size_t begin = layout.channels_last ? c : c * area;
    const size_t stride = layout.channels_last ? channels : 1;
    for (size_t i = 0; i < area; ++i) grey[i] += pixels[begin + i * stride];
  }
  return grey;
}

}  // namespace

std::optional<ImageLayout> LayoutOf(std::span<const int64_t> shape) {
  const auto fits = [](int64_t height, int64_t width) {
    return height >= kLeastSide && width >= kLeastSide;
  };
  if (shape.size() == 2 && fits(shape[0], shape[1]))
    return ImageLayout{shape[0], shape[1], 1, false};
  if (shape.size() != 3) return std::nullopt;
  if (IsChannels(shape[0]) && fits(shape[1], shape[2]))
    return ImageLayout{shape[1], shape[2], shape[0], false};
  if (IsChannels(shape[2]) && fits(shape[0], shape[1]))
    return ImageLayout{shape[0], shape[1], shape[2], true};
  return std::nullopt;
}

Thumbnail Reduce(std::span<const float> pixels, const ImageLayout& layout) {
  const std::vector<float> grey = Grey(pixels, layout);
  std::vector<float> rows(static_cast<size_t>(layout.width) * kThumbnailHeight, 0);
  const auto width = static_cast<size_t>(layout.width);
  ForEachShare(layout.height, kThumbnailHeight, [&](int cell, int64_t y, float share) {
    const float* from = grey.data() + static_cast<size_t>(y) * width;
    float* to = rows.data() + static_cast<size_t>(cell) * width;
    for (size_t x = 0; x < width; ++x) to[x] += share * from[x];
  });
  Thumbnail cells{};
  ForEachShare(layout.width, kThumbnailWidth, [&](int cell, int64_t x, float share) {
    for (size_t y = 0; y < kThumbnailHeight; ++y) {
      cells[y * kThumbnailWidth + static_cast<size_t>(cell)] +=
          share * rows[y * width + static_cast<size_t>(x)];
    }
  });
  for (float& value : cells) value /= static_cast<float>(layout.channels);
  return cells;
}

void Normalise(Thumbnail& thumbnail) {
  double mean = 0;
  for (const float value : thumbnail) mean += value;
  mean /= static_cast<double>(thumbnail.size());
  double squares = 0;
  for (const float value : thumbnail) squares += (value - mean) * (value - mean);
  // Rounding leaves something of an image that is all equal.
  const bool is_flat = !(std::sqrt(squares) > 1e-5 * std::fabs(mean)) || !std::isfinite(squares);
  const double factor = is_flat ? 0 : 1 / std::sqrt(squares);
  for (float& value : thumbnail) value = is_flat ? 0 : static_cast<float>((value - mean) * factor);
}

uint64_t DifferenceHash(const Thumbnail& thumbnail) {
  uint64_t hash = 0;
  for (size_t y = 0; y < kThumbnailHeight; ++y) {
    for (size_t x = 0; x + 1 < kThumbnailWidth; ++x) {
      const float left = thumbnail[y * kThumbnailWidth + x];
      const float right = thumbnail[y * kThumbnailWidth + x + 1];
      if (right > left + kBrighter) hash |= uint64_t{1} << (8 * y + x);
    }
  }
  return hash;
}

double Correlation(std::span<const float> a, std::span<const float> b) {
  double sum_a = 0;
  double sum_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    sum_a += a[i];
    sum_b += b[i];
  }
  const double mean_a = sum_a / static_cast<double>(a.size());
  const double mean_b = sum_b / static_cast<double>(b.size());
  double aa = 0;
  double bb = 0;
  double ab = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = a[i] - mean_a;
    const double y = b[i] - mean_b;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  if (aa == 0 && bb == 0) return mean_a == mean_b ? 1 : 0;
  const double correlation = ab / std::sqrt(aa * bb);
  return std::isfinite(correlation) ? correlation : 0;
}

}  // namespace tare::data::internal
