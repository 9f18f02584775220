// One image file: its head, and its pixels.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/byte_source.h"
#include "tare/core/result.h"

namespace tare::data {

/// 8-bit pixels: rows from top to bottom, the channels of a pixel side by side.
struct Pixels {
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 1;         ///< 1 grey, 3 RGB
  std::vector<uint8_t> values;  ///< height * width * channels
};

enum class ImageCodec { kJpeg, kPng, kWebp, kBmp };
std::string_view ImageCodecName(ImageCodec codec);

/// What the first bytes of an image file say.
struct ImageHead {
  ImageCodec codec = ImageCodec::kJpeg;
  int64_t height = 0;
  int64_t width = 0;
  bool has_alpha = false;
  bool is_turned = false;  ///< EXIF asks for another orientation than that of the pixels
};

/// Most pixels of an image: 100 million, what the largest cameras make. Checked in the head, before
/// anything is allocated. And most bytes of a file.
inline constexpr int64_t kMaxPixels = 100'000'000;
inline constexpr int64_t kMaxImageBytes = int64_t{256} << 20;

/// Reads the head of JPEG, PNG, WebP or BMP; the content decides, not the file's name.
///
/// Errors  kUnsupported: no such file, or of a kind that DecodeImage() refuses; kDataLoss: cut off or
///         corrupt; kResourceExhausted: over kMaxPixels or kMaxImageBytes. All name the file.
/// Cost    reads some bytes, wherever the size stands.
Result<ImageHead> ReadImageHead(const ByteSource& file);

/// Decodes a whole file into `channels` channels: 3, RGB, or 1, grey = (19595 R + 38470 G + 7471 B +
/// 2^15) / 2^16, rounded down.
///
/// The same values as Pillow's Image.open(f).convert("RGB" or "L"), with which people train (by
/// torchvision's ImageFolder, too): an alpha channel is left out, EXIF orientation and colour
/// profiles are not applied, palettes are looked up, CMYK is turned into RGB, colours of 16 bits
/// keep the upper 8.
///
/// Errors  those of ReadImageHead(); kUnsupported: grey of 16 bits (Pillow's conversion cuts it off
///         at 255), JPEG of 12 bits, animated WebP, compressed BMP; kDataLoss: corrupt or cut off,
///         anywhere.
/// Threads fully.
Result<Pixels> DecodeImage(const ByteSource& file, int64_t channels);

}  // namespace tare::data
