// calibration.json in and out: the one file of the module that sees the JSON library.

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "core/json_reader.h"
#include "tare/calibrate/calibration_table.h"
#include "tare/core/strcat.h"

namespace tare::calibrate {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kSchemaVersion = 1;
constexpr size_t kMaxBytes = size_t{16} << 20;
constexpr int kMaxDepth = 16;
constexpr int64_t kMaxCount = int64_t{1} << 60;
// FLT_MAX as it prints: a little more, as a double.
constexpr double kLargestFloat = 3.4028235e38;

// ---- Writing

// The double that prints as the float does: 0.1F becomes 0.1, and reads back as 0.1F.
double ShortestDouble(float value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  double result = 0;
  std::from_chars(text, end, result);
  return result;
}

Json HistogramJson(const HistogramDigest& histogram) {
  return {{"low", ShortestDouble(histogram.low)},
          {"high", ShortestDouble(histogram.high)},
          {"counts", histogram.counts}};
}

Json RangesJson(const std::optional<RangeChoices>& ranges) {
  if (!ranges) return nullptr;
  Json object = Json::object();
  for (size_t i = 0; i < kRangeMethods.size(); ++i) {
    const ChosenRange& choice = (*ranges)[i];
    object[std::string(RangeMethodName(kRangeMethods[i]))] = {
        {"min", ShortestDouble(choice.range.min)},
        {"max", ShortestDouble(choice.range.max)},
        {"sqnr_db", choice.sqnr_db},
        {"clipped_ratio", choice.clipped_ratio}};
  }
  return object;
}

Json TensorJson(const CalibratedTensor& tensor) {
  const stats::ValueCounts& counts = tensor.counts;
  return {{"name", tensor.name},
          {"num_values", counts.num_values},
          {"num_zeros", counts.num_zeros},
          {"num_nan", counts.num_nan},
          {"num_positive_infinity", counts.num_positive_infinity},
          {"num_negative_infinity", counts.num_negative_infinity},
          {"num_masked", counts.num_masked},
          {"min", ShortestDouble(tensor.min)},
          {"max", ShortestDouble(tensor.max)},
          {"mean", tensor.mean},
          {"standard_deviation", tensor.standard_deviation},
          {"ranges", RangesJson(tensor.ranges)},
          {"histogram", HistogramJson(tensor.histogram)}};
}

Json HeadJson(const CalibrationTable& table) {
  const bool centred = table.options.zero_point == ZeroPoint::kCentre;
  return {{"schema_version", kSchemaVersion},
          {"tare_version", table.origin.tare_version},
          {"graph_digest", table.origin.graph_digest},
          {"data_digest", table.origin.data_digest},
          {"num_samples", table.num_samples},
          {"grid",
           {{"quant_min", table.options.grid.quant_min},
            {"quant_max", table.options.grid.quant_max},
            {"zero_point", centred ? "centre" : "free"}}},
          {"percentile", table.options.percentile}};
}

// One line a key of the head and one a tensor: a difference of two files is readable.
std::string Render(const CalibrationTable& table) {
  std::string text = "{\n";
  const Json head = HeadJson(table);
  for (const auto& [key, value] : head.items()) {
    text += StrCat("  \"", key, "\": ", value.dump(), ",\n");
  }
  text += "  \"tensors\": [";
  for (size_t i = 0; i < table.tensors.size(); ++i) {
    text += StrCat(i == 0 ? "\n    " : ",\n    ", TensorJson(table.tensors[i]).dump());
  }
  text += table.tensors.empty() ? "]\n}\n" : "\n  ]\n}\n";
  return text;
}

// ---- Reading

// One JSON object and where it stands, so that every message names file, place and key.
class Fields {
 public:
  Fields(const Json& object, const std::string& source, std::string where)
      : object_(object), source_(source), where_(std::move(where)) {}

  Error Wrong(std::string_view key, std::string_view problem) const {
    return InvalidArgument(
        StrCat(source_, ": ", where_, where_.empty() ? "" : ": ", "'", key, "' ", problem),
        "make the table again: tare calibrate MODEL --data FILE -o FILE");
  }

  Result<const Json*> Child(std::string_view key) const {
    if (!object_.is_object()) return Wrong(key, "is missing: this is not a map");
    const auto found = object_.find(key);
    if (found == object_.end()) return Wrong(key, "is missing");
    return &*found;
  }

  Result<Fields> Map(std::string_view key) const {
    TARE_TRY(const Json* child, Child(key));
    if (!child->is_object()) return Wrong(key, "is not a map");
    return Fields(*child, source_, StrCat(where_, where_.empty() ? "" : ": ", key));
  }

