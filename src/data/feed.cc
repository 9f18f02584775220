#include "tare/data/feed.h"

#include <algorithm>
#include <cmath>

#include "data/convert.h"
#include "data/feed_bind.h"
#include "data/feed_fit.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

// The batch that all inputs agree on: 0 any, else its size.
Result<int64_t> NaturalBatch(std::span<const BoundInput> bound) {
  const BoundInput* complete = nullptr;
  const BoundInput* fixed = nullptr;
  for (const BoundInput& b : bound) {
    if (b.fit.is_complete) complete = &b;
    if (b.fit.is_complete || b.input.shape.empty() || b.input.shape[0] < 0) continue;
    if (fixed != nullptr && fixed->input.shape[0] != b.input.shape[0]) {
      return InvalidArgument(
          StrCat("input '", fixed->input.name, "' takes ", fixed->input.shape[0],
                 " rows a run, input '", b.input.name, "' ", b.input.shape[0]),
          "give complete inputs: arrays of one axis more, the samples on the first");
    }
    fixed = &b;
  }
  if (fixed != nullptr &&
      (fixed->input.shape[0] == 0 || (complete != nullptr && fixed->input.shape[0] != 1))) {
    return InvalidArgument(
        StrCat("input '", fixed->input.name, "' takes ", fixed->input.shape[0], " rows a run, ",
               complete != nullptr
                   ? StrCat("but input '", complete->input.name, "' is fed item by item")
                   : "which holds no sample"),
        StrCat("give an array of one axis more for '", fixed->input.name, "'"));
  }
  if (complete != nullptr) return 1;
  return fixed != nullptr ? fixed->input.shape[0] : 0;
}

bool IsRaw(const BoundInput& b) {
  return IsFloat(b.input.dtype) && b.dtype == DType::kUint8 && b.affine.factor.empty();
}

// "4 columns: a, b, c, d".
std::string ColumnsText(const std::vector<std::string>& columns) {
  constexpr size_t kMostShown = 24;
  std::vector<std::string> names = columns;
  if (names.size() > kMostShown) {
    names.resize(kMostShown - 1);
    names.push_back(StrCat("... to ", columns.back()));
  }
  return StrCat(columns.size(), " columns: ", Join(names, ", "));
}

std::string ReportLine(const BoundInput& b) {
  std::string line = StrCat("input '", b.input.name, "' ", InputText(b.input), " from ");
  if (b.is_columns) {
    line += ColumnsText(b.arrays);
  } else {
    Shape shape = b.fit.sample_shape;
    line += StrCat("array '", b.arrays[0], "' ", DTypeName(b.dtype), ", ", ShapeText(shape),
                   b.fit.is_complete ? " a run, item by item" : " a sample");
  }
  if (b.fit.reshaping == Reshaping::kAddAxis) {
    line += StrCat("; axis ", b.fit.added_axis + (b.fit.is_complete ? 0 : 1), " added");
  }
  if (b.fit.reshaping == Reshaping::kChannelsFirst) line += "; channels moved from last to first";
  if (b.fit.reshaping == Reshaping::kChannelsLast) line += "; channels moved from first to last";
  if (b.dtype != b.input.dtype) line += StrCat("; converted to ", DTypeName(b.input.dtype));
  if (!b.affine.factor.empty()) {
    line += StrCat("; preprocessed by x * ", b.affine.factor[0], " + ", b.affine.offset[0],
                   b.affine.factor.size() > 1 ? " (first channel)" : "");
  } else if (IsRaw(b)) {
    line +=
        "; values 0 to 255 as they are: give scale, mean and std if the model was trained "
        "with others";
  }
  return b.note.empty() ? line : StrCat(line, "; ", b.note);
}

Tensor Reshape(Tensor tensor, const Fit& fit) {
  if (fit.reshaping == Reshaping::kChannelsFirst) tensor = Transposed(tensor, {0, 3, 1, 2});
  if (fit.reshaping == Reshaping::kChannelsLast) tensor = Transposed(tensor, {0, 2, 3, 1});
  Shape shape = fit.sample_shape;
  if (!fit.is_complete) shape.insert(shape.begin(), tensor.shape()[0]);
  return shape == tensor.shape() ? tensor : tensor.Reshaped(std::move(shape));
}

// Appends copies of the last row up to `num_rows`.
Result<Tensor> Padded(const Tensor& tensor, int64_t num_rows) {
  Shape shape = tensor.shape();
  const auto bytes = tensor.bytes();
  const size_t row_bytes = bytes.size() / static_cast<size_t>(shape[0]);
  std::vector<std::byte> padded(bytes.begin(), bytes.end());
  padded.reserve(row_bytes * static_cast<size_t>(num_rows));
  for (int64_t row = shape[0]; row < num_rows; ++row) {
    padded.insert(padded.end(), bytes.end() - static_cast<std::ptrdiff_t>(row_bytes), bytes.end());
  }
  shape[0] = num_rows;
  return Tensor::FromBytes(tensor.dtype(), std::move(shape), std::move(padded));
}

struct NotFinite {
  int64_t element = 0;
  double value = 0;
};

Result<std::optional<NotFinite>> FirstNotFinite(const Tensor& tensor) {
  const auto first = [](const auto& values) -> std::optional<NotFinite> {
    const auto at = std::ranges::find_if(values, [](auto x) { return !std::isfinite(x); });
    if (at == values.end()) return std::nullopt;
    return NotFinite{at - values.begin(), static_cast<double>(*at)};
  };
  if (tensor.dtype() == DType::kFloat64) return first(tensor.data<double>());
  if (tensor.dtype() == DType::kFloat32) return first(tensor.data<float>());
  TARE_TRY(const Tensor floats, tensor.ToFloat32());
  return first(floats.data<float>());
}

}  // namespace

