// Blurs: by lens, glass, motion and zoom.

#include <algorithm>
#include <numbers>

#include "data/corrupt/corrupt_internal.h"

namespace tare::data {
namespace {

struct Disk {
  double radius, edge_sigma;
};
constexpr Disk kDefocus[kNumScales][5] = {
    {{0.3, 0.4}, {0.4, 0.5}, {0.5, 0.6}, {1, 0.2}, {1.5, 0.1}},
    {{0.5, 0.6}, {1, 0.1}, {1.5, 0.1}, {2.5, 0.01}, {3, 0.1}},
    {{3, 0.1}, {4, 0.5}, {6, 0.5}, {8, 0.5}, {10, 0.5}}};

struct Glass {
  double sigma;
  int reach, rounds;
};
constexpr Glass kGlass[kNumScales][5] = {
    {{0.05, 1, 1}, {0.25, 1, 1}, {0.4, 1, 1}, {0.25, 1, 2}, {0.4, 1, 2}},
    {{0.1, 1, 1}, {0.5, 1, 1}, {0.6, 1, 2}, {0.7, 2, 1}, {0.9, 2, 2}},
    {{0.7, 1, 2}, {0.9, 2, 1}, {1, 2, 3}, {1.1, 3, 2}, {1.5, 4, 2}}};

struct Motion {
  int radius;
  double sigma;
};
constexpr Motion kMotion[kNumScales][5] = {{{6, 1}, {6, 1.5}, {6, 2}, {8, 2}, {9, 2.5}},
                                           {{10, 1}, {10, 1.5}, {10, 2}, {10, 2.5}, {12, 3}},
                                           {{10, 3}, {15, 5}, {15, 8}, {15, 12}, {20, 15}}};
constexpr double kMotionAngle = 45;  // degrees, to either side of level

struct Zooms {
  double end, step;  // from 1
};
constexpr Zooms kZoom[kNumScales][5] = {
    {{1.06, 0.01}, {1.11, 0.01}, {1.16, 0.01}, {1.21, 0.01}, {1.26, 0.01}},
    {{1.06, 0.01}, {1.11, 0.01}, {1.16, 0.01}, {1.21, 0.01}, {1.26, 0.01}},
    {{1.11, 0.01}, {1.16, 0.01}, {1.21, 0.02}, {1.26, 0.02}, {1.31, 0.03}}};

Reals UnitsOf(const Image& image) {
  Reals units = Reals::Like(image);
  std::ranges::transform(image.values, units.values.begin(),
                         [](uint8_t level) { return level / 255.0; });
  return units;
}

void LevelsOf(const Reals& units, Image& image) {
  std::ranges::transform(units.values, image.values.begin(),
                         [](double unit) { return ToLevel(unit); });
}

// Each pixel takes the value of a neighbour, from the lower right to the upper left. The package
// means to swap the two, but what it holds of the first are references; the published sets are made
// so.
void Scatter(const Glass& glass, Draws& draws, Image& image) {
  for (int y = image.height - glass.reach; y > glass.reach; --y) {
    for (int x = image.width - glass.reach; x > glass.reach; --x) {
      const int from_x = x + draws.Below(2 * glass.reach) - glass.reach;
      const int from_y = y + draws.Below(2 * glass.reach) - glass.reach;
      for (int c = 0; c < image.channels; ++c) image(y, x, c) = image(from_y, from_x, c);
    }
  }
}

// Zoom factors as numpy.arange(1, end, step) gives them, rounding and all.
std::vector<double> FactorsOf(const Zooms& zooms) {
  const auto count = static_cast<int>(std::ceil((zooms.end - 1) / zooms.step));
  const double step = 1 + zooms.step - 1;
  std::vector<double> factors;
  for (int i = 0; i < count; ++i) factors.push_back(1 + i * step);
  return factors;
}

// One axis of a bilinear enlargement whose ends stay where they are.
struct Tap {
  int first, second;
  double share;  // of the second
};
std::vector<Tap> TapsOf(int side, double factor) {
  const auto crop = static_cast<int>(std::ceil(side / factor));
  const auto enlarged = static_cast<int>(std::nearbyint(crop * factor));
  const double step = enlarged > 1 ? static_cast<double>(crop - 1) / (enlarged - 1) : 0;
  const int begin = (side - crop) / 2;
  std::vector<Tap> taps;
  for (int i = 0; i < enlarged; ++i) {
    const double at = std::min(i * step, crop - 1.0);
    const int first = static_cast<int>(at);
    taps.push_back({begin + first, begin + std::min(first + 1, crop - 1), at - first});
  }
  return taps;
}

// Adds `weight` times the image moved by (dy, dx), its border repeated.
void AddShifted(const Reals& in, int dy, int dx, double weight, Reals& out) {
  const int channels = in.channels;
  const int begin = std::clamp(dx, 0, in.width);  // columns [begin, end) come from inside
  const int end = std::clamp(in.width + dx, 0, in.width);
  for (int y = 0; y < in.height; ++y) {
    const double* row = &in.values[in.At(std::clamp(y - dy, 0, in.height - 1), 0)];
    double* to = &out.values[out.At(y, 0)];
    for (int i = 0; i < begin * channels; ++i) to[i] += weight * row[i % channels];
    for (int i = begin * channels; i < end * channels; ++i)
      to[i] += weight * row[i - dx * channels];
    const double* last = row + (in.width - 1) * channels;
    for (int i = end * channels; i < in.width * channels; ++i) to[i] += weight * last[i % channels];
  }
}

}  // namespace

template <class T>
Plane<T> ZoomIn(const Plane<T>& in, double factor) {
  const auto rows = TapsOf(in.height, factor);
  const auto columns = TapsOf(in.width, factor);
  Plane<T> out(static_cast<int>(rows.size()), static_cast<int>(columns.size()), in.channels);
  size_t i = 0;
  for (const Tap& row : rows) {
    for (const Tap& column : columns) {
      for (int c = 0; c < in.channels; ++c) {
        const double above = in(row.first, column.first, c) * (1 - column.share) +
                             in(row.first, column.second, c) * column.share;
        const double below = in(row.second, column.first, c) * (1 - column.share) +
                             in(row.second, column.second, c) * column.share;
        out.values[i++] = static_cast<T>(above * (1 - row.share) + below * row.share);
      }
    }
  }
  return out;
}
template Plane<float> ZoomIn(const Plane<float>&, double);
template Plane<double> ZoomIn(const Plane<double>&, double);

Reals BlurAlongLine(const Reals& in, int radius, double sigma, double angle_degrees) {
  const int length = 2 * radius + 1;
  const double angle = angle_degrees * std::numbers::pi / 180;
  const double along_y = length * std::sin(angle);
  const double along_x = length * std::cos(angle);
  const double norm = std::hypot(along_y, along_x);
  struct Step {
    int dy, dx;
    double weight;
  };
  std::vector<Step> steps;
  double sum = 0;
  for (int i = 0; i < length; ++i) {
    const int dy = -static_cast<int>(std::ceil(i * along_y / norm - 0.5));
    const int dx = -static_cast<int>(std::ceil(i * along_x / norm - 0.5));
    if (std::abs(dy) >= in.height || std::abs(dx) >= in.width) break;
    steps.push_back({dy, dx, std::exp(-(i * i) / (2 * sigma * sigma))});
    sum += steps.back().weight;
  }
  Reals out = Reals::Like(in);
  for (const Step& step : steps) AddShifted(in, step.dy, step.dx, step.weight / sum, out);
  return out;
}

Result<void> DefocusBlur(const Level& level, Draws&, Image& image) {
  const Disk& disk = level.Of(kDefocus);
  Reals units = UnitsOf(image);
  TARE_TRY_VOID(DiskFilter(disk.radius, disk.edge_sigma, units));
  LevelsOf(units, image);
  return {};
}

Result<void> GlassBlur(const Level& level, Draws& draws, Image& image) {
  const Glass& glass = level.Of(kGlass);
  const Gaussian blur{glass.sigma, glass.sigma};
  Reals units = UnitsOf(image);
  TARE_TRY_VOID(GaussianFilter(blur, units));
  LevelsOf(units, image);
  for (int round = 0; round < glass.rounds; ++round) Scatter(glass, draws, image);
  units = UnitsOf(image);
  TARE_TRY_VOID(GaussianFilter(blur, units));
  LevelsOf(units, image);
  return {};
}

Result<void> MotionBlur(const Level& level, Draws& draws, Image& image) {
  const Motion& motion = level.Of(kMotion);
  Reals levels = Reals::Like(image);
  std::ranges::copy(image.values, levels.values.begin());
  const Reals blurred = BlurAlongLine(levels, motion.radius, motion.sigma,
                                      draws.Uniform(-kMotionAngle, kMotionAngle));
  std::ranges::transform(blurred.values, image.values.begin(), [](double value) {
    return static_cast<uint8_t>(std::clamp(value, 0.0, 255.0));
  });
  return {};
}

Result<void> ZoomBlur(const Level& level, Draws&, Image& image) {
  auto units = Plane<float>::Like(image);
  std::ranges::transform(image.values, units.values.begin(),
                         [](uint8_t value) { return static_cast<float>(value / 255.0); });
  auto sum = Plane<float>::Like(image);
  const auto factors = FactorsOf(level.Of(kZoom));
  for (const double factor : factors) {
    const auto layer = ZoomIn(units, factor);
    const auto row_size = static_cast<size_t>(image.width) * static_cast<size_t>(image.channels);
    for (int y = 0; y < image.height; ++y) {
      const float* from = &layer.values[layer.At(y, 0)];
      float* to = &sum.values[sum.At(y, 0)];
      for (size_t i = 0; i < row_size; ++i) to[i] += from[i];
    }
  }
  const auto count = static_cast<float>(factors.size() + 1);
  for (size_t i = 0; i < sum.values.size(); ++i)
    image.values[i] = ToLevel((units.values[i] + sum.values[i]) / count);
  return {};
}

}  // namespace tare::data
