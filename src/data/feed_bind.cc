#include "data/feed_bind.h"

#include <algorithm>
#include <array>
#include <set>

#include "data/feed_columns.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

// Names that arrays of labels commonly have, in small letters; never taken unasked.
constexpr std::array<std::string_view, 8> kLabelNames{"label", "labels",  "target", "targets",
                                                      "class", "classes", "y",      "variety"};

// np.savez without names: the order is all that tells the arrays apart.
bool IsNamedByOrder(const ArrayInfo& array) { return array.name.starts_with("arr_"); }

bool AreRelated(std::string_view a, std::string_view b) {
  return a.starts_with(b) || b.starts_with(a);
}

// "x_a", "x1" or "x_02" of a series that begins with "x".
bool IsMember(std::string_view array, std::string_view series) {
  if (!array.starts_with(series)) return false;
  array.remove_prefix(series.size());
  if (array.starts_with('_') || array.starts_with('.') || array.starts_with('-'))
    array.remove_prefix(1);
  const bool is_number =
      !array.empty() && array.find_first_not_of("0123456789") == std::string_view::npos;
  return array.size() == 1 || is_number;
}

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
      TARE_TRY_VOID(TakeByName(bindings_[i], bound[i]));
    }
    // By related names for all inputs first, so that shapes do not take what a name will claim.
    for (BoundInput& input : bound) {
      if (input.arrays.empty()) TARE_TRY_VOID(TakeRelated(input));
    }
    for (BoundInput& input : bound) {
      if (input.arrays.empty()) TARE_TRY_VOID(TakeByShape(bound, input));
    }
    for (size_t i = 0; i < bound.size(); ++i) {
      TARE_TRY_VOID(SetPreprocessing(bindings_[i].preprocessing, bound[i]));
    }
    return bound;
  }

 private:
  // ---- what the user says -----------------------------------------------------------------

  Result<void> ReadOverrides(std::span<const InputBinding> overrides) {
    bindings_.resize(inputs_.size());
    std::vector<std::string> names;
    for (const ValueInfo& input : inputs_) names.push_back(input.name);
    for (const InputBinding& binding : overrides) {
      TARE_TRY_VOID(CheckPreprocessing(binding.preprocessing, binding.input));
      // What images become was decided when they were opened.
      const bool is_for_files = binding.input.empty() && binding.array.empty() &&
                                binding.columns.empty() && binding.preprocessing.is_identity();
      if (is_for_files) continue;
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
      Apply(binding, bindings_[static_cast<size_t>(at - names.begin())]);
    }
    return {};
  }

  // Columns and preprocessing of one input may come one by one.
  static void Apply(const InputBinding& from, InputBinding& to) {
    if (!from.array.empty()) to.array = from.array;
    if (!from.columns.empty()) to.columns = from.columns;
    if (!from.preprocessing.is_identity()) to.preprocessing = from.preprocessing;
  }

  // A binding without input name: of the only input, or preprocessing of all image inputs.
  Result<void> ApplyToAll(const InputBinding& binding) {
    const bool names_arrays = !binding.array.empty() || !binding.columns.empty();
    bool applied = false;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      // Scale, mean and std are for images; an array can feed one input alone.
      const bool is_image = inputs_[i].shape.size() == 4 && IsFloat(inputs_[i].dtype);
      if (inputs_.size() > 1 && (!is_image || names_arrays)) continue;
      Apply(binding, bindings_[i]);
      applied = true;
    }
    if (applied) return {};
    return InvalidArgument(
        StrCat("the model has ", inputs_.size(), " inputs: it is not clear which one the ",
               names_arrays ? "columns belong" : "preprocessing belongs", " to"),
        names_arrays ? StrCat("name the input: --columns ", inputs_[0].name, "=NAME,...")
                     : "name the input: data.inputs in tare.yaml");
  }

  // ---- by name ----------------------------------------------------------------------------

  bool HasArray(std::string_view name) const {
    return std::ranges::any_of(arrays_, [&](const ArrayInfo* a) { return a->name == name; });
  }

  bool IsLabel(std::string_view name) const {
    if (!labels_.empty()) return name == labels_;
    return std::ranges::find(kLabelNames, AsciiLower(name)) != kLabelNames.end();
  }

  Result<void> TakeByName(const InputBinding& binding, BoundInput& bound) {
    if (!binding.columns.empty()) return TakeNamedColumns(binding.columns, bound);
    if (!binding.array.empty()) return Take(binding.array, bound);
    const std::string& name = bound.input.name;
    if (HasArray(name)) {
      TARE_TRY_VOID(Take(name, bound));
      if (found_by_name_.empty()) found_by_name_ = name;
      return {};
    }
    for (const SkippedArray& array : dataset_.skipped()) {
      // What has the input's name is meant, whatever else would fit.
      if (array.name == name) return Error(array.error).While(StrCat("binding input '", name, "'"));
    }
    return {};
  }

  Result<ArrayInfo> FindToFeed(const std::string& name, const BoundInput& bound) const {
    auto array = dataset_.Find(name);
    if (!array)
      return std::move(array).error().While(StrCat("binding input '", bound.input.name, "'"));
    // Declared labels only: an array that is merely called like some may be asked for by name.
    if (array->name == labels_) {
      return InvalidArgument(
          StrCat("array '", name, "' is both the labels and input '", bound.input.name, "'"),
          "name another array");
    }
    return array;
  }

  Result<void> Take(const std::string& name, BoundInput& bound) {
    TARE_TRY(const ArrayInfo array, FindToFeed(name, bound));
    auto fit = FitInput(array.dtype, array.sample_shape, bound.input);
    if (!fit && bound.input.shape.empty() && CanConvert(array.dtype, bound.input.dtype)) {
      fit = Fit{false, Reshaping::kNone, 0, array.sample_shape};  // the model tells no rank
    }
    if (!fit) return DoesNotFit(array, bound.input);
    if (!array.classes.empty()) return IsText(array, bound.input);
    Use(array, *fit, bound);
    return {};
  }

  Error IsText(const ArrayInfo& array, const ValueInfo& input) const {
    const std::vector<int64_t> first{0};
    const auto texts = dataset_.ReadTexts(array.name, first);
    return InvalidArgument(
        StrCat("column '", array.name, "' of ", dataset_.source(), " is text (",
               texts && !texts->empty() ? StrCat("'", (*texts)[0], "' in sample 0") : "classes",
               "), and input '", input.name, "' takes numbers"),
        "write the numbers that the model was trained on in its place");
  }

  Result<void> TakeNamedColumns(const std::vector<std::string>& columns, BoundInput& bound) {
    if (columns.size() == 1 && HasArray(columns[0])) {
      TARE_TRY(const ArrayInfo array, FindToFeed(columns[0], bound));
      const bool is_array = FitInput(array.dtype, array.sample_shape, bound.input).has_value();
      if (is_array || !array.sample_shape.empty()) return Take(columns[0], bound);
    }
    std::set<std::string> once;
    for (const std::string& column : columns) {
      TARE_TRY(const ArrayInfo array, FindToFeed(column, bound));
      if (!array.classes.empty()) return IsText(array, bound.input);
      if (!array.sample_shape.empty()) {
        return InvalidArgument(StrCat("array '", column, "' of ", dataset_.source(), " is ",
                                      ArrayText(array), ", no column"),
                               "name columns of one number a sample, or one array alone");
      }
      if (!once.insert(column).second)
        return InvalidArgument(StrCat("column '", column, "' is named twice"), "name it once");
    }
    if (UseColumns(columns, bound)) return {};
    return InvalidArgument(StrCat("input '", bound.input.name, "' takes ", InputText(bound.input),
                                  ", and ", columns.size(), " columns are named"),
                           "name as many as the model takes, in its order");
  }

  void Use(const ArrayInfo& array, const Fit& fit, BoundInput& bound) {
    bound.arrays = {array.name};
    bound.dtype = array.dtype;
    bound.fit = fit;
    used_.insert(array.name);
  }

  // False when the input does not take that many.
  bool UseColumns(const std::vector<std::string>& columns, BoundInput& bound) {
    bool all_integers = true;
    for (const std::string& column : columns) {
      const auto array = std::ranges::find(
          arrays_, column, [](const ArrayInfo* a) -> const auto& { return a->name; });
      // Integers keep all their digits in int64, which uint64 does not fit.
      all_integers &= !IsFloat((*array)->dtype) && (*array)->dtype != DType::kUint64;
    }
    const DType dtype = all_integers ? DType::kInt64 : DType::kFloat64;
    const auto fit = FitInput(dtype, {std::ssize(columns)}, bound.input);
    if (columns.empty() || !fit || fit->is_complete || bound.input.shape.size() != 2) return false;
    used_.insert(columns.begin(), columns.end());
    bound.arrays = columns;
    bound.is_columns = true;
    bound.dtype = dtype;
    bound.fit = *fit;
    return true;
  }

  // ---- by half a name, by shape, by columns -----------------------------------------------

  // Arrays of more than one number a sample, free and not labels, that fit.
  std::vector<const ArrayInfo*> Fitting(const ValueInfo& input) const {
    std::vector<const ArrayInfo*> fitting;
    for (const ArrayInfo* array : arrays_) {
      if (used_.contains(array->name) || IsLabel(array->name)) continue;
      if (array->sample_shape.empty() || !array->classes.empty()) continue;
      if (FitInput(array->dtype, array->sample_shape, input)) fitting.push_back(array);
    }
    return fitting;
  }

  // The input's name in other capitals, or "input_ids_a" for "input_ids": one of several texts, the
  // first of them. "x_train" beside "x_test" is no such series.
  Result<void> TakeRelated(BoundInput& bound) {
    const std::string& name = bound.input.name;
    std::vector<const ArrayInfo*> related;
    bool is_series = true;
    for (const ArrayInfo* array : Fitting(bound.input)) {
      if (AsciiLower(array->name) == AsciiLower(name)) {
        related = {array};
        break;
      }
      if (!AreRelated(array->name, name)) continue;
      related.push_back(array);
      is_series &= IsMember(array->name, name);
    }
    if (related.empty()) return {};
    if (related.size() > 1 && !is_series) return Ambiguous(related, bound.input);
    const ArrayInfo& array = *related[0];
    if (const auto* unusable = MayBeMeant(name))
      return CannotBeUsed(*unusable, array.name, bound.input);
    Use(array, *FitInput(array.dtype, array.sample_shape, bound.input), bound);
    if (related.size() > 1) {
      std::vector<std::string> names;
      for (const ArrayInfo* other : related) names.push_back(other->name);
      bound.note = StrCat("the first of ", names.size(), " with such a name: ", Join(names, ", "));
    }
    return {};
  }

  // What cannot be used and may be what an input takes; of a name related to `related`, "" for any.
  const SkippedArray* MayBeMeant(std::string_view related) const {
    for (const SkippedArray& array : dataset_.skipped()) {
      if (array.holds == Holds::kNumbers && !IsLabel(array.name) &&
          !IsNamedLikeAnIndex(array.name) && !IsNamedLikeAnId(array.name) &&
          AreRelated(array.name, related))
        return &array;
    }
    return nullptr;
  }

  Error CannotBeUsed(const SkippedArray& array, const std::string& other,
                     const ValueInfo& input) const {
    return InvalidArgument(
        StrCat(array.error.what, "; it may be what input '", input.name, "' takes, and '", other,
               "' is not fed in its place unasked"),
        StrCat(array.error.next_step, "; or say what the input takes: --columns ", input.name, "=",
               other));
  }

  Result<void> TakeByShape(std::span<const BoundInput> all, BoundInput& bound) {
    const auto fitting = Fitting(bound.input);
    if (fitting.empty()) return TakeColumns(bound);
    if (!found_by_name_.empty()) return NotByName(bound.input);
    // Another input that still looks for an array could take this one as well.
    const bool is_wanted_twice = std::ranges::any_of(all, [&](const BoundInput& other) {
      return &other != &bound && other.arrays.empty() && !Fitting(other.input).empty() &&
             Fitting(other.input)[0] == fitting[0];
    });
    const bool is_clear = fitting.size() == 1 && !is_wanted_twice;
    if (!is_clear && !std::ranges::all_of(fitting, IsNamedByOrderPointer))
      return Ambiguous(fitting, bound.input);
    if (const auto* unusable = MayBeMeant(""))
      return CannotBeUsed(*unusable, fitting[0]->name, bound.input);
    const ArrayInfo& array = *fitting[0];
    Use(array, *FitInput(array.dtype, array.sample_shape, bound.input), bound);
    return {};
  }

  static bool IsNamedByOrderPointer(const ArrayInfo* array) { return IsNamedByOrder(*array); }

  Result<void> TakeColumns(BoundInput& bound) {
    const ValueInfo& input = bound.input;
    const auto columns = FindFeatureColumns(
        dataset_, [&](std::string_view name) { return used_.contains(std::string(name)); },
        [&](std::string_view name) { return IsLabel(name); });
    if (input.shape.size() > 2 || (columns.numbers.empty() && columns.unusable.empty()))
      return NoArray(input);
    const int64_t num_wanted = input.shape.size() == 2 ? input.shape[1] : 1;
    if (num_wanted == 1 && !found_by_name_.empty()) return NotByName(input);
    TARE_TRY_VOID(CheckFeatureColumns(columns, dataset_, input, num_wanted));
    if (columns.numbers.size() > 1 && dataset_.reordered_line() > 0) return NoOrder(input);
    if (!columns.left_out.empty()) bound.note = StrCat("left out: ", Join(columns.left_out, ", "));
    if (columns.numbers.size() == 1) {
      TARE_TRY(const ArrayInfo array, dataset_.Find(columns.numbers[0]));
      const auto fit = FitInput(array.dtype, array.sample_shape, input);
      if (fit) Use(array, *fit, bound);
      if (fit) return {};
    }
    if (!UseColumns(columns.numbers, bound)) return NoArray(input);
    return {};
  }

  Error NoOrder(const ValueInfo& input) const {
    return InvalidArgument(
        StrCat(dataset_.source(), " names its columns in another order from line ",
               dataset_.reordered_line(), " on: which of them input '", input.name,
               "' takes first is not said"),
        StrCat("say it: --columns ", input.name, "=NAME,NAME,..."));
  }

  // ---- preprocessing ----------------------------------------------------------------------

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
  // ---- errors -----------------------------------------------------------------------------

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
               is_type ? "" : ", samples on the first axis", ", or bind another one (--columns ",
               input.name, "=NAME); on offer: ", OnOffer()));
  }

  Error NoArray(const ValueInfo& input) const {
    std::vector<std::string> names;
    for (const ArrayInfo* array : arrays_) names.push_back(array->name);
    const std::string nearest = NearestName(input.name, names);
    return NotFound(StrCat("no array of ", dataset_.source(), " fits input '", input.name,
                           "', which takes ", InputText(input), "; on offer: ", OnOffer()),
                    StrCat(nearest.empty() ? StrCat("name an array '", input.name, "'")
                                           : StrCat("did you mean '", nearest, "'? Name it so"),
                           ", or say what the input takes: --columns ", input.name, "=NAME"));
  }

  // Names mean something on both sides, and this one is missing.
  Error NotByName(const ValueInfo& input) const {
    return NotFound(StrCat(dataset_.source(), " has no array '", input.name, "', and input '",
                           found_by_name_, "' was found by its name; on offer: ", OnOffer()),
                    StrCat("name an array '", input.name,
                           "', or say what the input takes: --columns ", input.name, "=NAME"));
  }

  Error Ambiguous(std::span<const ArrayInfo* const> fitting, const ValueInfo& input) const {
    std::vector<std::string> names;
    for (const ArrayInfo* array : fitting) names.push_back(array->name);
    return InvalidArgument(
        StrCat(dataset_.source(), " has no array '", input.name, "', and it is not clear which of ",
               Join(names, ", "), " input '", input.name, "' takes"),
        StrCat("say which: --columns ", input.name, "=", names[0],
               " (in tare.yaml: data: inputs: {", input.name, ": ", names[0], "})"));
  }

  const Dataset& dataset_;
  std::span<const ValueInfo> inputs_;
  std::string_view labels_;
  std::vector<const ArrayInfo*> arrays_;
  std::vector<InputBinding> bindings_;  // by input
  std::set<std::string> used_;
  std::string found_by_name_;  // an input that its own name found an array for; "" for none
};

}  // namespace

Result<std::vector<BoundInput>> BindInputs(const Dataset& dataset,
                                           std::span<const ValueInfo> inputs,
                                           std::span<const InputBinding> overrides,
                                           std::string_view labels) {
  return Binder(dataset, inputs, labels).Bind(overrides);
}

}  // namespace tare::data
