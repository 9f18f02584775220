#include "tare/runtime/compare.h"

#include <algorithm>
#include <map>

#include "runtime/output_pairs_internal.h"

namespace tare::runtime {
namespace {

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

// Samples of a pair along `axis`; 0 where the axis is not there or has not the same extent.
int64_t NumSlices(const TensorView& a, const TensorView& b, int64_t axis) {
  const auto at = static_cast<size_t>(axis);
  if (axis < 0 || a.shape.size() <= at || b.shape.size() <= at || a.shape[at] != b.shape[at])
    return 0;
  return BitWidth(a.dtype) >= 8 && a.dtype == b.dtype ? a.shape[at] : 0;
}

}  // namespace

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
