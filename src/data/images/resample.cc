#include "data/images/resample.h"

#include <algorithm>
#include <cmath>

namespace tare::data {
namespace {

constexpr int kPrecisionBits = 32 - 8 - 2;  // an 8-bit value times the weights, in 32 bits

// The old pixels that one new one is made of.
struct Window {
  int64_t first = 0;
  std::vector<int32_t> weights;
};

std::vector<Window> WindowsOf(int64_t old_size, int64_t new_size) {
  const double scale = static_cast<double>(old_size) / static_cast<double>(new_size);
  const double support = std::max(scale, 1.0);  // half the width of the triangle
  std::vector<Window> windows(static_cast<size_t>(new_size));
  for (int64_t x = 0; x < new_size; ++x) {
    Window& window = windows[static_cast<size_t>(x)];
    const double centre = (static_cast<double>(x) + 0.5) * scale;
    window.first = std::max<int64_t>(0, static_cast<int64_t>(centre - support + 0.5));
    const int64_t end = std::min(old_size, static_cast<int64_t>(centre + support + 0.5));
    std::vector<double> shares;
    double sum = 0;
    for (int64_t i = window.first; i < end; ++i) {
      const double distance = (static_cast<double>(i) - centre + 0.5) * (1.0 / support);
      shares.push_back(std::max(0.0, 1.0 - std::fabs(distance)));
      sum += shares.back();
    }
    for (double share : shares) {
      if (sum != 0) share /= sum;
      window.weights.push_back(static_cast<int32_t>(0.5 + share * (1 << kPrecisionBits)));
    }
  }
  return windows;
}

// `in` steps by `stride` from one pixel of the window to the next.
uint8_t Weighted(const Window& window, const uint8_t* in, size_t stride) {
  int32_t sum = 1 << (kPrecisionBits - 1);
  for (const int32_t weight : window.weights) {
    sum += *in * weight;
    in += stride;
  }
  return static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

Pixels Narrowed(const Pixels& image, int64_t width) {
  const auto windows = WindowsOf(image.width, width);
  const auto channels = static_cast<size_t>(image.channels);
  Pixels out{image.height, width, image.channels, {}};
  out.values.resize(static_cast<size_t>(image.height * width) * channels);
  uint8_t* to = out.values.data();
  for (int64_t y = 0; y < image.height; ++y) {
    const uint8_t* row = &image.values[static_cast<size_t>(y * image.width) * channels];
    for (const Window& window : windows) {
      const uint8_t* from = row + static_cast<size_t>(window.first) * channels;
      for (size_t c = 0; c < channels; ++c) *to++ = Weighted(window, from + c, channels);
    }
  }
  return out;
}

Pixels Lowered(const Pixels& image, int64_t height) {
  const auto windows = WindowsOf(image.height, height);
  const auto row_bytes = static_cast<size_t>(image.width * image.channels);
  Pixels out{height, image.width, image.channels, {}};
  out.values.resize(static_cast<size_t>(height) * row_bytes);
  uint8_t* to = out.values.data();
  for (const Window& window : windows) {
    const uint8_t* from = &image.values[static_cast<size_t>(window.first) * row_bytes];
    for (size_t i = 0; i < row_bytes; ++i) *to++ = Weighted(window, from + i, row_bytes);
  }
  return out;
}

}  // namespace

Pixels Resampled(const Pixels& image, int64_t width, int64_t height) {
  Pixels out = width == image.width ? image : Narrowed(image, width);
  return height == image.height ? out : Lowered(out, height);
}

Pixels Cropped(const Pixels& image, int64_t top, int64_t left, int64_t width, int64_t height) {
  TARE_CHECK(top >= 0 && left >= 0 && top + height <= image.height && left + width <= image.width);
  Pixels out{height, width, image.channels, {}};
  out.values.reserve(static_cast<size_t>(height * width * image.channels));
  for (int64_t y = top; y < top + height; ++y) {
    const auto begin = image.values.begin() + (y * image.width + left) * image.channels;
    out.values.insert(out.values.end(), begin, begin + width * image.channels);
  }
  return out;
}

}  // namespace tare::data
