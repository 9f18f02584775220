// FOR TESTS ONLY: a slow reference for small models, and times that do not come from a clock.

#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "search/measure_internal.h"
#include "tare/core/text.h"

namespace tare::search {

/// One value as rows of doubles.
using Matrix = std::vector<std::vector<double>>;

inline Matrix MatrixOf(const Tensor& tensor) {
  const auto columns = static_cast<size_t>(tensor.shape()[1]);
  Matrix rows(static_cast<size_t>(tensor.shape()[0]), std::vector<double>(columns));
  for (size_t i = 0; i < rows.size() * columns; ++i)
    rows[i / columns][i % columns] = double{tensor.data<float>()[i]};
  return rows;
}

inline Matrix Product(const Matrix& a, const Matrix& b) {
  Matrix c(a.size(), std::vector<double>(b[0].size(), 0));
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t k = 0; k < b.size(); ++k) {
      for (size_t j = 0; j < b[0].size(); ++j) c[i][j] += a[i][k] * b[k][j];
    }
  }
  return c;
}

/// The first output of a float model of MatMul, Sub of a row, Relu and Tanh, node by node in
/// double.
inline Matrix RunSlowly(const graph::Model& model, const Matrix& input) {
  std::map<std::string, Matrix> values;
  values[model.graph.inputs[0].info.name] = input;
  for (const auto& constant : model.graph.initializers)
    values[constant.name] = MatrixOf(*constant.value);
  for (const graph::Node& node : model.graph.nodes) {
    Matrix value = values.at(node.inputs[0]);
    if (node.Is("MatMul")) value = Product(value, values.at(node.inputs[1]));
    for (auto& row : value) {
      for (size_t j = 0; j < row.size(); ++j) {
        if (node.Is("Relu")) row[j] = std::max(row[j], 0.0);
        if (node.Is("Tanh")) row[j] = std::tanh(row[j]);
        if (node.Is("Sub")) row[j] -= values.at(node.inputs[1])[0][j];
      }
    }
    values[node.outputs[0]] = std::move(value);
  }
  return values.at(model.graph.outputs[0].info.name);
}

/// Least of the mean cosine over rows and the cosine of all rows together, from the definition.
inline double SlowCosine(const Matrix& a, const Matrix& b) {
  double aa = 0, bb = 0, ab = 0, mean = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    double xx = 0, yy = 0, xy = 0;
    for (size_t j = 0; j < a[i].size(); ++j) {
      xx += a[i][j] * a[i][j];
      yy += b[i][j] * b[i][j];
      xy += a[i][j] * b[i][j];
    }
    mean += xy / std::sqrt(xx * yy) / static_cast<double>(a.size());
    aa += xx;
    bb += yy;
    ab += xy;
  }
  return std::min(mean, ab / std::sqrt(aa * bb));
}

/// Times and kernel times by table. `speedups` are by how a candidate's name begins, the longest
/// that fits; 1 for the others. Without kernel times every node counts as equal and no plan is cut.
inline Instruments Scripted(const std::map<std::string, double>& speedups,
                            std::vector<runtime::KernelTimes> kernel_times = {}) {
  Instruments instruments;
  instruments.time = [speedups](std::span<const Timed> timed, std::span<const NamedTensor>,
                                const runtime::TimingOptions&) -> Result<runtime::RoundTimes> {
    runtime::RoundTimes times;
    for (const Timed& one : timed) {
      double speedup = 1;
      // In order of the names: what is longer comes behind its own beginning.
      for (const auto& [beginning, value] : speedups) {
        if (!one.candidate.empty() && one.candidate.starts_with(beginning)) speedup = value;
      }
      times.emplace_back(10, 1 / speedup);
    }
    return times;
  };
  // The float model is profiled first; each plan after it has the second table.
  instruments.profile = [kernel_times, calls = size_t{0}](
                            const graph::Model&, std::span<const NamedTensor>,
                            const runtime::SessionOptions&,
                            int) mutable -> Result<runtime::KernelTimes> {
    if (kernel_times.empty()) return runtime::KernelTimes();
    return kernel_times[std::min(calls++, kernel_times.size() - 1)];
  };
  return instruments;
}

}  // namespace tare::search
