// Weather: snow, frost, fog and light.

#include <algorithm>
#include <array>

#include "data/corrupt/corrupt_internal.h"

namespace tare::data {
namespace {

struct SnowLevel {
  double mean, deviation, zoom, threshold;
  int radius;
  double sigma;
  double keep;  // share of the picture that is not whitened
};
constexpr SnowLevel kSnow[kNumScales][5] = {{{0.1, 0.2, 1, 0.6, 8, 3, 0.95},
                                             {0.1, 0.2, 1, 0.5, 10, 4, 0.9},
                                             {0.15, 0.3, 1.75, 0.55, 10, 4, 0.9},
                                             {0.25, 0.3, 2.25, 0.6, 12, 6, 0.85},
                                             {0.3, 0.3, 1.25, 0.65, 14, 12, 0.8}},
                                            {{0.1, 0.2, 1, 0.6, 8, 3, 0.8},
                                             {0.1, 0.2, 1, 0.5, 10, 4, 0.8},
                                             {0.15, 0.3, 1.75, 0.55, 10, 4, 0.7},
                                             {0.25, 0.3, 2.25, 0.6, 12, 6, 0.65},
                                             {0.3, 0.3, 1.25, 0.65, 14, 12, 0.6}},
                                            {{0.1, 0.3, 3, 0.5, 10, 4, 0.8},
                                             {0.2, 0.3, 2, 0.5, 12, 4, 0.7},
                                             {0.55, 0.3, 4, 0.9, 12, 8, 0.7},
                                             {0.55, 0.3, 4.5, 0.85, 12, 8, 0.65},
                                             {0.55, 0.3, 2.5, 0.85, 12, 12, 0.55}}};

struct FrostLevel {
  double picture, frost;  // weights
};
constexpr FrostLevel kFrost[kNumScales][5] = {
    {{1, 0.2}, {1, 0.3}, {0.9, 0.4}, {0.85, 0.4}, {0.75, 0.45}},
    {{1, 0.3}, {0.9, 0.4}, {0.8, 0.45}, {0.75, 0.5}, {0.7, 0.55}},
    {{1, 0.4}, {0.8, 0.6}, {0.7, 0.7}, {0.65, 0.7}, {0.6, 0.75}}};

struct FogLevel {
  double amount, decay;
};
constexpr FogLevel kFog[kNumScales][5] = {{{.2, 3}, {.5, 3}, {0.75, 2.5}, {1, 2}, {1.5, 1.75}},
                                          {{.4, 3}, {.7, 3}, {1, 2.5}, {1.5, 2}, {2, 1.75}},
                                          {{1.5, 2}, {2., 2}, {2.5, 1.7}, {2.5, 1.5}, {3., 1.4}}};

constexpr double kBrightness[kNumScales][5] = {
    {.05, .1, .15, .2, .3}, {.1, .2, .3, .4, .5}, {.1, .2, .3, .4, .5}};

// ITU-R BT.601, in single precision as the package computes it.
float GreyOf(const Plane<float>& image, int y, int x) {
  if (image.channels == 1) return image(y, x);
  return 0.299F * image(y, x, 0) + 0.587F * image(y, x, 1) + 0.114F * image(y, x, 2);
}

Reals SnowLayer(const SnowLevel& snow, int height, int width, Draws& draws) {
  Reals flakes(height, width, 1);
  draws.FillNormal(snow.mean, snow.deviation, flakes.values);
  flakes = ZoomIn(flakes, snow.zoom);
  for (double& value : flakes.values) value = value < snow.threshold ? 0 : std::min(value, 1.0);
  Reals layer = BlurAlongLine(flakes, snow.radius, snow.sigma, draws.Uniform(-135, -45));
  for (double& value : layer.values) value = std::nearbyint(value * 255) / 255.0;
  return layer;
}

// The brightest channel rises by `by`; hue and saturation stay: what a change of V in HSV does.
void BrightenColour(double by, uint8_t* rgb) {
  const std::array<double, 3> unit = {rgb[0] / 255.0, rgb[1] / 255.0, rgb[2] / 255.0};
  const double most = std::max({unit[0], unit[1], unit[2]});
  const double range = most - std::min({unit[0], unit[1], unit[2]});
  const double saturation = range == 0 ? 0 : range / most;
  double hue = 0;  // in sixths of a turn
  if (range != 0) {
    if (unit[2] == most)
      hue = 4 + (unit[0] - unit[1]) / range;
    else if (unit[1] == most)
      hue = 2 + (unit[2] - unit[0]) / range;
    else
      hue = (unit[1] - unit[2]) / range;
    hue /= 6;
    hue -= std::floor(hue);
    hue *= 6;
  }
  const double value = std::clamp(most + by, 0.0, 1.0);
  const double sector = std::floor(hue);
  const double into = hue - sector;
  const double p = value * (1 - saturation);
  const double q = value * (1 - into * saturation);
  const double t = value * (1 - (1 - into) * saturation);
  const std::array<std::array<double, 3>, 6> sectors = {
      {{value, t, p}, {q, value, p}, {p, value, t}, {p, q, value}, {t, p, value}, {value, p, q}}};
  const auto& colour = sectors[static_cast<size_t>(sector) % 6];
  for (size_t c = 0; c < 3; ++c) rgb[c] = ToLevel(colour[c]);
}

// Mean 0 and spread 1, over the upper left part of a map.
Reals Standardised(const Reals& map, int height, int width) {
  Reals out(height, width, 1);
  double sum = 0;
  double sum_squares = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double value = out(y, x) = map(y, x);
      sum += value;
      sum_squares += value * value;
    }
  }
  const auto count = static_cast<double>(out.values.size());
  const double mean = sum / count;
  const double spread = std::sqrt(std::max(sum_squares / count - mean * mean, 1e-12));
  for (double& value : out.values) value = (value - mean) / spread;
  return out;
}