  Result<const Json*> List(std::string_view key) const {
    TARE_TRY(const Json* child, Child(key));
    if (!child->is_array()) return Wrong(key, "is not a list");
    return child;
  }

  Result<std::string> Text(std::string_view key) const {
    TARE_TRY(const Json* child, Child(key));
    if (!child->is_string()) return Wrong(key, "is not text");
    return child->get<std::string>();
  }

  Result<int64_t> Integer(std::string_view key, int64_t low, int64_t high) const {
    TARE_TRY(const Json* child, Child(key));
    // An unsigned number above 2^63 would come back negative.
    const bool fits = child->is_number_integer() && !(child->is_number_unsigned() &&
                                                      child->get<uint64_t>() > uint64_t{INT64_MAX});
    if (!fits) return Wrong(key, "is not a whole number");
    const auto value = child->get<int64_t>();
    if (value < low || value > high) {
      return Wrong(key, StrCat("is ", value, ", not in [", low, ", ", high, "]"));
    }
    return value;
  }

  Result<double> Number(std::string_view key, double low, double high) const {
    TARE_TRY(const Json* child, Child(key));
    if (!child->is_number()) return Wrong(key, "is not a number");
    const auto value = child->get<double>();
    if (!(value >= low && value <= high)) {
      return Wrong(key, StrCat("is ", value, ", not in [", low, ", ", high, "]"));
    }
    return value;
  }

  Result<float> Float(std::string_view key) const {
    TARE_TRY(const double value, Number(key, -kLargestFloat, kLargestFloat));
    return static_cast<float>(value);
  }

