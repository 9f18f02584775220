#include "tare/tensor/quant_params.h"

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <numeric>

#include "tensor/weight_kernels_internal.h"

namespace tare {
namespace {

// Shares of the largest magnitude that are tried as the end of a channel's range.
constexpr std::array<float, 9> kShares = {1.0F,   0.975F, 0.95F,  0.925F, 0.9F,
                                          0.875F, 0.85F,  0.825F, 0.8F};

// A weight as [blocks, channels, inner], its channels on the axis in the middle.
struct Channels {
  int64_t blocks = 1, channels = 1, inner = 1;

  Channels(const Shape& shape, int64_t axis) {
    for (int64_t i = 0; i < static_cast<int64_t>(shape.size()); ++i) {
      int64_t& extent = axis < 0 || i > axis ? inner : i < axis ? blocks : channels;
      extent *= shape[static_cast<size_t>(i)];
    }
  }
  size_t num_channels() const { return static_cast<size_t>(channels); }
};

// Calls visit(values, first channel, step, count) for each run of values in memory: neighbours
// belong to neighbouring channels (step 1), or all to one (step 0).
template <class Visit>
void VisitRuns(std::span<const float> values, const Channels& of, const Visit& visit) {
  // Channels whose sums stay in the first cache while the rows pass.
  constexpr int64_t kTile = 256;
  if (of.inner == 1) {
    for (int64_t c = 0; c < of.channels; c += kTile) {
      const int64_t count = std::min(kTile, of.channels - c);
      for (int64_t block = 0; block < of.blocks; ++block)
        visit(values.data() + block * of.channels + c, c, 1, count);
    }
    return;
  }
  for (int64_t run = 0; run < of.blocks * of.channels; ++run)
    visit(values.data() + run * of.inner, run % of.channels, 0, of.inner);
}

float LargestOf(const float* values, int64_t count) {
  float largest = 0;
  for (int64_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(values[i]));
  return largest;
}

std::vector<float> LargestMagnitudes(std::span<const float> values, const Channels& of) {
  std::vector<float> largest(of.num_channels(), 0.0F);
  VisitRuns(values, of, [&](const float* run, int64_t channel, int64_t step, int64_t count) {
    float* const at = largest.data() + channel;
    if (step == 0) {
      *at = std::max(*at, LargestOf(run, count));
      return;
    }
    for (int64_t i = 0; i < count; ++i) at[i] = std::max(at[i], std::abs(run[i]));
  });
  return largest;
}

// In: the largest magnitude of each channel. Out: the scale of least squared error among kShares.
void ShrinkScales(std::span<const float> values, const Channels& of, std::vector<float>& scales) {
  std::array<std::vector<float>, kShares.size()> candidates;
  std::array<std::vector<double>, kShares.size()> errors;
  for (size_t k = 0; k < kShares.size(); ++k) {
    errors[k].resize(scales.size());
    for (const float largest : scales)
      candidates[k].push_back(std::max(kShares[k] * largest / 127.0F, FLT_MIN));
  }
  VisitRuns(values, of, [&](const float* run, int64_t channel, int64_t step, int64_t count) {
    const auto c = static_cast<size_t>(channel);
    for (size_t k = 0; k < kShares.size(); ++k) {
      if (step == 0) {
        internal::ErrorLanes sums{};
        internal::AddErrors(run, candidates[k][c], static_cast<size_t>(count), sums);
        errors[k][c] += std::accumulate(sums.begin(), sums.end(), 0.0);
      } else {
        internal::AddErrors(run, candidates[k].data() + c, static_cast<size_t>(count),
                            errors[k].data() + c);
      }
    }
  });
  for (size_t c = 0; c < scales.size(); ++c) {
    size_t best = 0;
    for (size_t k = 1; k < kShares.size(); ++k) {
      if (errors[k][c] < errors[best][c]) best = k;
    }
    scales[c] = scales[c] > 0 ? candidates[best][c] : 1.0F;
  }
}

void RoundToNearest(std::span<const float> values, const Channels& of,
                    std::span<const float> scales, std::span<int8_t> codes) {
  VisitRuns(values, of, [&](const float* run, int64_t channel, int64_t step, int64_t count) {
    int8_t* const to = codes.data() + (run - values.data());
    const float* const scale = scales.data() + channel;
    if (step == 0) {
      internal::RoundToCodes(run, *scale, static_cast<size_t>(count), to);
    } else {
      internal::RoundToCodes(run, scale, static_cast<size_t>(count), to);
    }
  });
}

// Codes of one channel, still real, and what rounding did to each: errors[i] = codes[i] - real
// code.
struct Channel {
  std::vector<float> codes;
  std::vector<float> errors;

  // Rounds element i the other way, against an error of sign `sign`.
  void Flip(size_t i, float sign) {
    if (std::abs(codes[i] - sign) > 127.0F) return;
    codes[i] -= sign;
    errors[i] -= sign;
  }
};

// Positions in [0, values.size()) of the `count` largest sign * value; ties to the lower position.
std::vector<size_t> Largest(std::span<const float> values, float sign, size_t count) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto before = [&](size_t a, size_t b) {
    return values[a] != values[b] ? sign * values[a] > sign * values[b] : a < b;
  };
  count = std::min(count, order.size());
  std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                   before);
  order.resize(count);
  return order;
}

size_t FlipsFor(float sum) { return static_cast<size_t>(std::nearbyint(std::abs(sum))); }

