#include "tare/data/feed.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "data/convert.h"
#include "data/feed_fit.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

// Names that arrays of labels commonly have; never taken by order.
constexpr std::array<std::string_view, 8> kLabelNames{"label", "labels",  "target", "targets",
                                                      "class", "classes", "y",      "variety"};

// One model input and what feeds it.
struct BoundInput {
  ValueInfo input;
  std::vector<std::string> arrays;  // one, or the columns
  bool is_columns = false;
  DType dtype = DType::kUndefined;  // of the array
  Fit fit;
  Affine affine;
};

class Binder {
 public:
  Binder(const Dataset& dataset, std::span<const ValueInfo> inputs, std::string_view labels)
      : dataset_(dataset), inputs_(inputs), labels_(labels) {
    for (const ArrayInfo& array : dataset.arrays()) arrays_.push_back(&array);
  }

  Result<std::vector<BoundInput>> Bind(std::span<const InputBinding> overrides) {
    TARE_TRY_VOID(ReadOverrides(overrides));
    std::vector<BoundInput> bound(inputs_.size());
    for (size_t i = 0; i < inputs_.size(); ++i) {
      bound[i].input = inputs_[i];
      std::string name = bindings_[i].array;
      if (name.empty() && HasArray(inputs_[i].name)) name = inputs_[i].name;
      if (!name.empty()) TARE_TRY_VOID(Take(name, bound[i]));
    }
    // By related names for all inputs first, so that order does not take what a name will claim.
    for (BoundInput& input : bound) {
      if (input.arrays.empty()) TakeFirst(input, /*related=*/true);
    }
    for (BoundInput& input : bound) {
      if (input.arrays.empty()) TakeFirst(input, /*related=*/false);
      if (input.arrays.empty()) TARE_TRY_VOID(TakeColumns(input));
    }
    for (size_t i = 0; i < bound.size(); ++i) {
      TARE_TRY_VOID(SetPreprocessing(bindings_[i].preprocessing, bound[i]));
    }
    return bound;
  }

 private:
  Result<void> ReadOverrides(std::span<const InputBinding> overrides) {
    bindings_.resize(inputs_.size());
    std::vector<std::string> names;
    for (const ValueInfo& input : inputs_) names.push_back(input.name);
    for (const InputBinding& binding : overrides) {
      TARE_TRY_VOID(CheckPreprocessing(binding.preprocessing, binding.input));
      if (binding.input.empty()) {
        TARE_TRY_VOID(ApplyToAll(binding));
        continue;
      }
      const auto at = std::ranges::find(names, binding.input);
      if (at == names.end()) {
        const std::string nearest = NearestName(binding.input, names);
        return NotFound(
            StrCat("the model has no input '", binding.input, "'; it has ", Join(names, ", ")),
            nearest.empty() ? "use one of these names" : StrCat("did you mean '", nearest, "'?"));
      }
      bindings_[static_cast<size_t>(at - names.begin())] = binding;
    }
    return {};
  }

