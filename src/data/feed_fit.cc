#include "data/feed_fit.h"

#include <algorithm>
#include <cmath>

#include "data/convert.h"

namespace tare::data {
namespace {

bool Matches(const Shape& have, std::span<const int64_t> wanted) {
  return std::ranges::equal(have, wanted, [](int64_t h, int64_t w) { return w < 0 || h == w; });
}

std::optional<Fit> FitSample(const Shape& sample, std::span<const int64_t> wanted) {
  if (Matches(sample, wanted)) return Fit{false, Reshaping::kNone, 0, sample};
  if (sample.size() + 1 == wanted.size()) {
    for (size_t axis = 0; axis < wanted.size(); ++axis) {
      if (wanted[axis] != 1) continue;
      Shape longer = sample;
      longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(axis), 1);
      if (Matches(longer, wanted)) {
        return Fit{false, Reshaping::kAddAxis, static_cast<int64_t>(axis), longer};
      }
    }
  }
  if (sample.size() == 3 && wanted.size() == 3) {
    const Shape first{sample[2], sample[0], sample[1]};
    if (Matches(first, wanted)) return Fit{false, Reshaping::kChannelsFirst, 0, first};
    const Shape last{sample[1], sample[2], sample[0]};
    if (Matches(last, wanted)) return Fit{false, Reshaping::kChannelsLast, 0, last};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Fit> FitInput(DType dtype, const Shape& sample_shape, const ValueInfo& input) {
  if (!CanConvert(dtype, input.dtype)) return std::nullopt;
  const std::span<const int64_t> wanted(input.shape);
  if (wanted.empty()) {  // a scalar
    if (!std::ranges::all_of(sample_shape, [](int64_t extent) { return extent == 1; })) {
      return std::nullopt;
    }
    return Fit{true, Reshaping::kNone, 0, {}};
  }
  if (auto row = FitSample(sample_shape, wanted.subspan(1))) return row;
  if (sample_shape.size() != wanted.size()) return std::nullopt;
  auto complete = FitSample(sample_shape, wanted);
  if (complete) complete->is_complete = true;
  return complete;
}

std::optional<int64_t> ChannelAxis(const Shape& sample_shape, int64_t num_channels) {
  const auto rank = std::ssize(sample_shape);
  if (rank == 0) return std::nullopt;
  for (const int64_t axis : {std::max<int64_t>(0, rank - 3), rank - 1}) {
    if (sample_shape[static_cast<size_t>(axis)] == num_channels) return axis;
  }
  return std::nullopt;
}

std::string InputText(const ValueInfo& input) {
  return StrCat(DTypeName(input.dtype), " ", ShapeText(input.shape));
}

std::string ArrayText(const ArrayInfo& array) {
  std::string shape = ShapeText(array.sample_shape).substr(1);
  return StrCat(DTypeName(array.dtype), array.sample_shape.empty() ? " [N" : " [N, ", shape);
}

Result<void> CheckPreprocessing(const Preprocessing& preprocessing, const std::string& input) {
  const auto wrong = [&](std::string_view what, double value) {
    return InvalidArgument(StrCat(what, " ", value, " of input '", input, "' is not usable"),
                           "give finite numbers; scale and std must not be 0");
  };
  if (!std::isfinite(preprocessing.scale) || preprocessing.scale == 0) {
    return wrong("scale", preprocessing.scale);
  }
  for (const double mean : preprocessing.mean) {
    if (!std::isfinite(mean)) return wrong("mean", mean);
  }
  for (const double std : preprocessing.std) {
    if (!std::isfinite(std) || std == 0) return wrong("std", std);
  }
  return {};
}

}  // namespace tare::data
