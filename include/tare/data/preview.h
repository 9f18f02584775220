// A sample as people look at it: a small picture, or its values by name.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tare/core/result.h"
#include "tare/data/dataset.h"

namespace tare::data {

struct SamplePreview {
  std::string png;  ///< of the first array that is a picture; empty without one
  std::vector<std::pair<std::string, std::string>> values;  ///< of the other arrays
};

/// Longer side of a picture in a preview, in pixels; larger ones are averaged over squares.
inline constexpr int64_t kPreviewPixels = 64;

/// Returns a sample as the data hold it, before any preprocessing.
///
///   picture   [H, W], [H, W, C] or [C, H, W], C one of 1, 3, 4 (a fourth is left out), H and W at
///             least 8; axes of extent 1 before these do not count. Bytes are shown as they are,
///             other numbers in [0, 1] times 255, in [0, 255] as they are, else from least to
///             greatest of the sample.
///   values    one number, or a text, an array; up to 64 numbers one by one ("x[3]"); of more the
///             first 12 and how many there are. At most 64 values.
///
/// Edge     a number that is not finite is black.
/// Errors   as Dataset::Read().
Result<SamplePreview> Preview(const Dataset& dataset, std::span<const std::string> arrays,
                              int64_t sample);

/// "data:image/png;base64,..."
std::string PngUri(std::string_view png);

}  // namespace tare::data