// Ice on a pane: bright veins where two rough height maps cross their means, on a clouded ground.
// Mean and spread of the channels are those of the first five photographs of imagecorruptions, the
// ones that it draws from, so that a severity hides about as much.
constexpr double kFrostMean[3] = {146, 166, 179};
constexpr double kFrostSpread = 32;
constexpr double kVeinDecays[2] = {1.5, 1.3};  // coarse and fine
constexpr double kVeinWidth = 0.25;            // in spreads of the height map

Reals FrostTexture(int height, int width, Draws& draws) {
  const int side = PowerOfTwo(std::max({height, width, 2}));
  Reals ice(height, width, 1);
  for (const double decay : kVeinDecays) {
    const Reals map = Standardised(PlasmaFractal(side, decay, draws), height, width);
    for (size_t i = 0; i < ice.values.size(); ++i) {
      const double off = map.values[i] / kVeinWidth;
      ice.values[i] += 1.5 * std::exp(-off * off) + 0.4 * map.values[i];
    }
  }
  return Standardised(ice, height, width);
}

}  // namespace

int PowerOfTwo(int value) {
  int power = 1;
  while (power < value) power *= 2;
  return power;
}

Reals PlasmaFractal(int side, double decay, Draws& draws) {
  Reals map(side, side, 1);
  double wobble = 100;
  const auto at = [&](int y, int x) -> double& { return map(y & (side - 1), x & (side - 1)); };
  const auto mean_of = [&](double sum) {
    return sum / 4 + wobble * draws.Uniform(-wobble, wobble);
  };
  for (int step = side; step >= 2; step /= 2, wobble /= decay) {
    const int half = step / 2;
    for (int y = 0; y < side; y += step) {
      for (int x = 0; x < side; x += step) {
        at(y + half, x + half) =
            mean_of((at(y, x) + at(y + step, x)) + (at(y, x + step) + at(y + step, x + step)));
      }
    }
    for (int y = 0; y < side; y += step) {
      for (int x = half; x < side; x += step) {
        at(y, x) =
            mean_of((at(y + half, x) + at(y - half, x)) + (at(y, x - half) + at(y, x + half)));
      }
    }
    for (int y = half; y < side; y += step) {
      for (int x = 0; x < side; x += step) {
        at(y, x) =
            mean_of((at(y, x + half) + at(y, x - half)) + (at(y - half, x) + at(y + half, x)));
      }
    }
  }
  const auto [least, most] = std::ranges::minmax(map.values);
  for (double& value : map.values) value = (value - least) / (most - least);
  return map;
}

Result<void> Snow(const Level& level, Draws& draws, Image& image) {
  const SnowLevel& snow = level.Of(kSnow);
  const Reals layer = SnowLayer(snow, image.height, image.width, draws);
  const auto keep = static_cast<float>(snow.keep);
  const auto rest = static_cast<float>(1 - snow.keep);
  auto units = Plane<float>::Like(image);
  std::ranges::transform(image.values, units.values.begin(),
                         [](uint8_t value) { return static_cast<float>(value) / 255.0F; });
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const float white = GreyOf(units, y, x) * 1.5F + 0.5F;
      const double fallen = layer(y, x);
      const double risen = layer(image.height - 1 - y, image.width - 1 - x);
      for (int c = 0; c < image.channels; ++c) {
        const float unit = units(y, x, c);
        image(y, x, c) = ToLevel(keep * unit + rest * std::max(unit, white) + fallen + risen);
      }
    }
  }
  return {};
}

Result<void> Frost(const Level& level, Draws& draws, Image& image) {
  const FrostLevel& weights = level.Of(kFrost);
  const Reals ice = FrostTexture(image.height, image.width, draws);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      for (int c = 0; c < image.channels; ++c) {
        const double mean = image.channels == 1 ? kFrostMean[1] : kFrostMean[c];
        const double frost = std::clamp(mean + kFrostSpread * ice(y, x), 0.0, 255.0);
        image(y, x, c) = static_cast<uint8_t>(
            std::clamp(weights.picture * image(y, x, c) + weights.frost * frost, 0.0, 255.0));
      }
    }
  }
  return {};
}

Result<void> Fog(const Level& level, Draws& draws, Image& image) {
  const FogLevel& fog = level.Of(kFog);
  const Reals map =
      PlasmaFractal(PowerOfTwo(std::max({image.height, image.width, 2})), fog.decay, draws);
  const double most = *std::ranges::max_element(image.values) / 255.0;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      for (int c = 0; c < image.channels; ++c) {
        uint8_t& value = image(y, x, c);
        value = ToLevel((value / 255.0 + fog.amount * map(y, x)) * most / (most + fog.amount));
      }
    }
  }
  return {};
}

Result<void> Brightness(const Level& level, Draws&, Image& image) {
  const double by = level.Of(kBrightness);
  if (image.channels == 1) {
    for (uint8_t& value : image.values) value = ToLevel(value / 255.0 + by);
    return {};
  }
  for (size_t i = 0; i < image.values.size(); i += 3) BrightenColour(by, &image.values[i]);
  return {};
}

}  // namespace tare::data
