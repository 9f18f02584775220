// The usual ways of feeding 8-bit images, and how often a model is right under each.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tare/core/result.h"
#include "tare/data/dataset.h"
#include "tare/data/feed.h"
#include "tare/runtime/session.h"

namespace tare::pipeline {

/// value = (pixel * scale - mean) / std, by channel.
struct Way {
  std::string scale;  ///< as written
  double scale_value = 1;
  std::vector<double> mean, std;
  std::string about;  ///< "pixels from 0 to 1"

  data::Preprocessing preprocessing() const { return {scale_value, mean, std}; }
  /// "--scale 1/255 --mean 0.1307 --std 0.3081"; "" for pixels as they are.
  std::string Flags() const;
};

/// What models of 8-bit images of 3 or other channels are usually trained on.
std::vector<Way> UsualWays(int64_t channels);

/// How images in files usually come to the size that a model takes (224 x 224 where it takes any):
/// the shorter side to 8/7 of it and its centre, the shorter side to it and its centre, or stretched.
std::vector<data::ImageOptions> UsualSizes(const data::ImageForm& form);

/// A float input of four axes that an array of 8-bit numbers feeds.
struct ImageInput {
  size_t input = 0;  ///< position
  int64_t channels = 1;
};
/// The first; nothing where there is none, or where `arrays` are not one an input.
std::optional<ImageInput> FindImageInput(const data::Dataset& dataset,
                                         std::span<const ValueInfo> inputs,
                                         std::span<const std::string> arrays);

/// Share of samples whose first output has its greatest value at their label.
/// Errors  those of reading and running; kUnsupported: the first output is no row of scores a sample.
Result<double> ShareRight(const runtime::Session& session, const data::Feed& feed,
                          std::span<const int64_t> samples, std::span<const int64_t> labels);

}  // namespace tare::pipeline
