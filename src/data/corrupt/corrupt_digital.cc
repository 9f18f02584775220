// Digital: contrast, stretched cloth, coarse pixels, JPEG.

#include <algorithm>
#include <array>

#include "data/corrupt/corrupt_internal.h"

namespace tare::data {
namespace {

constexpr double kContrast[kNumScales][5] = {
    {.75, .5, .4, .3, .15}, {.4, .3, .2, .1, .05}, {.4, .3, .2, .1, .05}};
constexpr double kPixelate[kNumScales][5] = {
    {.95, .9, .85, .75, .65}, {.9, .8, .7, .6, .5}, {.6, .5, .4, .3, .25}};
constexpr int kJpegQuality[kNumScales][5] = {
    {80, 65, 58, 50, 40}, {65, 58, 50, 40, 25}, {25, 18, 15, 10, 7}};

// Displacements are `amount` times smoothed uniform numbers of -`reach` to `reach`. `skew` moves
// the corners of a triangle. As shares of the shorter side, but the amount of ImageNet-C, which is
// a number.
struct Elastic {
  double amount, sigma, skew;
};
constexpr Elastic kElastic[kNumScales][5] = {
    {{0, 0, 0.08}, {0.05, 0.2, 0.07}, {0.08, 0.06, 0.06}, {0.1, 0.04, 0.05}, {0.1, 0.03, 0.03}},
    {{0, 0, 0.08}, {0.05, 0.3, 0.06}, {0.1, 0.08, 0.06}, {0.1, 0.03, 0.03}, {0.16, 0.03, 0.02}},
    {{250 * 0.05, 0.01, 0},
     {250 * 0.065, 0.01, 0},
     {250 * 0.085, 0.01, 0},
     {250 * 0.1, 0.01, 0},
     {250 * 0.12, 0.01, 0}}};
constexpr double kElasticReach = 0.005;  // of the height, ImageNet-C
constexpr double kElasticTruncate = 3;

Result<Plane<float>> Displacement(const Gaussian& gaussian, double amount, double reach,
                                  const Image& image, Draws& draws) {
  Reals field(image.height, image.width, 1);
  draws.FillUniform(-reach, reach, field.values);
  TARE_TRY_VOID(GaussianFilter(gaussian, field));
  auto moved = Plane<float>::Like(field);
  std::ranges::transform(field.values, moved.values.begin(),
                         [&](double value) { return static_cast<float>(value * amount); });
  return moved;
}

// cba|abc|cba
int Mirrored(int at, int side) {
  while (at < 0 || at >= side) at = at < 0 ? -at - 1 : 2 * side - 1 - at;
  return at;
}

Plane<float> Displaced(const Plane<float>& in, const Plane<float>& dy, const Plane<float>& dx) {
  auto out = Plane<float>::Like(in);
  size_t i = 0;
  for (int y = 0; y < in.height; ++y) {
    for (int x = 0; x < in.width; ++x) {
      const double at_y = y + double{dy(y, x)};
      const double at_x = x + double{dx(y, x)};
      const int row = static_cast<int>(std::floor(at_y));
      const int column = static_cast<int>(std::floor(at_x));
      const double below = at_y - row;
      const double right = at_x - column;
      const int rows[2] = {Mirrored(row, in.height), Mirrored(row + 1, in.height)};
      const int columns[2] = {Mirrored(column, in.width), Mirrored(column + 1, in.width)};
      for (int c = 0; c < in.channels; ++c) {
        out.values[i++] =
            static_cast<float>(in(rows[0], columns[0], c) * (1 - below) * (1 - right) +
                               in(rows[0], columns[1], c) * (1 - below) * right +
                               in(rows[1], columns[0], c) * below * (1 - right) +
                               in(rows[1], columns[1], c) * below * right);
      }
    }
  }
  return out;
}

Result<void> Skew(double by, Draws& draws, Plane<float>& image) {
  const auto middle_y = static_cast<float>(image.height / 2);
  const auto middle_x = static_cast<float>(image.width / 2);
  const auto reach = static_cast<float>(std::min(image.height, image.width) / 3);
  // The script takes (rows, columns) for (x, y): the same for its square images.
  AffineMove move{{{middle_y + reach, middle_x + reach},
                   {middle_y + reach, middle_x - reach},
                   {middle_y - reach, middle_x - reach}},
                  {}};
  for (int i = 0; i < 3; ++i) {
    for (int k = 0; k < 2; ++k)
      move.to[i][k] = move.from[i][k] + static_cast<float>(draws.Uniform(-by, by));
  }
  return AffineWarp(move, image);
}

// Averages over the pixels whose middle lies in each target pixel, in the fixed point of Pillow's
// resize(BOX): the two passes round to bytes in between.
struct BoxTap {
  int first = 0;
  std::vector<int> weights;
};
std::vector<BoxTap> BoxTaps(int from, int to) {
  constexpr int kBits = 22;
  const double scale = static_cast<double>(from) / to;
  const double support = 0.5 * scale;
  std::vector<BoxTap> taps(static_cast<size_t>(to));
  for (int i = 0; i < to; ++i) {
    const double center = (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(center - support + 0.5));
    const int end = std::min(from, static_cast<int>(center + support + 0.5));
    std::vector<double> weights;
    double sum = 0;
    for (int x = first; x < end; ++x) {
      const double at = (x - center + 0.5) / scale;
      weights.push_back(at > -0.5 && at <= 0.5 ? 1 : 0);
      sum += weights.back();
    }
    BoxTap& tap = taps[static_cast<size_t>(i)];
    tap.first = first;
    for (const double weight : weights)
      tap.weights.push_back(static_cast<int>(0.5 + weight / std::max(sum, 1.0) * (1 << kBits)));
  }
  return taps;
}
uint8_t BoxSum(const BoxTap& tap, const uint8_t* in, size_t stride) {
  int sum = 1 << 21;
  for (const int weight : tap.weights) {
    sum += *in * weight;
    in += stride;
  }
  return static_cast<uint8_t>(std::clamp(sum >> 22, 0, 255));
}

Image BoxReduced(const Image& in, int height, int width) {
  Image wide(in.height, width, in.channels);
  const auto columns = BoxTaps(in.width, width);
  const auto channels = static_cast<size_t>(in.channels);
  for (int y = 0; y < in.height; ++y) {
    for (int x = 0; x < width; ++x) {
      const BoxTap& tap = columns[static_cast<size_t>(x)];
      for (int c = 0; c < in.channels; ++c)
        wide(y, x, c) = BoxSum(tap, &in.values[in.At(y, tap.first, c)], channels);
    }
  }
  Image out(height, width, in.channels);
  const auto rows = BoxTaps(in.height, height);
  for (int y = 0; y < height; ++y) {
    const BoxTap& tap = rows[static_cast<size_t>(y)];
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < in.channels; ++c)
        out(y, x, c) = BoxSum(tap, &wide.values[wide.At(tap.first, x, c)],
                              channels * static_cast<size_t>(width));
    }
  }
  return out;
}