struct Feed::State {
  const Dataset* dataset = nullptr;
  std::vector<BoundInput> bound;
  int64_t natural_batch = 0;
  std::vector<std::string> arrays;
  std::vector<std::string> report;

  Result<Tensor> ReadInput(const BoundInput& b, std::span<const int64_t> samples) const {
    TARE_TRY(Tensor stored, b.is_columns ? dataset->ReadColumns(b.arrays, samples)
                                         : dataset->Read(b.arrays[0], samples));
    const int64_t per_sample = std::max<int64_t>(1, stored.num_elements() / std::ssize(samples));
    Tensor shaped = Reshape(std::move(stored), b.fit);
    const auto describe = [&](int64_t element) {
      return StrCat("a value of sample ", samples[static_cast<size_t>(element / per_sample)],
                    " in array '", b.arrays[0], "' of ", dataset->source());
    };
    auto converted = ConvertTensor(shaped, b.input.dtype, b.affine, describe);
    return std::move(converted).While(StrCat("feeding input '", b.input.name, "'"));
  }
};

Result<Feed> Feed::Bind(const Dataset& dataset, std::span<const ValueInfo> inputs,
                        std::span<const InputBinding> overrides, std::string_view labels) {
  if (inputs.empty()) {
    return InvalidArgument("the model has no inputs", "check the model: tare inspect MODEL");
  }
  auto state = std::make_unique<State>();
  state->dataset = &dataset;
  TARE_TRY(state->bound, BindInputs(dataset, inputs, overrides, labels));
  TARE_TRY(state->natural_batch, NaturalBatch(state->bound));
  for (const BoundInput& b : state->bound) {
    state->arrays.insert(state->arrays.end(), b.arrays.begin(), b.arrays.end());
    state->report.push_back(ReportLine(b));
  }
  for (std::string& note : dataset.notes()) state->report.push_back(std::move(note));
  return Feed(std::move(state));
}

Feed::Feed(std::unique_ptr<const State> state) : state_(std::move(state)) {}
Feed::Feed(Feed&&) noexcept = default;
Feed& Feed::operator=(Feed&&) noexcept = default;
Feed::~Feed() = default;

int64_t Feed::num_samples() const { return state_->dataset->num_samples(); }
int64_t Feed::natural_batch() const {
  const bool limited = state_->natural_batch == 0 && limit_ != nullptr;
  return limited ? limit_->rows : state_->natural_batch;
}
int64_t Feed::BatchOf(int64_t wanted) const {
  return natural_batch() > 0 ? natural_batch() : std::max<int64_t>(1, wanted);
}
const std::vector<std::string>& Feed::arrays() const { return state_->arrays; }
bool Feed::has_raw_images() const { return std::ranges::any_of(state_->bound, IsRaw); }
const std::vector<std::string>& Feed::report() const { return state_->report; }
bool Feed::has_columns() const {
  return std::ranges::any_of(state_->bound, [](const BoundInput& b) { return b.is_columns; });
}

Result<FeedBatch> Feed::Read(std::span<const int64_t> samples) const {
  const int64_t limit = natural_batch();
  if (samples.empty()) {
    return InvalidArgument("a batch of zero samples", "ask for at least one sample");
  }
  if (limit > 0 && std::ssize(samples) > limit) {
    return InvalidArgument(StrCat("a batch of ", samples.size(), " samples, but the model takes ",
                                  limit, " at a time"),
                           StrCat("use batch ", limit));
  }
  FeedBatch batch;
  batch.num_valid = std::ssize(samples);
  for (const BoundInput& b : state_->bound) {
    TARE_TRY(Tensor value, state_->ReadInput(b, samples));
    if (limit > std::ssize(samples)) {
      TARE_TRY(value, Padded(value, limit));
    }
    batch.inputs.push_back({b.input.name, std::move(value)});
  }
  return batch;
}

Result<void> Feed::CheckFinite(const FeedBatch& batch, std::span<const int64_t> samples) const {
  for (size_t i = 0; i < batch.inputs.size(); ++i) {
    const Tensor& value = batch.inputs[i].value;
    if (!IsFloat(value.dtype()) || value.num_elements() == 0) continue;
    TARE_TRY(const auto bad, FirstNotFinite(value));
    if (!bad) continue;
    const auto rows = value.rank() == 0 ? int64_t{1} : value.shape().front();
    const int64_t per_row = value.num_elements() / rows;
    const auto row = std::min(static_cast<size_t>(bad->element / per_row), samples.size() - 1);
    const BoundInput& bound = state_->bound[i];
    const auto column = static_cast<size_t>(bad->element % per_row);
    const std::string where = bound.is_columns ? StrCat("column '", bound.arrays[column], "'")
                                               : StrCat("array '", bound.arrays[0], "'");
    return FailedPrecondition(
        StrCat("input '", batch.inputs[i].name, "' holds ", bad->value, " in sample ", samples[row],
               ", from ", where, " of ", state_->dataset->source()),
        "repair or leave out that sample");
  }
  return {};
}

Result<std::optional<FeedBatch>> FeedReader::Next() {
  part_ = samples_.first(std::min(batch_, samples_.size()));
  if (part_.empty()) return std::optional<FeedBatch>();
  samples_ = samples_.subspan(part_.size());
  TARE_TRY(auto batch, feed_.Read(part_));
  return std::optional(std::move(batch));
}

}  // namespace tare::data
