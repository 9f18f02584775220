// Images in files: what is said about how they become arrays, and what a model takes.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tare/core/result.h"

namespace tare::data {

/// Width and height, in that order as people write them: 320x240. Both 0: not said.
struct ImageSize {
  int64_t width = 0;
  int64_t height = 0;
  friend bool operator==(const ImageSize&, const ImageSize&) = default;
};
/// "320x240".
std::string SizeText(const ImageSize& size);

/// Order of the axes of one image.
enum class ImageAxes {
  kAny,            ///< not said: the model's shape decides
  kChannelsFirst,  ///< [C, H, W]: nchw
  kChannelsLast,   ///< [H, W, C]: nhwc
};

/// What a user says about images, in the order in which it is done: resize, then crop, then order.
struct ImageOptions {
  int64_t shorter_side = 0;  ///< resize so that the shorter side has so many pixels; 0: not said
  ImageSize resize;          ///< or to exactly this size, whatever becomes of the proportions
  ImageSize crop;            ///< keep the centre
  ImageAxes axes = ImageAxes::kAny;
  bool is_bgr = false;  ///< blue first, as cv2 reads images
  friend bool operator==(const ImageOptions&, const ImageOptions&) = default;
};

/// Sets what `key` (resize, crop, layout or channels) says: "256", "320x240"; nchw, nhwc; rgb, bgr.
/// Errors  kInvalidArgument: no such value, or no such key.
Result<void> SetImageOption(std::string_view key, const std::string& value, ImageOptions& options);

/// The keys and values that give `options`: {"resize", "256"}, {"crop", "224x224"}.
std::vector<std::pair<std::string, std::string>> ImageOptionTexts(const ImageOptions& options);

/// What images become: the options, and what the model takes.
struct ImageForm {
  ImageOptions options;      ///< axes kAny is kChannelsLast
  std::string input;         ///< of the model, for messages; "" where there is none
  int64_t channels = 3;      ///< 3, or 1: grey
  bool has_channels = true;  ///< false: a grey image is [H, W]
  ImageSize size;            ///< that the model takes; 0 on a side: any
};

/// Is `path` a folder, or a CSV file with a column of image files: what an ImageForm is for?
bool HoldsImages(const std::string& path);

}  // namespace tare::data
