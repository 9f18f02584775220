// What the image corruptions share: the image at work, its random numbers, the filters of OpenCV
// and the codec of libjpeg.

#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

#include "tare/core/random.h"
#include "tare/core/result.h"

namespace tare::data {

/// Numbers on a grid, channels last.
template <class T>
struct Plane {
  int height = 0;
  int width = 0;
  int channels = 1;
  std::vector<T> values;

  Plane() = default;
  Plane(int h, int w, int c)
      : height(h),
        width(w),
        channels(c),
        values(static_cast<size_t>(h) * static_cast<size_t>(w) * static_cast<size_t>(c)) {}
  template <class U>
  static Plane Like(const Plane<U>& other) {
    return Plane(other.height, other.width, other.channels);
  }

  size_t At(int y, int x, int channel = 0) const {
    return (static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)) *
               static_cast<size_t>(channels) +
           static_cast<size_t>(channel);
  }
  T& operator()(int y, int x, int channel = 0) { return values[At(y, x, channel)]; }
  const T& operator()(int y, int x, int channel = 0) const { return values[At(y, x, channel)]; }
};
using Image = Plane<uint8_t>;
using Reals = Plane<double>;

/// The size that a set of constants was made for.
enum class ImageScale { kCifar, kTinyImageNet, kImageNet };
inline constexpr int kNumScales = 3;

/// Which constants to take.
struct Level {
  ImageScale scale = ImageScale::kCifar;
  int severity = 3;

  /// The entry of a table [scale][severity].
  template <class T>
  const T& Of(const T (&table)[kNumScales][5]) const {
    return table[static_cast<int>(scale)][severity - 1];
  }
};
ImageScale ScaleOf(int height, int width);

/// Random numbers of one image. tests/golden/corruptions/make_corruptions.py draws the same.
class Draws {
 public:
  explicit Draws(uint64_t seed) : random_(seed) {}

  /// Uniform in [low, high).
  double Uniform(double low, double high) { return low + (high - low) * random_.Uniform(); }
  int Below(int bound) { return static_cast<int>(random_.Below(static_cast<uint64_t>(bound))); }

  /// Fills `out` with uniform numbers.
  void FillUniform(double low, double high, std::span<double> out) {
    for (double& value : out) value = Uniform(low, high);
  }

  /// Fills `out` with normal ones. An odd number of values throws the last half of a pair away.
  /// Source  Box and Muller, "A note on the generation of random normal deviates", 1958.
  void FillNormal(double mean, double deviation, std::span<double> out) {
    for (size_t i = 0; i < out.size(); i += 2) {
      const double radius = std::sqrt(-2 * std::log(1 - random_.Uniform()));
      const double angle = 2 * std::numbers::pi * random_.Uniform();
      out[i] = mean + deviation * (radius * std::cos(angle));
      if (i + 1 < out.size()) out[i + 1] = mean + deviation * (radius * std::sin(angle));
    }
  }

 private:
  Random random_;
};

/// The seed of one sample; `kind` is the number of a corruption.
uint64_t SampleSeed(uint64_t seed, int64_t sample, int kind, int64_t severity);

/// A level of 0 to 255 from a real of 0 to 1: clipped, and cut off as the package does, not
/// rounded.
inline uint8_t ToLevel(double unit) {
  return static_cast<uint8_t>(std::fmin(std::fmax(unit, 0), 1) * 255);
}
/// The same in single precision, where the package computes so.
inline uint8_t ToLevel(float unit) {
  return static_cast<uint8_t>(std::fmin(std::fmax(unit, 0.0F), 1.0F) * 255.0F);
}

// The corruptions, in place.
using Corruptor = Result<void>(const Level& level, Draws& draws, Image& image);
Corruptor GaussianNoise, ShotNoise, ImpulseNoise;              // corrupt_noise.cc
Corruptor DefocusBlur, GlassBlur, MotionBlur, ZoomBlur;        // corrupt_blur.cc
Corruptor Snow, Frost, Fog, Brightness;                        // corrupt_weather.cc
Corruptor Contrast, ElasticTransform, Pixelate, JpegCompress;  // corrupt_digital.cc

/// Averages along a line, most weight at its start, repeating the border.
///
///   out = sum_i k_i shift(in, i (cos a, sin a)),   i = 0 .. 2 radius
///   k_i ~ exp(-i^2 / (2 sigma^2))
///
/// Source   imagecorruptions, _motion_blur, after ImageMagick's MotionBlurImage.
///          Differs: weights of shifts beyond the image go to the others.
Reals BlurAlongLine(const Reals& in, int radius, double sigma, double angle_degrees);

/// Enlarges the middle, bilinearly, so that the result covers the image: its sides are at least
/// those of `in`, and at most some pixels longer. factor >= 1.
/// Source   imagecorruptions, clipped_zoom, with scipy.ndimage.zoom at order 1.
template <class T>
Plane<T> ZoomIn(const Plane<T>& in, double factor);
extern template Plane<float> ZoomIn(const Plane<float>&, double);
extern template Plane<double> ZoomIn(const Plane<double>&, double);

/// Diamond-square height map of [0, 1] on a torus; `side` is a power of two, at least 2.
/// Source   Miller, "The definition and rendering of terrain maps", SIGGRAPH 1986, as in
///          imagecorruptions, plasma_fractal.
Reals PlasmaFractal(int side, double decay, Draws& draws);
/// The least power of two that is not below `value`.
int PowerOfTwo(int value);

// ---- corrupt_opencv.cc: the one file that sees OpenCV ------------------------------------------

enum class Border { kRepeat, kReflect };  ///< aaa|abcd, cba|abcd

struct Gaussian {
  double sigma_y = 1, sigma_x = 1;  ///< 0 leaves the axis as it is
  double truncate = 4;              ///< radius in sigmas
  Border border = Border::kRepeat;
};
/// Filters each channel as scipy.ndimage.gaussian_filter does.
/// Errors  kInternal: OpenCV failed (so the three below).
Result<void> GaussianFilter(const Gaussian& gaussian, Reals& image);

/// Convolves with a disk, smoothed at its edge; the border is mirrored at the last pixel.
Result<void> DiskFilter(double radius, double edge_sigma, Reals& image);

/// Two triangles of points (x, y): where the corners are, and where they go.
struct AffineMove {
  float from[3][2];
  float to[3][2];
};
/// Moves the image, bilinearly; the border is mirrored at the last pixel.
Result<void> AffineWarp(const AffineMove& move, Plane<float>& image);

// ---- corrupt_jpeg.cc: the one file that sees libjpeg -------------------------------------------

/// Writes the image as baseline JPEG (4:2:0 where it has colour) and reads it back.
/// Errors  kInternal: libjpeg failed.
Result<void> JpegRoundTrip(int quality, Image& image);

}  // namespace tare::data
