// FOR TESTS ONLY: run a model and compare two.

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tare/runtime/analysis.h"
#include "tare/runtime/session.h"

namespace tare::runtime {

inline SessionOptions AtLevel(Optimization optimization) {
  SessionOptions options;
  options.optimization = optimization;
  return options;
}

/// Outputs of one run; a test failure and nothing when the model does not load or run.
inline std::vector<Tensor> RunModel(const graph::Model& model,
                                    const std::vector<NamedTensor>& inputs,
                                    Optimization optimization = Optimization::kNone) {
  const auto session = MakeSession(model, AtLevel(optimization));
  EXPECT_TRUE(session) << session.error().what;
  if (!session) return {};
  auto outputs = session->Run(inputs);
  EXPECT_TRUE(outputs) << outputs.error().what;
  return outputs ? *std::move(outputs) : std::vector<Tensor>();
}

/// Largest |a - b|; infinite when types or shapes differ.
inline double MaxDifference(const Tensor& a, const Tensor& b) {
  const auto x = a.ToFloat32();
  const auto y = b.ToFloat32();
  if (a.dtype() != b.dtype() || a.shape() != b.shape() || !x || !y) return INFINITY;
  double largest = 0;
  for (size_t i = 0; i < x->data<float>().size(); ++i) {
    const double difference = std::abs(double{x->data<float>()[i]} - double{y->data<float>()[i]});
    largest = std::isnan(difference) ? INFINITY : std::max(largest, difference);
  }
  return largest;
}

/// Expects every output of the two models on `inputs` to lie within `tolerance`.
inline void ExpectSameOutputs(const graph::Model& expected, const graph::Model& actual,
                              const std::vector<NamedTensor>& inputs, double tolerance) {
  const auto a = RunModel(expected, inputs);
  const auto b = RunModel(actual, inputs);
  ASSERT_EQ(a.size(), b.size());
  ASSERT_FALSE(a.empty());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_LE(MaxDifference(a[i], b[i]), tolerance) << "output " << i;
  }
}

}  // namespace tare::runtime
