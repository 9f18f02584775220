#include "tare/runtime/compare.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "runtime/row_matching_internal.h"
#include "tare/core/text.h"
#include "tare/stats/quantile.h"

namespace tare::runtime {
namespace {

template <class T>
PairSums SumPairs(std::span<const T> a, std::span<const T> b) {
  PairSums sums;
  sums.count = static_cast<int64_t>(a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    const auto x = static_cast<double>(a[i]);
    const auto y = static_cast<double>(b[i]);
    if (!std::isfinite(x) || !std::isfinite(y)) {
      sums.mismatches += !(x == y || (std::isnan(x) && std::isnan(y)));
      continue;
    }
    sums.aa += x * x;
    sums.bb += y * y;
    sums.ab += x * y;
    sums.squared_error += (x - y) * (x - y);
  }
  return sums;
}

PairSums SumConverted(const TensorView& a, const TensorView& b) {
  const auto widen = [](const TensorView& view) {
    auto owned = CopyOf(view);
    return owned ? owned->ToFloat32() : Result<Tensor>(std::move(owned).error());
  };
  const auto x = widen(a);
  const auto y = widen(b);
  if (!x || !y) {  // 4-bit types: equal or not
    PairSums sums;
    for (size_t i = 0; i < a.bytes.size(); ++i) sums.mismatches += a.bytes[i] != b.bytes[i];
    return sums;
  }
  return SumPairs(x->data<float>(), y->data<float>());
}

// A sample whose norm is below this share of the root mean square over samples is quiet.
constexpr double kQuiet = 0.01;
// Of lists, whose norm is that of their rows by weight.
constexpr double kQuietList = 0.3;
constexpr double kLowShare = 0.05;

// Sample `i` along `axis`, in one piece: a view where the axis is the first, else a copy in `bytes`.
class Slice {
 public:
  Slice(const TensorView& view, int64_t axis, int64_t i)
      : shape_(view.shape.begin(), view.shape.end()) {
    const auto at = static_cast<size_t>(axis);
    const auto extent = static_cast<size_t>(view.shape[at]);
    size_t outer = 1;
    for (size_t k = 0; k < at; ++k) outer *= static_cast<size_t>(view.shape[k]);
    shape_.erase(shape_.begin() + axis);
    const size_t inner = outer * extent == 0 ? 0 : view.bytes.size() / (outer * extent);
    const auto place = [&](size_t o) { return (o * extent + static_cast<size_t>(i)) * inner; };
    if (outer == 1) {
      view_ = {view.dtype, shape_, view.bytes.subspan(place(0), inner)};
      return;
    }
    for (size_t o = 0; o < outer; ++o) {
      const auto part = view.bytes.subspan(place(o), inner);
      bytes_.insert(bytes_.end(), part.begin(), part.end());
    }
    view_ = {view.dtype, shape_, bytes_};
  }
  Slice(const Slice&) = delete;
  Slice& operator=(const Slice&) = delete;

  const TensorView& view() const { return view_; }

 private:
  Shape shape_;
  std::vector<std::byte> bytes_;
  TensorView view_;
};

bool IsNumeric(DType dtype) { return dtype != DType::kUndefined && BitWidth(dtype) >= 8; }

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

// Sums over the samples of one of few values, around the first one seen: no digits are lost where
// the mean is large.
struct ColumnSums {
  double first = 0;
  double a = 0, aa = 0;  // of a - first
  double e = 0, ee = 0;  // of b - a
  double squares = 0;    // of a
  double worst = 0;
  bool is_share = true;
  int64_t n = 0;

