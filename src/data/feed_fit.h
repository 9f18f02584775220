// Whether, and how, an array fits a model input.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tare/data/dataset.h"
#include "tare/data/feed.h"
#include "tare/tensor/tensor.h"

namespace tare::data {

/// How a sample's shape becomes the shape that is wanted.
enum class Reshaping { kNone, kAddAxis, kChannelsFirst, kChannelsLast };

/// How an array feeds an input.
struct Fit {
  /// True when each sample is one complete input; else it is a row of a batch.
  bool is_complete = false;
  Reshaping reshaping = Reshaping::kNone;
  int64_t added_axis = 0;  ///< of the sample, for kAddAxis
  Shape sample_shape;      ///< after the reshaping
};

/// Returns how an array of `dtype` and `sample_shape` can feed `input`; nothing when it cannot.
std::optional<Fit> FitInput(DType dtype, const Shape& sample_shape, const ValueInfo& input);

/// Returns the axis of `sample_shape` that has `num_channels`: the first of the last three (as in
/// [C, H, W]), or the last (as in [H, W, C]); nothing when neither has.
std::optional<int64_t> ChannelAxis(const Shape& sample_shape, int64_t num_channels);

/// "float32 [?, 3, 32, 32]", and for arrays "uint8 [N, 3, 32, 32]".
std::string InputText(const ValueInfo& input);
std::string ArrayText(const ArrayInfo& array);

/// Errors  kInvalidArgument: scale, mean or std is not finite, or scale or a std is 0.
Result<void> CheckPreprocessing(const Preprocessing& preprocessing, const std::string& input);

}  // namespace tare::data