// The nearest pixel for each of `to`, summed up as Pillow's resize(NEAREST) does.
std::vector<int> NearestOf(int from, int to) {
  const double step = static_cast<double>(from) / to;
  std::vector<int> nearest;
  double at = step * 0.5;
  for (int i = 0; i < to; ++i, at += step)
    nearest.push_back(std::min(static_cast<int>(at), from - 1));
  return nearest;
}

}  // namespace

Result<void> Contrast(const Level& level, Draws&, Image& image) {
  const double share = level.Of(kContrast);
  const auto channels = static_cast<size_t>(image.channels);
  for (size_t c = 0; c < channels; ++c) {
    int64_t sum = 0;
    for (size_t i = c; i < image.values.size(); i += channels) sum += image.values[i];
    const double mean =
        static_cast<double>(sum) / 255.0 / static_cast<double>(image.values.size() / channels);
    std::array<uint8_t, 256> levels{};
    for (size_t value = 0; value < 256; ++value)
      levels[value] = ToLevel((static_cast<double>(value) / 255.0 - mean) * share + mean);
    for (size_t i = c; i < image.values.size(); i += channels)
      image.values[i] = levels[image.values[i]];
  }
  return {};
}

Result<void> ElasticTransform(const Level& level, Draws& draws, Image& image) {
  const Elastic& elastic = level.Of(kElastic);
  auto units = Plane<float>::Like(image);
  std::ranges::transform(image.values, units.values.begin(),
                         [](uint8_t value) { return static_cast<float>(value) / 255.0F; });
  const double side = std::min(image.height, image.width);
  Gaussian gaussian{elastic.sigma * image.height, elastic.sigma * image.width, kElasticTruncate,
                    Border::kReflect};
  double amount = elastic.amount;
  double reach = kElasticReach * image.height;
  if (level.scale != ImageScale::kImageNet) {
    TARE_TRY_VOID(Skew(elastic.skew * side, draws, units));
    gaussian.sigma_y = gaussian.sigma_x = elastic.sigma * side;
    amount = elastic.amount * side;
    reach = 1;
  }
  TARE_TRY(const auto dx, Displacement(gaussian, amount, reach, image, draws));
  TARE_TRY(const auto dy, Displacement(gaussian, amount, reach, image, draws));
  const auto moved = Displaced(units, dy, dx);
  std::ranges::transform(moved.values, image.values.begin(),
                         [](float unit) { return ToLevel(unit); });
  return {};
}

Result<void> Pixelate(const Level& level, Draws&, Image& image) {
  const double share = level.Of(kPixelate);
  const int height = std::max(1, static_cast<int>(image.height * share));
  const int width = std::max(1, static_cast<int>(image.width * share));
  const Image coarse = BoxReduced(image, height, width);
  const auto rows = NearestOf(height, image.height);
  const auto columns = NearestOf(width, image.width);
  size_t i = 0;
  for (const int row : rows) {
    for (const int column : columns) {
      for (int c = 0; c < image.channels; ++c) image.values[i++] = coarse(row, column, c);
    }
  }
  return {};
}

Result<void> JpegCompress(const Level& level, Draws&, Image& image) {
  return JpegRoundTrip(level.Of(kJpegQuality), image);
}

}  // namespace tare::data
