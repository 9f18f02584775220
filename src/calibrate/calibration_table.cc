#include "tare/calibrate/calibration_table.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "calibrate/range_internal.h"
#include "tare/core/file.h"
#include "tare/core/parallel.h"
#include "tare/core/strcat.h"

namespace tare::calibrate {
namespace {

using internal::Distribution;

constexpr int64_t kMaxFileBytes = int64_t{16} << 20;

// Values below t, of both signs and zero.
double CountBelow(const Distribution& distribution, double t) {
  const auto& negative = distribution.negative;
  if (t <= 0) return negative.total().n - negative.Below(-t).n;
  return negative.total().n + distribution.num_zeros + distribution.positive.Below(t).n;
}

HistogramDigest Digest(const Distribution& distribution, float low, float high) {
  HistogramDigest digest{low, high, {}};
  const int num_bins = low < high ? HistogramDigest::kMaxBins : 1;
  const double all =
      distribution.negative.total().n + distribution.num_zeros + distribution.positive.total().n;
  const double width = (double{high} - low) / num_bins;
  double before = 0;
  for (int i = 1; i <= num_bins; ++i) {
    const double below = i < num_bins ? CountBelow(distribution, low + width * i) : all;
    digest.counts.push_back(std::llround(std::max(0.0, below - before)));
    before = below;
  }
  return digest;
}

void FillMoments(const Distribution& distribution, CalibratedTensor& tensor) {
  const stats::Moments& positive = distribution.positive.total();
  const stats::Moments& negative = distribution.negative.total();
  const double all = positive.n + negative.n + distribution.num_zeros;
  if (all == 0) return;
  // The negative side is kept in |x|.
  tensor.mean = (positive.sum - negative.sum) / all;
  const double mean_square = (positive.sum_squares + negative.sum_squares) / all;
  // The difference of two sums may fall below 0 by rounding.
  tensor.standard_deviation = std::sqrt(std::max(0.0, mean_square - tensor.mean * tensor.mean));
}

Result<CalibratedTensor> MakeTensor(const ObservedTensor& observed, const RangeOptions& options) {
  const TensorStatistics& statistics = observed.statistics;
  CalibratedTensor tensor;
  tensor.name = observed.name;
  tensor.counts = statistics.counts();
  tensor.min = statistics.min();
  tensor.max = statistics.max();
  if (tensor.counts.num_ordinary() == 0) return tensor;

  const Distribution distribution(statistics);
  tensor.histogram = Digest(distribution, tensor.min, tensor.max);
  FillMoments(distribution, tensor);
  if (!statistics.broken()) {
    TARE_TRY(
        tensor.ranges,
        internal::ChooseAll(distribution, options).While(StrCat("ranging '", observed.name, "'")));
  }
  return tensor;
}

Result<void> CheckNames(const Observations& observations) {
  std::set<std::string_view> names;
  for (const ObservedTensor& tensor : observations.tensors) {
    if (names.insert(tensor.name).second) continue;
    return InvalidArgument(StrCat("tensor '", tensor.name, "' is observed twice"),
                           "name each tensor once");
  }
  return {};
}

}  // namespace

const CalibratedTensor* CalibrationTable::Find(std::string_view name) const {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const auto& tensor) { return tensor.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

Result<ValueRange> CalibrationTable::RangeOf(std::string_view name, RangeMethod method) const {
  const CalibratedTensor* tensor = Find(name);
  if (tensor == nullptr) {
    return FailedPrecondition(
        StrCat("the calibration table has no tensor '", name, "'"),
        "make a table for this model: tare calibrate MODEL --data FILE -o FILE");
  }
  if (!tensor->ranges) {
    return FailedPrecondition(StrCat("tensor '", name, "' has no range: ", tensor->counts.num_nan,
                                     " NaN and ", tensor->counts.num_positive_infinity,
                                     " infinite of ", tensor->counts.num_values, " values"),
                              "leave the tensor in float, or calibrate on data without them");
  }
  for (size_t i = 0; i < kRangeMethods.size(); ++i) {
    if (kRangeMethods[i] == method) return (*tensor->ranges)[i].range;
  }
  return Internal("a range method without a place in kRangeMethods");
}

Result<CalibrationTable> MakeTable(const Observations& observations, CalibrationOrigin origin,
                                   const RangeOptions& options, int num_threads) {
  TARE_TRY_VOID(CheckOptions(options));
  TARE_TRY_VOID(CheckNames(observations));
  CalibrationTable table{std::move(origin), observations.num_samples, options, {}};
  const auto num_tensors = static_cast<int64_t>(observations.tensors.size());
  std::vector<Result<CalibratedTensor>> made(observations.tensors.size(), CalibratedTensor());
  ParallelFor(num_tensors, num_threads, [&](int64_t i) {
    made[static_cast<size_t>(i)] =
        MakeTensor(observations.tensors[static_cast<size_t>(i)], options);
  });
  for (Result<CalibratedTensor>& tensor : made) {
    TARE_TRY(CalibratedTensor value, std::move(tensor));
    table.tensors.push_back(std::move(value));
  }
  return table;
}

Result<CalibrationTable> ReadCalibration(const std::string& path) {
  TARE_TRY(const std::string text, ReadFile(path, kMaxFileBytes));
  return ParseCalibration(text, path);
}

Result<void> WriteCalibration(const CalibrationTable& table, const std::string& path) {
  TARE_TRY(const std::string text, CalibrationJson(table));
  return WriteFileAtomic(path, text);
}

}  // namespace tare::calibrate
