// FOR TESTS ONLY: quantize-dequantize written from its definition, slow and in double, and the
// helpers that compare an applied recipe with it.

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "graph/model_builder.h"
#include "runtime/run_for_test.h"
#include "tare/quantize/apply.h"
#include "tare/quantize/fusion.h"
#include "tare/quantize/recipe.h"

namespace tare::quantize {

/// real -> uint8 -> real over [min(lo, 0), max(hi, 0)].
inline double FakeUint8(double real, ValueRange range) {
  const double lo = std::min(double{range.min}, 0.0);
  const double hi = std::max(double{range.max}, 0.0);
  const double scale = static_cast<float>((hi - lo) / 255.0);
  const double zero_point = std::nearbyint(-lo / ((hi - lo) / 255.0));
  const double code = std::clamp(std::nearbyint(real / scale) + zero_point, 0.0, 255.0);
  return scale * (code - zero_point);
}

inline double StepOf(ValueRange range) {
  return (std::max(range.max, 0.0F) - std::min(range.min, 0.0F)) / 255.0;
}

inline Tensor FakeUint8(const Tensor& tensor, ValueRange range) {
  Tensor faked = tensor;
  for (float& value : faked.mutable_data<float>()) {
    value = static_cast<float>(FakeUint8(value, range));
  }
  return faked;
}

/// Elements of the trailing dimensions, behind the two channel axes.
inline int64_t KernelSize(const Shape& shape) {
  return std::accumulate(shape.begin() + 2, shape.end(), int64_t{1}, std::multiplies<>());
}

/// While the rounding errors of a kernel, and then of the channel, sum to more than half a step:
/// the worst error of the sum's sign is rounded the other way; for the channel, the worst kernel's.
inline void BalanceErrors(std::vector<double>& errors, size_t kernel) {
  const auto sum = [&](size_t first, size_t size) {
    return std::accumulate(errors.begin() + static_cast<std::ptrdiff_t>(first),
                           errors.begin() + static_cast<std::ptrdiff_t>(first + size), 0.0);
  };
  const auto flip_worst = [&](size_t first, double sign) {
    const auto worse = [&](double a, double b) { return sign * a < sign * b; };
    const auto begin = errors.begin() + static_cast<std::ptrdiff_t>(first);
    *std::max_element(begin, begin + static_cast<std::ptrdiff_t>(kernel), worse) -= sign;
  };
  for (size_t first = 0; first < errors.size(); first += kernel) {
    while (std::abs(sum(first, kernel)) > 0.5)
      flip_worst(first, std::copysign(1.0, sum(first, kernel)));
  }
  while (std::abs(sum(0, errors.size())) > 0.5) {
    const double sign = std::copysign(1.0, sum(0, errors.size()));
    size_t worst = 0;
    for (size_t first = 0; first < errors.size(); first += kernel) {
      if (sign * sum(first, kernel) > sign * sum(worst, kernel)) worst = first;
    }
    flip_worst(worst, sign);
  }
}

/// Symmetric int8 in [-127, 127], one scale for each index of `axis`, one in all for -1.
inline Tensor FakeInt8(const Tensor& weight, int64_t axis) {
  int64_t inner = 1;
  for (size_t i = static_cast<size_t>(axis + 1); axis >= 0 && i < weight.shape().size(); ++i) {
    inner *= weight.shape()[i];
  }
  const int64_t channels = axis < 0 ? 1 : weight.shape()[static_cast<size_t>(axis)];
  Tensor faked = weight;
  const auto values = faked.mutable_data<float>();
  for (int64_t c = 0; c < channels; ++c) {
    double largest = 0;
    for (int64_t i = 0; i < weight.num_elements(); ++i) {
      if (axis < 0 || (i / inner) % channels == c) {
        largest = std::max(largest, std::abs(double{values[static_cast<size_t>(i)]}));
      }
    }
    const double scale = largest == 0 ? 1.0 : largest / 127;
    std::vector<size_t> members;
    std::vector<double> errors;
    for (int64_t i = 0; i < weight.num_elements(); ++i) {
      if (axis >= 0 && (i / inner) % channels != c) continue;
      members.push_back(static_cast<size_t>(i));
      const double real = values[members.back()] / scale;
      errors.push_back(std::clamp(std::nearbyint(real), -127.0, 127.0) - real);
    }
    if (axis >= 0 && weight.rank() > 2)
      BalanceErrors(errors, static_cast<size_t>(KernelSize(weight.shape())));
    for (size_t i = 0; i < members.size(); ++i) {
      float& value = values[members[i]];
      value = static_cast<float>(value + scale * errors[i]);
    }
  }
  return faked;
}

using Ranges = std::map<std::string, ValueRange>;

/// A recipe over the named nodes, with ranges.
inline Recipe MakeRecipe(const graph::Model& model, const std::vector<std::string>& nodes,
                         const Ranges& ranges, Format format = Format::kInt8Static) {
  Recipe recipe;
  for (const graph::Node& node : model.graph.nodes) {
    if (std::find(nodes.begin(), nodes.end(), node.name) != nodes.end()) {
      recipe.nodes.push_back({node.name, node.op_type, format, ""});
    }
  }
  EXPECT_EQ(recipe.nodes.size(), nodes.size()) << "a node of the test is missing";
  for (const auto& [tensor, range] : ranges) recipe.tensors.push_back({tensor, range, "test"});
  return recipe;
}

/// Applies; a test failure and the model itself when that is refused.
inline graph::Model Applied(const graph::Model& model, const Recipe& recipe) {
  auto applied = ApplyRecipe(model, recipe);
  EXPECT_TRUE(applied) << applied.error().what;
  return applied ? *std::move(applied) : model;
}

/// A copy in which `name` has another value.
inline graph::Model WithConstant(graph::Model model, const std::string& name, Tensor value) {
  const auto shared = std::make_shared<const Tensor>(std::move(value));
  for (graph::Initializer& constant : model.graph.initializers) {
    if (constant.name == name) constant.value = shared;
  }
  return model;
}

/// Expects |a - b| within `steps` of `step`, and far less on average: sums in float and in double
/// may fall on two sides of a rounding border, by one code and seldom.
inline void ExpectWithinSteps(const Tensor& expected, const Tensor& actual, double step,
                              double steps = 1.01) {
  ASSERT_EQ(expected.shape(), actual.shape());
  double sum = 0;
  for (size_t i = 0; i < expected.data<float>().size(); ++i) {
    const double difference =
        std::abs(double{expected.data<float>()[i]} - double{actual.data<float>()[i]});
    ASSERT_LE(difference, steps * step + 1e-6) << "element " << i;
    sum += difference;
  }
  EXPECT_LE(sum, 0.05 * step * static_cast<double>(expected.num_elements()) + 1e-6);
}

/// "fused/expected", with the islands behind it.
inline std::string Fusion(const graph::Model& quantized, const Recipe& recipe) {
  const auto report = CountFused(quantized, recipe, {});
  EXPECT_TRUE(report) << report.error().what;
  if (!report) return "";
  std::string text = StrCat(report->fused, "/", report->expected);
  for (const Island& island : report->islands)
    text += StrCat(" ", island.node, ": ", island.reason);
  return text;
}

inline int64_t CountOps(const graph::Model& model, const std::string& op) {
  return std::count_if(model.graph.nodes.begin(), model.graph.nodes.end(),
                       [&](const graph::Node& node) { return node.op_type == op; });
}

}  // namespace tare::quantize