  void Add(double x, double y) {
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

  ColumnEvidence Evidence() const {
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
};

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

// What has been collected of one output.
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

  void Add(const TensorView& a, const TensorView& b) {
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

  void AddMatched(const RowValues& rows, std::span<const RowPair> pairs) {
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

  OutputEvidence Evidence() const;

 private:
  static void AddWeighted(double x, double y, double weight, PairSums& sums) {
    ++sums.count;
    sums.mismatches += IsLone(x, y) ? 1 : 0;
    if (!std::isfinite(x) || !std::isfinite(y)) return;
    sums.aa += weight * x * x;
    sums.bb += weight * y * y;
    sums.ab += weight * x * y;
    sums.squared_error += weight * (x - y) * (x - y);
  }

  void AddColumns(const TensorView& a, const TensorView& b) {
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

  void SetCosines(OutputEvidence& evidence) const;
};

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

// The sample's rows: its shape without the axes of extent 1 before the first that either side has
// more of. A shape without such an axis is one row.
size_t RowAxis(std::span<const int64_t> a, std::span<const int64_t> b) {
  for (size_t axis = 0; axis < a.size(); ++axis) {
    if (a[axis] != 1 || b[axis] != 1) return axis;
  }
  return a.size();
}

std::optional<RowValues> RowsOfSample(const std::string& name, const TensorView& a,
                                      const TensorView& b) {
  if (a.dtype != b.dtype || !IsNumeric(a.dtype) || a.shape.size() != b.shape.size())
    return std::nullopt;
  const size_t axis = RowAxis(a.shape, b.shape);
  const auto from = std::min(axis + 1, a.shape.size());
  if (!std::ranges::equal(a.shape.subspan(from), b.shape.subspan(from))) return std::nullopt;
  RowValues rows{name, !IsFloat(a.dtype), 1, ValuesOf(a), ValuesOf(b)};
  for (const int64_t extent : a.shape.subspan(from)) rows.width *= static_cast<size_t>(extent);
  return rows.width > 0 ? std::optional(std::move(rows)) : std::nullopt;
}

}  // namespace

double PairSums::Cosine() const {
  if (mismatches > 0) return -1;
  if (aa == 0 && bb == 0) return 1;
  if (aa == 0 || bb == 0) return 0;
  return std::clamp(ab / (std::sqrt(aa) * std::sqrt(bb)), -1.0, 1.0);
}

double PairSums::RelativeError() const {
  if (mismatches > 0) return std::numeric_limits<double>::infinity();
  if (squared_error == 0) return 0;
  return aa == 0 ? std::numeric_limits<double>::infinity() : std::sqrt(squared_error / aa);
}

PairSums& PairSums::operator+=(const PairSums& other) {
  aa += other.aa;
  bb += other.bb;
  ab += other.ab;
  squared_error += other.squared_error;
  count += other.count;
  mismatches += other.mismatches;
  return *this;
}

PairSums ComparePair(const TensorView& a, const TensorView& b) {
  if (a.dtype != b.dtype ||
      !std::equal(a.shape.begin(), a.shape.end(), b.shape.begin(), b.shape.end())) {
    int64_t count = 1;
    for (const int64_t extent : a.shape) count *= extent;
    PairSums sums;
    sums.count = count;
    sums.mismatches = std::max<int64_t>(count, 1);
    return sums;
  }
  switch (a.dtype) {
    case DType::kUndefined:
      return {};
    case DType::kFloat32:
      return SumPairs(a.data<float>(), b.data<float>());
    case DType::kFloat64:
      return SumPairs(a.data<double>(), b.data<double>());
    case DType::kInt64:
      return SumPairs(a.data<int64_t>(), b.data<int64_t>());
    case DType::kInt32:
      return SumPairs(a.data<int32_t>(), b.data<int32_t>());
    default:
      return SumConverted(a, b);
  }
}

struct OutputsComparison::State {
  std::vector<OutputPairs> outputs;
  std::map<int64_t, std::vector<size_t>> lists;  // outputs by list
  std::map<int64_t, ScoresSeen> scores;          // by list

  // One sample of every output of a list. What has not as many rows as the first is no part of it.
  void AddList(int64_t list, std::span<const std::pair<TensorView, TensorView>> pairs);
};

void OutputsComparison::State::AddList(int64_t list,
                                       std::span<const std::pair<TensorView, TensorView>> pairs) {
  const std::vector<size_t>& members = lists[list];
  std::vector<RowValues> rows;
  std::vector<size_t> owners;
  const auto has_rows = [&](const RowValues& other) {
    return rows.empty() || (other.a.size() / other.width == rows[0].a.size() / rows[0].width &&
                            other.b.size() / other.width == rows[0].b.size() / rows[0].width);
  };
  for (size_t i = 0; i < members.size(); ++i) {
    auto one = RowsOfSample(outputs[members[i]].name, pairs[i].first, pairs[i].second);
    if (one && has_rows(*one)) {
      rows.push_back(*std::move(one));
      owners.push_back(members[i]);
    } else {
      outputs[members[i]].Add(pairs[i].first, pairs[i].second);
    }
  }
  if (rows.empty()) return;
  const auto matched = MatchRows(rows, outputs[owners[0]].layout.is_cut, scores[list]);
  for (size_t i = 0; i < rows.size(); ++i) outputs[owners[i]].AddMatched(rows[i], matched);
}

OutputsComparison::OutputsComparison(std::vector<std::string> outputs,
                                     std::vector<OutputLayout> layouts)
    : state_(std::make_unique<State>()) {
  layouts.resize(outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    state_->outputs.emplace_back();
    state_->outputs[i].name = std::move(outputs[i]);
    state_->outputs[i].layout = layouts[i];
    if (layouts[i].list >= 0) state_->lists[layouts[i].list].push_back(i);
  }
}

OutputsComparison::OutputsComparison(OutputsComparison&&) noexcept = default;
OutputsComparison& OutputsComparison::operator=(OutputsComparison&&) noexcept = default;
OutputsComparison::~OutputsComparison() = default;

namespace {

// Samples of a pair along `axis`; 0 where the axis is not there or has not the same extent.
int64_t NumSlices(const TensorView& a, const TensorView& b, int64_t axis) {
  const auto at = static_cast<size_t>(axis);
  if (axis < 0 || a.shape.size() <= at || b.shape.size() <= at || a.shape[at] != b.shape[at])
    return 0;
  return BitWidth(a.dtype) >= 8 && a.dtype == b.dtype ? a.shape[at] : 0;
}

}  // namespace

void OutputsComparison::Add(std::span<const TensorView> a, std::span<const TensorView> b,
                            int64_t num_valid) {
  auto& outputs = state_->outputs;
  TARE_CHECK(a.size() == outputs.size() && b.size() == outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].layout.list >= 0) continue;
    const int64_t axis = outputs[i].layout.batch_axis;
    const int64_t slices = NumSlices(a[i], b[i], axis);
    if (slices == 0) outputs[i].Add(a[i], b[i]);
    for (int64_t k = 0; k < std::min(slices, num_valid); ++k) {
      const Slice x(a[i], axis, k), y(b[i], axis, k);
      outputs[i].Add(x.view(), y.view());
    }
  }
  for (const auto& [list, members] : state_->lists) {
    const int64_t axis = outputs[members[0]].layout.batch_axis;
    const bool by_sample = std::ranges::all_of(members, [&](size_t i) {
      return outputs[i].layout.batch_axis == axis && NumSlices(a[i], b[i], axis) > 0;
    });
    std::vector<std::pair<TensorView, TensorView>> pairs;
    if (!by_sample) {
      for (const size_t i : members) pairs.emplace_back(a[i], b[i]);
      state_->AddList(list, pairs);
      continue;
    }
    for (int64_t k = 0; k < std::min(NumSlices(a[members[0]], b[members[0]], axis), num_valid);
         ++k) {
      std::vector<std::unique_ptr<Slice>> held;
      pairs.clear();
      for (const size_t i : members) {
        held.push_back(std::make_unique<Slice>(a[i], axis, k));
        held.push_back(std::make_unique<Slice>(b[i], axis, k));
        pairs.emplace_back(held[held.size() - 2]->view(), held.back()->view());
      }
      state_->AddList(list, pairs);
    }
  }
}

std::vector<OutputEvidence> OutputsComparison::Evidence() const {
  std::vector<OutputEvidence> evidence;
  for (const OutputPairs& output : state_->outputs) evidence.push_back(output.Evidence());
  return evidence;
}

void OutputsComparison::UseScores(const OutputsComparison& own) {
  state_->scores = own.state_->scores;
}

std::span<const PairSums> OutputsComparison::Samples(size_t output) const {
  return state_->outputs[output].samples;
}

void UseSpreads(std::span<const OutputEvidence> own, std::vector<OutputEvidence>& evidence) {
  for (size_t i = 0; i < std::min(own.size(), evidence.size()); ++i) {
    if (own[i].columns.size() != evidence[i].columns.size()) continue;
    evidence[i].spread_n = own[i].spread_n;
    for (size_t c = 0; c < own[i].columns.size(); ++c) {
      evidence[i].columns[c].spread = own[i].columns[c].spread;
      evidence[i].columns[c].magnitude = own[i].columns[c].magnitude;
      evidence[i].columns[c].is_share = own[i].columns[c].is_share;
    }
  }
}

}  // namespace tare::runtime
