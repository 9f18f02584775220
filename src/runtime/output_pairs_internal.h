// One output of two models, sample by sample.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/row_matching_internal.h"
#include "tare/runtime/compare.h"

namespace tare::runtime {

/// Values as doubles; empty for a type that has no float32 form.
std::vector<double> ValuesOf(const TensorView& view);

/// Sums over the samples of one of few values, around the first one seen: no digits are lost where
/// the mean is large.
struct ColumnSums {
  double first = 0;
  double a = 0, aa = 0;  // of a - first
  double e = 0, ee = 0;  // of b - a
  double squares = 0;    // of a
  double worst = 0;
  bool is_share = true;
  int64_t n = 0;

  void Add(double x, double y);
  ColumnEvidence Evidence() const;
};

/// What has been collected of one output.
struct OutputPairs {
  std::string name;
  OutputLayout layout;
  bool is_integers = false;
  bool is_list = false;
  bool is_few = true;
  std::vector<PairSums> samples;
  double agreement = 0;  // summed over samples
  std::vector<ColumnSums> columns;
  std::string fault;

  void Add(const TensorView& a, const TensorView& b);
  void AddMatched(const RowValues& rows, std::span<const RowPair> pairs);
  OutputEvidence Evidence() const;

 private:
  void AddColumns(const TensorView& a, const TensorView& b);
  void SetCosines(OutputEvidence& evidence) const;
};

}  // namespace tare::runtime
