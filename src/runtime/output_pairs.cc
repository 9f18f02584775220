// One output of two models, sample by sample.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "runtime/output_pairs_internal.h"
#include "tare/core/text.h"
#include "tare/stats/quantile.h"

namespace tare::runtime {
namespace {

// A sample whose norm is below this share of the root mean square over samples is quiet.
constexpr double kQuiet = 0.01;
// Of lists, whose norm is that of their rows by weight.
constexpr double kQuietList = 0.3;
constexpr double kLowShare = 0.05;

int64_t CountOf(const TensorView& view) {
  return std::accumulate(view.shape.begin(), view.shape.end(), int64_t{1}, std::multiplies<>());
}

bool IsSame(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool IsLone(double a, double b) {
  return (!std::isfinite(a) || !std::isfinite(b)) && !IsSame(a, b);
}

// "output 'y' has 41 rows where float has 40", or "" where type and shape are the same.
std::string FormFault(const std::string& name, const TensorView& a, const TensorView& b) {
  if (a.dtype != b.dtype) {
    return StrCat("output '", name, "' is ", DTypeName(b.dtype), " where float has ",
                  DTypeName(a.dtype));
  }
  if (std::ranges::equal(a.shape, b.shape)) return "";
  std::vector<size_t> axes;
  for (size_t axis = 0; a.shape.size() == b.shape.size() && axis < a.shape.size(); ++axis) {
    if (a.shape[axis] != b.shape[axis]) axes.push_back(axis);
  }
  if (axes.size() != 1) {
    return StrCat("output '", name, "' has shape ", ShapeText(b.shape), " where float has ",
                  ShapeText(a.shape));
  }
  const size_t axis = axes[0];
  const std::string unit = axis == 0 ? "rows" : StrCat("values on axis ", axis);
  return StrCat("output '", name, "' has ", b.shape[axis], " ", unit, " where float has ",
                a.shape[axis]);
}

std::string NumberFault(const std::string& name, const TensorView& a, const TensorView& b) {
  const auto x = ValuesOf(a);
  const auto y = ValuesOf(b);
  for (size_t i = 0; i < x.size(); ++i) {
    if (IsLone(x[i], y[i]))
      return StrCat("output '", name, "' has ", y[i], " where float has ", x[i]);
  }
  return StrCat("output '", name, "' differs in its 4-bit values");
}

double ShareEqual(const TensorView& a, const TensorView& b) {
  const auto width = static_cast<size_t>(std::max(1, BitWidth(a.dtype) / 8));
  const size_t count = a.bytes.size() / width;
  if (count == 0) return 1;
  size_t equal = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto x = a.bytes.subspan(i * width, width);
    const auto y = b.bytes.subspan(i * width, width);
    equal += std::equal(x.begin(), x.end(), y.begin()) ? 1 : 0;
  }
  return static_cast<double>(equal) / static_cast<double>(count);
}

void AddWeighted(double x, double y, double weight, PairSums& sums) {
  ++sums.count;
  sums.mismatches += IsLone(x, y) ? 1 : 0;
  if (!std::isfinite(x) || !std::isfinite(y)) return;
  sums.aa += weight * x * x;
  sums.bb += weight * y * y;
  sums.ab += weight * x * y;
  sums.squared_error += weight * (x - y) * (x - y);
}

}  // namespace

std::vector<double> ValuesOf(const TensorView& view) {
  const auto widen = [](const auto& values) {
    return std::vector<double>(values.begin(), values.end());
  };
  switch (view.dtype) {
    case DType::kFloat32:
      return widen(view.data<float>());
    case DType::kFloat64:
      return widen(view.data<double>());
    case DType::kInt64:
      return widen(view.data<int64_t>());
    case DType::kInt32:
      return widen(view.data<int32_t>());
    default:
      break;
  }
  const auto owned = CopyOf(view);
  const auto floats = owned ? owned->ToFloat32() : Result<Tensor>(Unsupported("", ""));
  return floats ? widen(floats->data<float>()) : std::vector<double>();
}

void ColumnSums::Add(double x, double y) {
  if (n == 0) first = x;
  const double d = x - first;
  a += d;
  aa += d * d;
  e += y - x;
  ee += (y - x) * (y - x);
  squares += x * x;
  worst = std::max(worst, std::abs(y - x));
  is_share = is_share && x >= 0 && x <= 1;
  ++n;
}

ColumnEvidence ColumnSums::Evidence() const {
  const auto count = static_cast<double>(n);
  const double variance = std::max(0.0, aa / count - (a / count) * (a / count));
  return {first + a / count,
          std::sqrt(variance),
          std::sqrt(squares / count),
          std::sqrt(ee / count),
          e / count,
          worst,
          is_share};
}

void OutputPairs::Add(const TensorView& a, const TensorView& b) {
  if (std::string form = FormFault(name, a, b); !form.empty()) {
    if (fault.empty()) fault = std::move(form);
    samples.push_back(ComparePair(a, b));
    return;
  }
  if (a.dtype == DType::kUndefined || a.bytes.empty()) return;
  is_integers = !IsFloat(a.dtype);
  samples.push_back(ComparePair(a, b));
  if (samples.back().mismatches > 0 && fault.empty()) fault = NumberFault(name, a, b);
  if (is_integers) {
    agreement += ShareEqual(a, b);
  } else {
    AddColumns(a, b);
  }
}

void OutputPairs::AddMatched(const RowValues& rows, std::span<const RowPair> pairs) {
  is_integers = rows.is_integers;
  is_list = true;
  PairSums sums;
  double weights = 0, equal = 0;
  for (const RowPair& pair : pairs) {
    bool same = pair.a >= 0 && pair.b >= 0;
    for (size_t column = 0; column < rows.width; ++column) {
      const auto at = [&](const std::vector<double>& values, int64_t row) {
        return row < 0 ? 0.0 : values[static_cast<size_t>(row) * rows.width + column];
      };
      const double x = at(rows.a, pair.a);
      const double y = at(rows.b, pair.b);
      same = same && IsSame(x, y);
      AddWeighted(x, y, pair.weight, sums);
    }
    weights += pair.weight;
    equal += same ? pair.weight : 0;
  }
  if (sums.mismatches > 0 && fault.empty())
    fault = StrCat("output '", name, "' has NaN or infinity where float has another value");
  samples.push_back(sums);
  agreement += weights > 0 ? equal / weights : 1;
}

void OutputPairs::AddColumns(const TensorView& a, const TensorView& b) {
  const int64_t count = CountOf(a);
  const bool fits =
      columns.empty() ? count <= kFewValues : count == static_cast<int64_t>(columns.size());
  is_few = is_few && fits;
  if (!is_few) return;
  columns.resize(static_cast<size_t>(count));
  const auto x = ValuesOf(a);
  const auto y = ValuesOf(b);
  for (size_t i = 0; i < columns.size(); ++i) {
    if (std::isfinite(x[i]) && std::isfinite(y[i])) columns[i].Add(x[i], y[i]);
  }
}

void OutputPairs::SetCosines(OutputEvidence& evidence) const {
  PairSums whole;
  double sum = 0;
  double weights = 0;
  for (const PairSums& sample : samples) {
    whole += sample;
    // A list with nothing but rows at the threshold says little: it weighs by what it holds.
    const double weight = is_list ? std::max(sample.aa, sample.bb) : 1;
    sum += weight * sample.Cosine();
    weights += weight;
    evidence.least_cosine = std::min(evidence.least_cosine, sample.Cosine());
  }
  evidence.cosine = weights > 0 ? sum / weights : 1;
  evidence.whole_cosine = whole.Cosine();
  evidence.relative_error = whole.RelativeError();
  const double share = is_list ? kQuietList : kQuiet;
  const double quiet = share * share * whole.aa / static_cast<double>(samples.size());
  std::vector<double> loud;
  for (const PairSums& sample : samples) {
    if (std::max(sample.aa, sample.bb) >= quiet) loud.push_back(sample.Cosine());
  }
  if (loud.empty()) return;
  std::ranges::sort(loud);
  evidence.loud_cosine = loud[0];
  evidence.low_cosine = stats::Quantile(loud, kLowShare);
}

OutputEvidence OutputPairs::Evidence() const {
  OutputEvidence evidence;
  evidence.output = name;
  evidence.is_list = is_list;
  evidence.fault = fault;
  evidence.n = std::ssize(samples);
  if (samples.empty()) return evidence;
  SetCosines(evidence);
  if (is_integers) {
    evidence.kind = OutputKind::kIntegers;
    evidence.agreement = agreement / static_cast<double>(samples.size());
    return evidence;
  }
  const auto seen = [](const ColumnSums& column) { return column.n > 0; };
  if (is_list || !is_few || columns.empty() || !std::ranges::all_of(columns, seen)) return evidence;
  evidence.kind = OutputKind::kFew;
  evidence.spread_n = evidence.n;
  for (const ColumnSums& column : columns) evidence.columns.push_back(column.Evidence());
  return evidence;
}

}  // namespace tare::runtime
