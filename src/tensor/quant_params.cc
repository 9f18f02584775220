#include "tare/tensor/quant_params.h"

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <numeric>

namespace tare {
namespace {

// Shares of the largest magnitude that are tried as the end of a channel's range.
constexpr std::array<float, 9> kShares = {1.0F,   0.975F, 0.95F,  0.925F, 0.9F,
                                          0.875F, 0.85F,  0.825F, 0.8F};

// In: the largest magnitude of each channel. Out: the scale of least squared error among kShares.
template <class ChannelOf>
void ShrinkScales(std::span<const float> values, const ChannelOf& channel_of,
                  std::vector<float>& scales) {
  std::vector<std::array<double, kShares.size()>> errors(scales.size());
  std::vector<std::array<float, kShares.size()>> candidates(scales.size());
  for (size_t c = 0; c < scales.size(); ++c) {
    for (size_t k = 0; k < kShares.size(); ++k)
      candidates[c][k] = std::max(kShares[k] * scales[c] / 127.0F, FLT_MIN);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t c = channel_of(static_cast<int64_t>(i));
    for (size_t k = 0; k < kShares.size(); ++k) {
      const float scale = candidates[c][k];
      const float code = std::clamp(std::nearbyint(values[i] / scale), -127.0F, 127.0F);
      const float error = values[i] - code * scale;
      errors[c][k] += double{error} * error;
    }
  }
  for (size_t c = 0; c < scales.size(); ++c) {
    const auto best = std::min_element(errors[c].begin(), errors[c].end()) - errors[c].begin();
    scales[c] = scales[c] > 0 ? candidates[c][static_cast<size_t>(best)] : 1.0F;
  }
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
  int64_t inner = 1;
  for (int64_t i = axis + 1; axis >= 0 && i < weight.rank(); ++i)
    inner *= shape[static_cast<size_t>(i)];
  const int64_t channels = axis < 0 ? 1 : shape[static_cast<size_t>(axis)];
  if (axis < 0) inner = weight.num_elements();

  const auto values = weight.data<float>();
  const auto channel_of = [&](int64_t i) {
    return static_cast<size_t>(inner == 0 ? 0 : (i / inner) % channels);
  };
  std::vector<float> scales(static_cast<size_t>(channels), 0.0F);
  for (int64_t i = 0; i < weight.num_elements(); ++i) {
    const float magnitude = std::abs(values[static_cast<size_t>(i)]);
    if (!std::isfinite(magnitude)) {
      return InvalidArgument(
          StrCat("the weight holds ", values[static_cast<size_t>(i)], " at element ", i),
          "repair the model: a weight must be finite");
    }
    float& absmax = scales[channel_of(i)];
    absmax = std::max(absmax, magnitude);
  }
  ShrinkScales(values, channel_of, scales);
  for (size_t c = 0; c < scales.size(); ++c) {
    if (!floor.empty()) scales[c] = std::max(scales[c], floor[c]);
  }
  TARE_TRY(Tensor quantized, Tensor::Zeros(DType::kInt8, shape));
  const auto codes = quantized.mutable_data<int8_t>();
  const bool convolution = weight.rank() > 2 && (axis == 0 || axis == 1);
  size_t kernel = 1;
  for (size_t i = 2; convolution && i < shape.size(); ++i) kernel *= static_cast<size_t>(shape[i]);
  Channel channel;
  const int64_t step = inner * channels;
  for (int64_t c = 0; c < channels && step > 0; ++c) {
    channel.codes.clear();
    channel.errors.clear();
    const float scale = scales[static_cast<size_t>(c)];
    const auto each = [&](const auto& visit) {
      for (int64_t block = c * inner; block < weight.num_elements(); block += step) {
        for (int64_t i = block; i < block + inner; ++i) visit(static_cast<size_t>(i));
      }
    };
    each([&](size_t i) {
      const float real = values[i] / scale;
      channel.codes.push_back(std::clamp(std::nearbyint(real), -127.0F, 127.0F));
      channel.errors.push_back(channel.codes.back() - real);
    });
    if (convolution) BalanceChannel(channel, kernel);
    size_t at = 0;
    each([&](size_t i) { codes[i] = static_cast<int8_t>(channel.codes[at++]); });
  }
  return QuantizedWeight{std::move(quantized), std::move(scales)};
}

}  // namespace tare