// Flips roundings until the errors of each kernel, and then of the channel, sum to half a step at
// most.
void BalanceChannel(Channel& channel, size_t kernel) {
  const size_t kernels = channel.errors.size() / kernel;
  std::vector<float> sums(kernels);
  float total = 0;
  for (size_t k = 0; k < kernels; ++k) {
    const auto errors = std::span(channel.errors).subspan(k * kernel, kernel);
    const float sum = std::accumulate(errors.begin(), errors.end(), 0.0F);
    const float sign = sum < 0 ? -1.0F : 1.0F;
    const size_t flips = FlipsFor(sum);
    for (const size_t i : Largest(errors, sign, flips)) channel.Flip(k * kernel + i, sign);
    sums[k] = std::accumulate(errors.begin(), errors.end(), 0.0F);
    total += sums[k];
  }
  const float sign = total < 0 ? -1.0F : 1.0F;
  for (const size_t k : Largest(sums, sign, FlipsFor(total))) {
    const auto errors = std::span<const float>(channel.errors).subspan(k * kernel, kernel);
    channel.Flip(k * kernel + Largest(errors, sign, 1).front(), sign);
  }
}

void RoundInBalance(std::span<const float> values, const Channels& of,
                    std::span<const float> scales, size_t kernel, std::span<int8_t> codes) {
  Channel channel;
  for (int64_t c = 0; c < of.channels; ++c) {
    channel.codes.clear();
    channel.errors.clear();
    const float scale = scales[static_cast<size_t>(c)];
    const auto each = [&](const auto& visit) {
      for (int64_t block = 0; block < of.blocks; ++block) {
        const int64_t begin = (block * of.channels + c) * of.inner;
        for (int64_t i = begin; i < begin + of.inner; ++i) visit(static_cast<size_t>(i));
      }
    };
    each([&](size_t i) {
      const float real = values[i] / scale;
      channel.codes.push_back(internal::WeightCode(values[i], scale));
      channel.errors.push_back(channel.codes.back() - real);
    });
    BalanceChannel(channel, kernel);
    size_t at = 0;
    each([&](size_t i) { codes[i] = static_cast<int8_t>(channel.codes[at++]); });
  }
}

}  // namespace

Result<QuantParams> AffineParamsFromRange(ValueRange range, QuantGrid grid) {
  if (!std::isfinite(range.min) || !std::isfinite(range.max) || range.min > range.max) {
    return InvalidArgument(
        StrCat("range [", range.min, ", ", range.max, "] is not a finite interval"),
        "look for NaN or Inf in the calibration data");
  }
  const double quant_min = grid.quant_min;
  const double quant_max = grid.quant_max;
  if (quant_max - quant_min < 2) {
    return InvalidArgument(StrCat("grid [", quant_min, ", ", quant_max, "] has fewer than 2 steps"),
                           "choose a bit width of at least 2");
  }
  // In double: the width of a finite float range may overflow float.
  const double lo = std::min(double{range.min}, 0.0);
  const double hi = std::max(double{range.max}, 0.0);
  const double scale =
      hi > lo ? std::max((hi - lo) / (quant_max - quant_min), double{FLT_MIN}) : 1.0;

  // std::nearbyint rounds half to even in the default rounding mode.
  const double zero_point =
      std::clamp(std::nearbyint(quant_min - lo / scale), quant_min, quant_max);
  return QuantParams{static_cast<float>(scale), static_cast<int32_t>(zero_point)};
}

int32_t QuantizeValue(float real, QuantParams params, QuantGrid grid) {
  const float steps = std::nearbyint(real / params.scale);
  if (std::isnan(steps)) return params.zero_point;
  const double code = static_cast<double>(steps) + params.zero_point;
  return static_cast<int32_t>(
      std::clamp(code, static_cast<double>(grid.quant_min), static_cast<double>(grid.quant_max)));
}

Result<QuantizedWeight> QuantizeWeight(const Tensor& weight, int64_t axis,
                                       std::span<const float> floor) {
  if (weight.dtype() != DType::kFloat32 || axis < -1 || axis >= weight.rank()) {
    return InvalidArgument(
        StrCat("cannot quantize a ", DTypeName(weight.dtype()), " weight of shape ",
               ShapeText(weight.shape()), " along axis ", axis),
        "this is a float32 tensor and an axis of it, or -1");
  }
  const Shape& shape = weight.shape();
  const Channels channels(shape, axis);
  const auto values = weight.data<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    return InvalidArgument(StrCat("the weight holds ", values[i], " at element ", i),
                           "repair the model: a weight must be finite");
  }
  std::vector<float> scales = LargestMagnitudes(values, channels);
  ShrinkScales(values, channels, scales);
  for (size_t c = 0; c < scales.size(); ++c) {
    if (!floor.empty()) scales[c] = std::max(scales[c], floor[c]);
  }
  TARE_TRY(Tensor quantized, Tensor::Zeros(DType::kInt8, shape));
  const auto codes = quantized.mutable_data<int8_t>();
  if (weight.rank() > 2 && (axis == 0 || axis == 1) && !values.empty()) {
    size_t kernel = 1;
    for (size_t i = 2; i < shape.size(); ++i) kernel *= static_cast<size_t>(shape[i]);
    RoundInBalance(values, channels, scales, kernel, codes);
  } else {
    RoundToNearest(values, channels, scales, codes);
  }
  return QuantizedWeight{std::move(quantized), std::move(scales)};
}

}  // namespace tare
