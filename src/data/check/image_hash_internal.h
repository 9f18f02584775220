// A 64-bit perceptual hash of an image, and a thumbnail beside it.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "tare/tensor/tensor.h"

namespace tare::data::internal {

/// Where the axes of an image lie in a sample.
struct ImageLayout {
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 1;
  bool channels_last = false;
};

/// Returns the layout of [H, W], [C, H, W] or [H, W, C], C of 1, 3 or 4, H and W of 8 or more;
/// nothing for other shapes. [3, 8, 3] has its channels first.
std::optional<ImageLayout> LayoutOf(std::span<const int64_t> sample_shape);

inline constexpr int kThumbnailWidth = 9;
inline constexpr int kThumbnailHeight = 8;
using Thumbnail = std::array<float, kThumbnailWidth * kThumbnailHeight>;

/// Returns the means of the 9 x 8 cells of the image's grey values (the mean of the channels).
/// Pixels that lie in two cells count in both, by area.
Thumbnail Reduce(std::span<const float> pixels, const ImageLayout& layout);

/// Subtracts the mean and divides by the length: the correlation of two is their dot product.
/// Edge  all equal: zeros.
void Normalise(Thumbnail& thumbnail);

/// Returns bit 8 * row + column: the cell to the right is brighter.
///
///   bit = right > left + 0.02     of a thumbnail that Normalise() made
///
/// Source  dHash: Krawetz, "Kind of Like That", hackerfactor.com, 2013. Differs: brighter by 0.02,
///         a sixth of a cell's share of the length, and not by anything, so that noise in plain
///         areas sets no bits.
uint64_t DifferenceHash(const Thumbnail& thumbnail);

/// Returns Pearson's correlation. Edge: 1 when both are constant and equal, 0 when only one is
/// constant, or both are and differ, or a value is not finite.
double Correlation(std::span<const float> a, std::span<const float> b);

}  // namespace tare::data::internal