  // A binding without input name: of the only input, or preprocessing of all image inputs.
  Result<void> ApplyToAll(const InputBinding& binding) {
    bool applied = false;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      // Scale, mean and std are for images; an array can feed one input alone.
      const bool is_image = inputs_[i].shape.size() == 4 && IsFloat(inputs_[i].dtype);
      if (inputs_.size() > 1 && (!is_image || !binding.array.empty())) continue;
      bindings_[i] = binding;
      applied = true;
    }
    if (applied) return {};
    return InvalidArgument(StrCat("the model has ", inputs_.size(),
                                  " inputs: it is not clear "
                                  "which one the array or the preprocessing belongs to"),
                           "name the input: data.inputs in tare.yaml");
  }

  bool HasArray(std::string_view name) const {
    return std::ranges::any_of(arrays_, [&](const ArrayInfo* a) { return a->name == name; });
  }

  bool IsLabel(const ArrayInfo& array) const {
    if (!labels_.empty()) return array.name == labels_;
    return std::ranges::find(kLabelNames, array.name) != kLabelNames.end();
  }

  Result<void> Take(const std::string& name, BoundInput& bound) {
    auto array = dataset_.Find(name);
    if (!array) {
      return std::move(array).error().While(StrCat("binding input '", bound.input.name, "'"));
    }
    // Declared labels only: an array that is merely called like some may be asked for by name.
    if (array->name == labels_) {
      return InvalidArgument(
          StrCat("array '", name, "' is both the labels and input '", bound.input.name, "'"),
          "name another array");
    }
    auto fit = FitInput(array->dtype, array->sample_shape, bound.input);
    if (!fit && bound.input.shape.empty() && CanConvert(array->dtype, bound.input.dtype)) {
      fit = Fit{false, Reshaping::kNone, 0, array->sample_shape};  // the model tells no rank
    }
    if (!fit) return DoesNotFit(*array, bound.input);
    Use(*array, *fit, bound);
    return {};
  }

  void Use(const ArrayInfo& array, const Fit& fit, BoundInput& bound) {
    bound.arrays = {array.name};
    bound.dtype = array.dtype;
    bound.fit = fit;
    used_.insert(array.name);
  }

  void TakeFirst(BoundInput& bound, bool related) {
    for (const ArrayInfo* array : arrays_) {
      const std::string& name = bound.input.name;
      if (used_.contains(array->name) || IsLabel(*array)) continue;
      if (related && !array->name.starts_with(name) && !name.starts_with(array->name)) continue;
      const auto fit = FitInput(array->dtype, array->sample_shape, bound.input);
      if (!fit) continue;
      Use(*array, *fit, bound);
      return;
    }
  }

  Result<void> TakeColumns(BoundInput& bound) {
    std::vector<std::string> columns;
    bool all_integers = true;
    for (const ArrayInfo* array : arrays_) {
      // Features are single numbers: texts are classes, and arrays with axes are inputs by
      // themselves.
      if (!array->sample_shape.empty() || !array->classes.empty()) continue;
      if (used_.contains(array->name) || IsLabel(*array)) continue;
      columns.push_back(array->name);
      // Integers keep all their digits in int64, which uint64 does not fit.
      all_integers &= !IsFloat(array->dtype) && array->dtype != DType::kUint64;
    }
    const DType dtype = all_integers ? DType::kInt64 : DType::kFloat64;
    const auto fit = FitInput(dtype, {std::ssize(columns)}, bound.input);
    if (columns.empty() || !fit || fit->is_complete || bound.input.shape.size() != 2) {
      return NoArray(bound.input, columns.size());
    }
    used_.insert(columns.begin(), columns.end());
    bound.arrays = std::move(columns);
    bound.is_columns = true;
    bound.dtype = dtype;
    bound.fit = *fit;
    return {};
  }

  Result<void> SetPreprocessing(const Preprocessing& preprocessing, BoundInput& bound) {
    if (preprocessing.is_identity()) return {};
    const std::string& name = bound.input.name;
    if (!IsFloat(bound.input.dtype)) {
      return InvalidArgument(StrCat("input '", name, "' takes ", DTypeName(bound.input.dtype),
                                    ": scale, mean and std need a float input"),
                             "leave them out");
    }
    const size_t num_channels =
        std::max({size_t{1}, preprocessing.mean.size(), preprocessing.std.size()});
    for (const auto* values : {&preprocessing.mean, &preprocessing.std}) {
      if (values->size() > 1 && values->size() != num_channels) {
        return InvalidArgument(StrCat("mean of input '", name, "' has ", preprocessing.mean.size(),
                                      " numbers, std ", preprocessing.std.size()),
                               "give one for all, or one a channel");
      }
    }
    const auto at = [](const std::vector<double>& values, size_t c, double none) {
      return values.empty() ? none : values[values.size() == 1 ? 0 : c];
    };
    for (size_t c = 0; c < num_channels; ++c) {
      // (scale x - mean) / std as one factor and one offset.
      const double std = at(preprocessing.std, c, 1);
      bound.affine.factor.push_back(preprocessing.scale / std);
      bound.affine.offset.push_back(-at(preprocessing.mean, c, 0) / std);
    }
    if (num_channels > 1) return SetChannelAxis(static_cast<int64_t>(num_channels), bound);
    return {};
  }

  static Result<void> SetChannelAxis(int64_t num_channels, BoundInput& bound) {
    const Shape& shape = bound.fit.sample_shape;
    const auto axis = ChannelAxis(shape, num_channels);
    if (!axis) {
      return InvalidArgument(
          StrCat("mean and std of input '", bound.input.name, "' have ", num_channels,
                 " numbers, but a sample of shape ", ShapeText(shape), " has no such channel axis"),
          "give one number for all, or one a channel");
    }
    for (auto i = static_cast<size_t>(*axis) + 1; i < shape.size(); ++i) {
      bound.affine.inner *= shape[i];
    }
    return {};
  }

  std::string OnOffer() const {
    std::vector<std::string> texts;
    for (const ArrayInfo* array : arrays_) {
      if (texts.size() == 12) {
        texts.emplace_back("...");
        break;
      }
      texts.push_back(StrCat("'", array->name, "' ", ArrayText(*array)));
    }
    for (const SkippedArray& array : dataset_.skipped()) {
      texts.push_back(StrCat("'", array.name, "' (not usable: ", array.error.what, ")"));
      if (texts.size() > 16) break;
    }
    return Join(texts, ", ");
  }

  Error DoesNotFit(const ArrayInfo& array, const ValueInfo& input) const {
    const bool is_type = !CanConvert(array.dtype, input.dtype);
    return InvalidArgument(
        StrCat("input '", input.name, "' takes ", InputText(input), "; array '", array.name,
               "' of ", dataset_.source(), " is ", ArrayText(array), ", of another ",
               is_type ? "type" : "shape"),
        StrCat("save the array as ", DTypeName(input.dtype),
               is_type ? "" : ", samples on the first axis",
               ", or bind another one (data.inputs in tare.yaml); on offer: ", OnOffer()));
  }

  Error NoArray(const ValueInfo& input, size_t num_columns) const {
    std::vector<std::string> names;
    for (const ArrayInfo* array : arrays_) names.push_back(array->name);
    const std::string nearest = NearestName(input.name, names);
    std::string next = nearest.empty() ? StrCat("name an array '", input.name, "'")
                                       : StrCat("did you mean '", nearest, "'? Name it so");
    if (input.shape.size() == 2 && num_columns > 1) {
      next =
          StrCat("give the features as ", input.shape[1], " columns (there are ", num_columns,
                 ") and name the column of labels (--label), or name an array '", input.name, "'");
    }
    return NotFound(StrCat("no array of ", dataset_.source(), " fits input '", input.name,
                           "', which takes ", InputText(input), "; on offer: ", OnOffer()),
                    StrCat(next, ", or bind one in tare.yaml: data.inputs"));
  }

  const Dataset& dataset_;
  std::span<const ValueInfo> inputs_;
  std::string_view labels_;
  std::vector<const ArrayInfo*> arrays_;
  std::vector<InputBinding> bindings_;  // by input
  std::set<std::string> used_;
};

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

