// Corruptions: the test set as it looks under other conditions. Images here; tables and token ids
// through CorruptDataset(); src/data/corrupt/corrupt_table_internal.h has the severities of tables,
// corrupt_text.h those of texts.
//
// For images the fifteen common corruptions of Hendrycks and Dietterich, "Benchmarking neural
// network robustness to common corruptions and perturbations", ICLR 2019, arXiv:1903.12261, at five
// severities:
//
//   noise    gaussian_noise shot_noise impulse_noise
//   blur     defocus_blur glass_blur motion_blur zoom_blur
//   weather  snow frost fog brightness
//   digital  contrast elastic_transform pixelate jpeg_compression
//
// Constants go by the shorter side of the image, s. A blur of 10 pixels leaves nothing of an image
// of 28, so the authors published three sets; the one made for the nearest size (as a ratio) is
// taken:
//
//   s <= 45          CIFAR-10-C       made for 32 pixels
//   46 <= s <= 119   Tiny ImageNet-C  made for 64 pixels
//   s >= 120         ImageNet-C       made for 224 pixels
//
// Formulas are those of the Python package imagecorruptions 1.1.2, which restates ImageNet-C for
// any size; elastic_transform of the two smaller sets is that of the authors' scripts, with the
// image's shorter side for their 32 and 64. Differs from the package:
//
//   frost        a procedural texture with the mean and spread of the photographs that the
//                original adds
//   grey images  one channel is computed; the package makes three of it
//   motion       what a blur longer than the image loses is given back; the package darkens
//
// Results are the package's for the same random numbers, give or take one level where a sum is
// rounded in another order.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"
#include "tare/data/dataset.h"

namespace tare::data {

/// Fifteen of images in the order of the paper, three of tables, three of texts.
enum class Corruption {
  kGaussianNoise,
  kShotNoise,
  kImpulseNoise,
  kDefocusBlur,
  kGlassBlur,
  kMotionBlur,
  kZoomBlur,
  kSnow,
  kFrost,
  kFog,
  kBrightness,
  kContrast,
  kElasticTransform,
  kPixelate,
  kJpegCompression,
  kTableNoise,
  kMissingValues,
  kShiftedColumns,
  kTypos,
  kCasing,
  kTruncation,
};
inline constexpr int kNumImageCorruptions = 15;

/// What a corruption can be applied to.
enum class CorruptionKind { kImage, kTable, kText };
CorruptionKind KindOf(Corruption corruption);

/// "gaussian_noise".
const std::string& CorruptionName(Corruption corruption);

/// All names, in the order of the enumeration.
std::span<const std::string> CorruptionNames();

/// A corruption and how strong it is.
struct CorruptionSpec {
  Corruption corruption = Corruption::kGaussianNoise;
  int64_t severity = 3;  ///< 1 to 5
  friend bool operator==(const CorruptionSpec&, const CorruptionSpec&) = default;
};

/// "gaussian_noise, severity 3".
std::string Describe(const CorruptionSpec& spec);

/// Returns the corruption of a name, or all fifteen of images for "all", the three of tables for
/// "all_table", at one severity.
/// Errors  kInvalidArgument: an unknown name (gives the nearest), a severity outside 1 to 5.
Result<std::vector<CorruptionSpec>> FindCorruptions(std::string_view name, int64_t severity);

/// Reads "gaussian_noise:3", "gaussian_noise" (severity 3) or "all:5".
/// Errors  as FindCorruptions(); kInvalidArgument: what follows the colon is no number.
Result<std::vector<CorruptionSpec>> ParseCorruptions(std::string_view text);

/// How an image lies in memory.
struct ImageFormat {
  int height = 0;
  int width = 0;
  int channels = 1;  ///< 1 grey, 3 RGB
  bool channels_first = false;
  friend bool operator==(const ImageFormat&, const ImageFormat&) = default;
};

/// Returns the format of the images of an array: [H, W], [H, W, C] or [C, H, W] of uint8, C 1 or 3.
///
/// Edge     where both ends could be the channels, they are the last.
/// Errors   kUnsupported: another type or shape, or a side outside 8 to 4096; says what to store.
Result<ImageFormat> ImageFormatOf(const ArrayInfo& array);

struct CorruptOptions {
  uint64_t seed = 1;
  int num_threads = 1;  ///< at least 1; the images do not depend on it
};

/// Corrupts images in place.
///
/// Shape    `images` [samples.size(), ...] of uint8, each as `format` says; spec is of images
///          (TARE_CHECK)
/// Random   depends on options.seed, the sample number, the corruption and its severity alone: the
///          same for every batch, order and number of threads. Draws are those of core/random.h, so
///          the same on every machine; a pixel may differ by one level between processors whose
///          vector units round sums in another order.
/// Errors   kInternal: a filter failed; kInvalidArgument: the severity is outside 1 to 5.
/// Cost     on one core of a 2020s server, images per second: 20,000 to 800,000 of 28 x 28 grey,
///          300 to 8,000 of 224 x 224 RGB
Result<void> CorruptImages(const CorruptionSpec& spec, const ImageFormat& format,
                           std::span<const int64_t> samples, const CorruptOptions& options,
                           std::span<uint8_t> images);

/// Returns `dataset` with those of `arrays` corrupted, as they are read, that hold what the
/// corruption is for. All else is handed through.
///
///   images      as ImageFormatOf() says; every array gets the same draws for the same sample
///   tables      numbers, one [] or a row [F] a sample, not classes of text: they become float64,
///               since noise leaves no integers. All of them together are one row a sample; mean
///               and spread are those of the whole dataset, which is read once for them
///   truncation  token ids: integers [L] a sample, beside one array of that shape whose name holds
///               "mask". Of the tokens that the mask counts the first ceil(kept * count) stay, at
///               least one; behind them the mask becomes 0, and every array that holds padding in
///               the data gets its padding
///   typos, casing   nothing that a model is fed: they belong before the tokenizer
///
/// Errors   kUnsupported: none of `arrays` holds what it is for (the reason of the first; says what
///          to do); kNotFound: no such array; kInvalidArgument: the severity is outside 1 to 5; as
///          Dataset::Read().
/// Threads  const calls may run together.
Result<std::unique_ptr<Dataset>> CorruptDataset(std::shared_ptr<const Dataset> dataset,
                                                std::span<const std::string> arrays,
                                                const CorruptionSpec& spec,
                                                const CorruptOptions& options);

}  // namespace tare::data
