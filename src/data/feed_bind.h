// Which arrays feed which inputs.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/convert.h"
#include "data/feed_fit.h"
#include "tare/core/result.h"
#include "tare/data/dataset.h"
#include "tare/data/feed.h"

namespace tare::data {

/// One model input and what feeds it.
struct BoundInput {
  ValueInfo input;
  std::vector<std::string> arrays;  ///< one, or the columns
  bool is_columns = false;
  DType dtype = DType::kUndefined;  ///< of the array
  Fit fit;
  Affine affine;
  std::string note;  ///< what was decided beside: columns left out, an array taken by half its name
};

/// Finds what feeds each input; see Feed for the rules.
/// Errors  those of Feed::Bind() but for batches.
Result<std::vector<BoundInput>> BindInputs(const Dataset& dataset,
                                           std::span<const ValueInfo> inputs,
                                           std::span<const InputBinding> overrides,
                                           std::string_view labels);

}  // namespace tare::data
