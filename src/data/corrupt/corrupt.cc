#include "tare/data/corrupt/corrupt.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>

#include "data/corrupt/corrupt_internal.h"
#include "tare/core/parallel.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

constexpr int64_t kMostSeverity = 5;
constexpr int kLeastImageSide = 8;
constexpr int kMostImageSide = 4096;

struct NamedCorruptor {
  std::string name;
  Corruptor* corrupt;
};
const std::array<NamedCorruptor, kNumImageCorruptions>& Entries() {
  static const std::array<NamedCorruptor, kNumImageCorruptions> entries = {
      {{"gaussian_noise", GaussianNoise},
       {"shot_noise", ShotNoise},
       {"impulse_noise", ImpulseNoise},
       {"defocus_blur", DefocusBlur},
       {"glass_blur", GlassBlur},
       {"motion_blur", MotionBlur},
       {"zoom_blur", ZoomBlur},
       {"snow", Snow},
       {"frost", Frost},
       {"fog", Fog},
       {"brightness", Brightness},
       {"contrast", Contrast},
       {"elastic_transform", ElasticTransform},
       {"pixelate", Pixelate},
       {"jpeg_compression", JpegCompress}}};
  return entries;
}

Result<void> CheckSeverity(int64_t severity) {
  if (severity >= 1 && severity <= kMostSeverity) return {};
  return InvalidArgument(StrCat("severity is ", severity), "give 1 to 5");
}

bool IsSide(int64_t side) { return side >= kLeastImageSide && side <= kMostImageSide; }
bool IsGreyOrRgb(int64_t extent) { return extent == 1 || extent == 3; }

std::optional<ImageFormat> FormatOf(const Shape& shape) {
  if (shape.size() == 2 && IsSide(shape[0]) && IsSide(shape[1])) {
    return ImageFormat{static_cast<int>(shape[0]), static_cast<int>(shape[1]), 1, false};
  }
  if (shape.size() != 3) return std::nullopt;
  const bool last = IsGreyOrRgb(shape[2]) && IsSide(shape[0]) && IsSide(shape[1]);
  const bool first = IsGreyOrRgb(shape[0]) && IsSide(shape[1]) && IsSide(shape[2]);
  if (last)
    return ImageFormat{static_cast<int>(shape[0]), static_cast<int>(shape[1]),
                       static_cast<int>(shape[2]), false};
  if (first)
    return ImageFormat{static_cast<int>(shape[1]), static_cast<int>(shape[2]),
                       static_cast<int>(shape[0]), true};
  return std::nullopt;
}

// Between bytes as they lie in the array and an image with its channels last.
Image ImageOf(const ImageFormat& format, std::span<const uint8_t> bytes) {
  Image image(format.height, format.width, format.channels);
  if (!format.channels_first) {
    std::ranges::copy(bytes, image.values.begin());
    return image;
  }
  size_t i = 0;
  for (int c = 0; c < format.channels; ++c) {
    for (int y = 0; y < format.height; ++y) {
      for (int x = 0; x < format.width; ++x) image(y, x, c) = bytes[i++];
    }
  }
  return image;
}

void PutImage(const Image& image, const ImageFormat& format, std::span<uint8_t> bytes) {
  if (!format.channels_first) {
    std::ranges::copy(image.values, bytes.begin());
    return;
  }
  size_t i = 0;
  for (int c = 0; c < format.channels; ++c) {
    for (int y = 0; y < format.height; ++y) {
      for (int x = 0; x < format.width; ++x) bytes[i++] = image(y, x, c);
    }
  }
}

}  // namespace

std::span<const std::string> CorruptionNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const NamedCorruptor& entry : Entries()) all.push_back(entry.name);
    for (const char* name :
         {"table_noise", "missing_values", "shifted_columns", "typos", "casing", "truncation"}) {
      all.emplace_back(name);
    }
    return all;
  }();
  return names;
}

const std::string& CorruptionName(Corruption corruption) {
  return CorruptionNames()[static_cast<size_t>(corruption)];
}

CorruptionKind KindOf(Corruption corruption) {
  if (corruption < Corruption::kTableNoise) return CorruptionKind::kImage;
  return corruption < Corruption::kTypos ? CorruptionKind::kTable : CorruptionKind::kText;
}

std::string Describe(const CorruptionSpec& spec) {
  return StrCat(CorruptionName(spec.corruption), ", severity ", spec.severity);
}