 private:
  const Json& object_;
  const std::string& source_;
  std::string where_;
};

Result<Json> ParseJson(std::string_view text, const std::string& source) {
  const std::string next = "make the table again: tare calibrate MODEL --data FILE -o FILE";
  if (text.size() > kMaxBytes || NestsDeeperThan(text, kMaxDepth)) {
    return DataLoss(StrCat(source, ": not a calibration table: over ", kMaxBytes, " bytes or ",
                           kMaxDepth, " levels"),
                    next);
  }
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    const std::string_view before = text.substr(0, std::min(error.byte, text.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    return DataLoss(StrCat(source, ":", line, ": not JSON, or cut short"), next);
  } catch (const nlohmann::json::exception& error) {
    return DataLoss(StrCat(source, ": not readable as JSON: ", error.what()), next);
  }
}

Result<HistogramDigest> ReadHistogram(const Fields& fields) {
  HistogramDigest histogram;
  TARE_TRY(histogram.low, fields.Float("low"));
  TARE_TRY(histogram.high, fields.Float("high"));
  if (histogram.low > histogram.high) return fields.Wrong("low", "is above 'high'");
  TARE_TRY(const Json* counts, fields.List("counts"));
  if (counts->size() > HistogramDigest::kMaxBins) {
    return fields.Wrong("counts", StrCat("has ", counts->size(), " bins, over 64"));
  }
  for (const Json& count : *counts) {
    const bool fits = count.is_number_unsigned() && count.get<uint64_t>() <= uint64_t{kMaxCount};
    if (!fits) return fields.Wrong("counts", "holds something that is not a count");
    histogram.counts.push_back(count.get<int64_t>());
  }
  return histogram;
}

Result<ChosenRange> ReadRange(const Fields& fields) {
  ChosenRange choice;
  TARE_TRY(choice.range.min, fields.Float("min"));
  TARE_TRY(choice.range.max, fields.Float("max"));
  if (choice.range.min > 0) return fields.Wrong("min", "is above 0");
  if (choice.range.max < 0) return fields.Wrong("max", "is below 0");
  TARE_TRY(choice.sqnr_db, fields.Number("sqnr_db", -1e4, 1e4));
  TARE_TRY(choice.clipped_ratio, fields.Number("clipped_ratio", 0, 1));
  return choice;
}

Result<std::optional<RangeChoices>> ReadRanges(const Fields& tensor) {
  TARE_TRY(const Json* child, tensor.Child("ranges"));
  if (child->is_null()) return std::optional<RangeChoices>();
  TARE_TRY(const Fields ranges, tensor.Map("ranges"));
  RangeChoices choices;
  for (size_t i = 0; i < kRangeMethods.size(); ++i) {
    TARE_TRY(const Fields range, ranges.Map(RangeMethodName(kRangeMethods[i])));
    TARE_TRY(choices[i], ReadRange(range));
  }
  return std::optional<RangeChoices>(choices);
}

Result<stats::ValueCounts> ReadCounts(const Fields& tensor) {
  stats::ValueCounts counts;
  TARE_TRY(counts.num_values, tensor.Integer("num_values", 0, kMaxCount));
  int64_t rest = counts.num_values;
  const auto read = [&](std::string_view key, int64_t& count) -> Result<void> {
    TARE_TRY(count, tensor.Integer(key, 0, rest));
    rest -= count;
    return {};
  };
  TARE_TRY_VOID(read("num_zeros", counts.num_zeros));
  TARE_TRY_VOID(read("num_nan", counts.num_nan));
  TARE_TRY_VOID(read("num_positive_infinity", counts.num_positive_infinity));
  TARE_TRY_VOID(read("num_negative_infinity", counts.num_negative_infinity));
  TARE_TRY_VOID(read("num_masked", counts.num_masked));
  return counts;
}

Result<CalibratedTensor> ReadTensor(const Fields& fields, std::string name) {
  CalibratedTensor tensor;
  tensor.name = std::move(name);
  TARE_TRY(tensor.counts, ReadCounts(fields));
  TARE_TRY(tensor.min, fields.Float("min"));
  TARE_TRY(tensor.max, fields.Float("max"));
  if (tensor.min > tensor.max) return fields.Wrong("min", "is above 'max'");
  TARE_TRY(tensor.mean, fields.Number("mean", -kLargestFloat, kLargestFloat));
  TARE_TRY(tensor.standard_deviation, fields.Number("standard_deviation", 0, kLargestFloat));
  TARE_TRY(tensor.ranges, ReadRanges(fields));
  TARE_TRY(const Fields histogram, fields.Map("histogram"));
  TARE_TRY(tensor.histogram, ReadHistogram(histogram));
  return tensor;
}

Result<std::vector<CalibratedTensor>> ReadTensors(const Fields& head, const std::string& source) {
  TARE_TRY(const Json* list, head.List("tensors"));
  std::vector<CalibratedTensor> tensors;
  std::set<std::string> names;
  for (size_t i = 0; i < list->size(); ++i) {
    const Fields unnamed((*list)[i], source, StrCat("tensor number ", i));
    TARE_TRY(std::string name, unnamed.Text("name"));
    if (!names.insert(name).second)
      return unnamed.Wrong("name", StrCat("'", name, "' is there twice"));
    const Fields fields((*list)[i], source, StrCat("tensor '", name, "'"));
    TARE_TRY(CalibratedTensor tensor, ReadTensor(fields, std::move(name)));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

Result<RangeOptions> ReadOptions(const Fields& head) {
  RangeOptions options;
  TARE_TRY(const Fields grid, head.Map("grid"));
  TARE_TRY(const int64_t quant_min, grid.Integer("quant_min", -65536, 65536));
  TARE_TRY(const int64_t quant_max, grid.Integer("quant_max", -65536, 65536));
  options.grid = {static_cast<int32_t>(quant_min), static_cast<int32_t>(quant_max)};
  TARE_TRY(const std::string zero_point, grid.Text("zero_point"));
  if (zero_point != "free" && zero_point != "centre") {
    return grid.Wrong("zero_point", StrCat("is '", zero_point, "', not 'free' or 'centre'"));
  }
  options.zero_point = zero_point == "free" ? ZeroPoint::kFree : ZeroPoint::kCentre;
  TARE_TRY(options.percentile, head.Number("percentile", 0, 100));
  if (const auto valid = CheckOptions(options); !valid) {
    return head.Wrong("grid", StrCat("is not usable: ", valid.error().what));
  }
  return options;
}

}  // namespace

Result<std::string> CalibrationJson(const CalibrationTable& table) {
  try {
    return Render(table);
  } catch (const nlohmann::json::exception& error) {
    return Unsupported(StrCat("a tensor's name cannot be written as JSON: ", error.what()),
                       "rename the model's tensors to valid UTF-8");
  }
}

Result<CalibrationTable> ParseCalibration(std::string_view text, const std::string& source) {
  TARE_TRY(const Json json, ParseJson(text, source));
  const Fields head(json, source, "");
  TARE_TRY(const int64_t version, head.Integer("schema_version", 1, kMaxCount));
  if (version > kSchemaVersion) {
    return Unsupported(StrCat(source, ": schema_version ", version, " is newer than ",
                              kSchemaVersion, ", which this tare reads"),
                       "use the tare that wrote it, or make the table again with this one");
  }
  CalibrationTable table;
  TARE_TRY(table.origin.tare_version, head.Text("tare_version"));
  TARE_TRY(table.origin.graph_digest, head.Text("graph_digest"));
  TARE_TRY(table.origin.data_digest, head.Text("data_digest"));
  TARE_TRY(table.num_samples, head.Integer("num_samples", 0, kMaxCount));
  TARE_TRY(table.options, ReadOptions(head));
  TARE_TRY(table.tensors, ReadTensors(head, source));
  return table;
}

}  // namespace tare::calibrate