std::string ReportLine(const BoundInput& b) {
  std::string line = StrCat("input '", b.input.name, "' ", InputText(b.input), " from ");
  if (b.is_columns) {
    line +=
        StrCat(b.arrays.size(), " columns ('", b.arrays.front(), "' to '", b.arrays.back(), "')");
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
  return line;
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
  TARE_TRY(state->bound, Binder(dataset, inputs, labels).Bind(overrides));
  TARE_TRY(state->natural_batch, NaturalBatch(state->bound));
  for (const BoundInput& b : state->bound) {
    state->arrays.insert(state->arrays.end(), b.arrays.begin(), b.arrays.end());
    state->report.push_back(ReportLine(b));
  }
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

Result<void> CheckFinite(const FeedBatch& batch, std::span<const int64_t> samples) {
  for (const NamedTensor& input : batch.inputs) {
    if (input.value.dtype() != DType::kFloat32 || input.value.num_elements() == 0) continue;
    const auto values = input.value.data<float>();
    const auto bad = std::ranges::find_if(values, [](float x) { return !std::isfinite(x); });
    if (bad == values.end()) continue;
    const auto rows =
        input.value.rank() == 0 ? size_t{1} : static_cast<size_t>(input.value.shape().front());
    const auto row = static_cast<size_t>(bad - values.begin()) / (values.size() / rows);
    return FailedPrecondition(StrCat("input '", input.name, "' holds ", *bad, " in sample ",
                                     samples[std::min(row, samples.size() - 1)]),
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
