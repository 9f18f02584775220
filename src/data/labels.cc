#include "tare/data/labels.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "data/convert.h"
#include "data/shown_value.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

Error Wrong(std::string_view array, const Dataset& dataset, int64_t sample, std::string_view what,
            std::string next_step) {
  return InvalidArgument(StrCat("label of sample ", sample, " in array '", array, "' of ",
                                dataset.source(), " is ", what),
                         std::move(next_step));
}

// A class that is numbered alphabetically must be one: a missing value among them would be one of
// its own and shift those behind it.
Result<void> CheckClassTexts(const Dataset& dataset, const ArrayInfo& info,
                             std::span<const int64_t> samples, std::span<const int64_t> labels) {
  for (size_t i = 0; i < labels.size(); ++i) {
    const std::string& text = info.classes[static_cast<size_t>(labels[i])];
    if (!IsMissingWord(text)) continue;
    return Wrong(info.name, dataset, samples[i], StrCat("'", text, "', which reads as missing"),
                 "leave such samples out; if it is the name of a class, name all classes in the "
                 "model's order: --classes NAME,... (in tare.yaml: data: classes)");
  }
  return {};
}

}  // namespace

Result<std::vector<int64_t>> ReadLabels(const Dataset& dataset, std::string_view array,
                                        std::span<const int64_t> samples, int64_t num_classes) {
  TARE_TRY(const ArrayInfo info, dataset.Find(array));
  const bool is_column = info.sample_shape.empty() || info.sample_shape == Shape{1};
  if (!is_column || !CanConvert(info.dtype, DType::kFloat64)) {
    return InvalidArgument(
        StrCat("array '", array, "' of ", dataset.source(), " cannot be labels: it has ",
               DTypeName(info.dtype), " ", ShapeText(info.sample_shape), " a sample"),
        "give one class number a sample; of one-hot rows: labels.argmax(axis=1)");
  }
  TARE_TRY(const Tensor values, dataset.Read(array, samples));
  const auto sample_of = [&](int64_t i) { return samples[static_cast<size_t>(i)]; };
  std::vector<int64_t> labels(samples.size());
  if (IsFloat(info.dtype)) {
    TARE_TRY(const Tensor reals,
             ConvertTensor(values, DType::kFloat64, {}, [](int64_t) { return std::string(); }));
    for (size_t i = 0; i < labels.size(); ++i) {
      const double real = reals.data<double>()[i];
      if (!(std::fabs(real) < 0x1p53) || real != std::trunc(real)) {
        return Wrong(
            array, dataset, samples[i],
            StrCat(std::isnan(real) ? std::string("NaN") : StrCat(real), ", not a class number"),
            "correct it, or leave the sample out; for numbers to predict choose another "
            "task than classification");
      }
      labels[i] = static_cast<int64_t>(real);
    }
  } else {
    TARE_TRY(const Tensor integers, ConvertTensor(values, DType::kInt64, {}, [&](int64_t i) {
               return StrCat("label of sample ", sample_of(i), " in array '", array, "' of ",
                             dataset.source());
             }));
    std::ranges::copy(integers.data<int64_t>(), labels.begin());
  }
  if (const auto numbers = NumbersOfClasses(info)) {
    for (int64_t& label : labels) label = (*numbers)[static_cast<size_t>(label)];
  } else if (!info.classes.empty()) {
    TARE_TRY_VOID(CheckClassTexts(dataset, info, samples, labels));
  }
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) {
      return Wrong(array, dataset, samples[i], StrCat(labels[i], ", below 0"),
                   "number the classes from 0");
    }
    if (num_classes > 0 && labels[i] >= num_classes) {
      return Wrong(array, dataset, samples[i],
                   StrCat(labels[i], ", but the model has classes 0 to ", num_classes - 1),
                   "check that labels and model belong together and that classes count from 0");
    }
  }
  return labels;
}

Result<std::vector<double>> ReadTargets(const Dataset& dataset, std::string_view array,
                                        std::span<const int64_t> samples) {
  TARE_TRY(const ArrayInfo info, dataset.Find(array));
  if (!info.classes.empty()) {
    TARE_TRY(const auto texts, dataset.ReadTexts(array, samples.first(1)));
    return Wrong(array, dataset, samples[0],
                 StrCat("the text '", texts[0], "', not a number to predict"),
                 "write numbers as 1234.5, without separators of thousands or decimal commas; for "
                 "classes choose --task classification");
  }
  TARE_TRY(const Tensor values, dataset.Read(array, samples));
  TARE_TRY(const Tensor reals,
           ConvertTensor(values, DType::kFloat64, {}, [](int64_t) { return std::string(); }));
  const auto span = reals.data<double>();
  const size_t per_sample = span.size() / samples.size();
  for (size_t i = 0; i < span.size(); ++i) {
    if (std::isfinite(span[i])) continue;
    return Wrong(array, dataset, samples[i / per_sample],
                 StrCat(std::isnan(span[i]) ? std::string("NaN") : StrCat(span[i]),
                        ", not a number to predict"),
                 "correct it, or leave the sample out");
  }
  return std::vector<double>(span.begin(), span.end());
}

Result<void> CheckLabelsExist(const Dataset& dataset, std::string_view labels) {
  if (labels.empty() || dataset.Find(labels)) return {};
  const auto texts = dataset.text_columns();
  const bool is_of_text = std::ranges::find(texts, labels) != texts.end();
  for (const SkippedArray& array : dataset.skipped()) {
    // More texts than classes are still labels to look at; a gap is none.
    if (array.name == labels && is_of_text && array.holds == Holds::kOther) return {};
  }
  return Error(dataset.Find(labels).error()).While("looking for the labels");
}

std::optional<std::vector<int64_t>> NumbersOfClasses(const ArrayInfo& info) {
  std::vector<int64_t> numbers;
  for (const std::string& text : info.classes) {
    int64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    numbers.push_back(number);
  }
  if (numbers.empty()) return std::nullopt;
  return numbers;
}

bool IsNamedLikeLabels(std::string_view array) {
  const std::string name = AsciiLower(array);
  return name == "y" || std::ranges::any_of(
                            std::array{"label", "target", "class"},
                            [&](const char* word) { return name.find(word) != std::string::npos; });
}

}  // namespace tare::data