Result<std::vector<CorruptionSpec>> FindCorruptions(std::string_view name, int64_t severity) {
  TARE_TRY_VOID(CheckSeverity(severity));
  std::vector<CorruptionSpec> found;
  const auto names = CorruptionNames();
  for (size_t i = 0; i < names.size(); ++i) {
    const auto corruption = static_cast<Corruption>(i);
    const bool in_group = (name == "all" && KindOf(corruption) == CorruptionKind::kImage) ||
                          (name == "all_table" && KindOf(corruption) == CorruptionKind::kTable);
    if (in_group || name == names[i]) found.push_back({corruption, severity});
  }
  if (!found.empty()) return found;
  const std::string nearest = NearestName(name, names);
  return InvalidArgument(StrCat("unknown corruption '", name, "'"),
                         nearest.empty() ? StrCat("choose of all, all_table, ", Join(names, ", "))
                                         : StrCat("did you mean '", nearest, "'?"));
}

Result<std::vector<CorruptionSpec>> ParseCorruptions(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return FindCorruptions(text, CorruptionSpec().severity);
  const std::string_view digits = text.substr(colon + 1);
  if (digits.size() != 1 || digits[0] < '0' || digits[0] > '9') {
    return InvalidArgument(StrCat("the severity '", digits, "' of '", text, "' is not 1 to 5"),
                           "write it as gaussian_noise:3");
  }
  return FindCorruptions(text.substr(0, colon), digits[0] - '0');
}

Result<ImageFormat> ImageFormatOf(const ArrayInfo& array) {
  const auto format = FormatOf(array.sample_shape);
  if (format && array.dtype == DType::kUint8) return *format;
  return Unsupported(
      StrCat("array '", array.name, "' holds no images to corrupt: ", DTypeName(array.dtype), " ",
             ShapeText(array.sample_shape), " a sample"),
      format
          ? "store the pixels as uint8, 0 to 255, and normalise by scale, mean and std under "
            "data: inputs"
          : "corruptions of images need uint8 [H, W], [H, W, C] or [C, H, W] with 1 or 3 channels "
            "and sides of 8 to 4096; a table takes table_noise, missing_values, "
            "shifted_columns or all_table");
}

ImageScale ScaleOf(int height, int width) {
  const int side = std::min(height, width);
  // Geometric means of the sizes: sqrt(32 * 64) = 45.3, sqrt(64 * 224) = 119.7.
  if (side <= 45) return ImageScale::kCifar;
  return side <= 119 ? ImageScale::kTinyImageNet : ImageScale::kImageNet;
}

uint64_t SampleSeed(uint64_t seed, int64_t sample, int kind, int64_t severity) {
  const uint64_t of_sample = Random(seed).Next() ^ static_cast<uint64_t>(sample);
  return Random(of_sample).Next() ^
         (static_cast<uint64_t>(kind) * 8 + static_cast<uint64_t>(severity));
}

Result<void> CorruptImages(const CorruptionSpec& spec, const ImageFormat& format,
                           std::span<const int64_t> samples, const CorruptOptions& options,
                           std::span<uint8_t> images) {
  TARE_TRY_VOID(CheckSeverity(spec.severity));
  TARE_CHECK(KindOf(spec.corruption) == CorruptionKind::kImage);
  const auto size = static_cast<size_t>(format.height) * static_cast<size_t>(format.width) *
                    static_cast<size_t>(format.channels);
  TARE_CHECK(images.size() == samples.size() * size);
  const Level level{ScaleOf(format.height, format.width), static_cast<int>(spec.severity)};
  Corruptor* corrupt = Entries()[static_cast<size_t>(spec.corruption)].corrupt;
  std::mutex mutex;
  std::optional<Error> failure;
  ParallelFor(std::ssize(samples), options.num_threads, [&](int64_t i) {
    const auto bytes = images.subspan(static_cast<size_t>(i) * size, size);
    Image image = ImageOf(format, bytes);
    Draws draws(SampleSeed(options.seed, samples[static_cast<size_t>(i)],
                           static_cast<int>(spec.corruption), spec.severity));
    auto done = corrupt(level, draws, image);
    if (done) return PutImage(image, format, bytes);
    const std::lock_guard lock(mutex);
    failure = std::move(done).error();
  });
  if (failure) return *std::move(failure);
  return {};
}

}  // namespace tare::data
