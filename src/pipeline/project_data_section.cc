// The section 'data' of tare.yaml: what feeds the inputs, the sets, other distributions and slices.

#include <algorithm>
#include <set>

#include "pipeline/project_section_internal.h"
#include "tare/core/text.h"
#include "tare/evaluate/models/evaluate.h"

namespace tare::pipeline {
namespace {

constexpr size_t kMaxSlices = 64;
constexpr int64_t kMaxSamples = 1'000'000'000;

class DataSectionReader : private SectionReader {
 public:
  DataSectionReader(const YamlNode& document, const std::string& path, Project& project)
      : SectionReader(document, path, project) {}

  Result<void> ReadData(YamlReader& top) {
    const YamlNode* node = top.Child("data");
    if (node == nullptr) {
      return top.Wrong(
          document_, "'data' is missing",
          "add 'data:' with calibration and test; one is written by: tare init MODEL --data FILE");
    }
    TARE_TRY(YamlReader reader, Map(*node, "data",
                                    {"inputs", "label", "classes", "calibration", "search", "test",
                                     "distributions", "slices", "seed", "allow_leak", "trust"}));
    TARE_TRY_VOID(ReadInputs(reader));
    TARE_TRY(project_.label, reader.Text("label", ""));
    TARE_TRY(project_.classes, reader.Texts("classes"));
    TARE_TRY_VOID(ReadSplits(*node, reader));
    TARE_TRY_VOID(ReadDistributions(reader));
    TARE_TRY_VOID(ReadSlices(reader));
    TARE_TRY(project_.allow_leak, ReadFlag(reader, "allow_leak"));
    TARE_TRY(project_.trust_data, ReadFlag(reader, "trust"));
    TARE_TRY(const int64_t seed, reader.Integer("seed", static_cast<int64_t>(project_.seed)));
    if (seed < 0)
      return reader.Wrong(*reader.Child("seed"), StrCat("seed ", seed, " is negative"),
                          "give 0 or more");
    project_.seed = static_cast<uint64_t>(seed);
    return {};
  }

 private:
  static Result<bool> ReadFlag(YamlReader& reader, const std::string& key) {
    TARE_TRY(const std::string text, reader.Text(key, "false"));
    if (text == "true" || text == "false") return text == "true";
    return reader.Wrong(*reader.Child(key), StrCat(key, " is '", text, "'"), "write true or false");
  }

  Result<void> ReadInputs(YamlReader& reader) {
    const YamlNode* inputs = reader.Child("inputs");
    if (inputs == nullptr) return {};
    if (inputs->kind != YamlNode::Kind::kMap) {
      return reader.Wrong(*inputs, "'inputs' must name model inputs",
                          "write 'inputs: {input: {array: images, scale: 1/255}}'");
    }
    for (const auto& [name, node] : inputs->entries) {
      data::InputBinding binding;
      binding.input = name;
      if (node.kind == YamlNode::Kind::kScalar) {  // input: array
        binding.array = node.scalar;
      } else {
        TARE_TRY(YamlReader entry, Map(node, StrCat("data: inputs: ", name),
                                       {"array", "columns", "scale", "mean", "std", "resize",
                                        "crop", "layout", "channels"}));
        TARE_TRY(binding.array, entry.Text("array", ""));
        TARE_TRY(binding.columns, entry.Texts("columns"));
        if (!binding.array.empty() && !binding.columns.empty())
          return entry.Wrong(node, "both 'array' and 'columns' are given", "give one of the two");
        TARE_TRY(binding.preprocessing.scale, entry.Number("scale", 1));
        TARE_TRY(binding.preprocessing.mean, entry.Numbers("mean"));
        TARE_TRY(binding.preprocessing.std, entry.Numbers("std"));
        TARE_TRY_VOID(CheckPreprocessing(entry, node, binding.preprocessing));
        TARE_TRY_VOID(ReadImageOptions(entry, binding.images));
      }
      project_.bindings.push_back(std::move(binding));
    }
    return {};
  }

  static Result<void> ReadImageOptions(YamlReader& entry, data::ImageOptions& options) {
    for (const char* key : {"resize", "crop", "layout", "channels"}) {
      if (entry.Child(key) == nullptr) continue;
      TARE_TRY(const std::string value, entry.Text(key));
      if (const auto set = data::SetImageOption(key, value, options); !set)
        return entry.Wrong(*entry.Child(key), set.error().what, set.error().next_step);
    }
    return {};
  }

  static Result<void> CheckPreprocessing(YamlReader& reader, const YamlNode& node,
                                         const data::Preprocessing& preprocessing) {
    if (preprocessing.scale == 0)
      return reader.Wrong(node, "scale is 0", "give a scale such as 1/255, or leave it out");
    const auto& std = preprocessing.std;
    if (std::find(std.begin(), std.end(), 0.0) != std.end()) {
      return reader.Wrong(node, "std holds 0, which would divide by zero",
                          "give the deviation of each channel, or leave it out");
    }
    return {};
  }

  Result<SplitSource> ReadSource(YamlReader& reader, const YamlNode& node) const {
    SplitSource source;
    TARE_TRY(const std::string path, reader.Text("path", ""));
    if (!path.empty()) source.path = InFolder(path);
    if (const YamlNode* arrays = reader.Child("arrays")) {
      if (arrays->kind != YamlNode::Kind::kMap) {
        return reader.Wrong(*arrays, "'arrays' must be a map of names to files",
                            "write 'arrays: {images: a.npy, labels: b.npy}'");
      }
      for (const auto& [name, file] : arrays->entries) {
        if (file.kind != YamlNode::Kind::kScalar || file.scalar.empty()) {
          return reader.Wrong(file, StrCat("'", name, "' must be a file"),
                              "write 'arrays: {images: a.npy, labels: b.npy}'");
        }
        source.arrays.push_back({name, InFolder(file.scalar)});
      }
    }
    if (source.path.empty() == source.arrays.empty()) {
      return reader.Wrong(
          node, source.path.empty() ? "no file is named" : "both 'path' and 'arrays' are given",
          "give either 'path: FILE' or 'arrays: {name: file}'");
    }
    return source;
  }

  static Result<int64_t> ReadSampleCount(YamlReader& reader) {
    TARE_TRY(const int64_t count, reader.Integer("samples", 0));
    if (reader.Child("samples") != nullptr && (count < 1 || count > kMaxSamples)) {
      return reader.Wrong(*reader.Child("samples"), StrCat("'samples' is ", count),
                          "give at least 1, or leave it out");
    }
    return count;
  }

  Result<SplitSource> ReadSplit(const YamlNode& node, std::string_view name) const {
    if (node.kind == YamlNode::Kind::kScalar) {  // test: test.npz
      return SplitSource{InFolder(node.scalar), {}, 0};
    }
    TARE_TRY(YamlReader reader, Map(node, StrCat("data: ", name), {"path", "arrays", "samples"}));
    TARE_TRY(SplitSource source, ReadSource(reader, node));
    TARE_TRY(source.num_samples, ReadSampleCount(reader));
    return source;
  }

  Result<void> ReadSplits(const YamlNode& node, YamlReader& reader) {
    const YamlNode* calibration = reader.Child("calibration");
    const YamlNode* test = reader.Child("test");
    if (calibration == nullptr || test == nullptr) {
      return reader.Wrong(
          node, StrCat("'", calibration == nullptr ? "calibration" : "test", "' is missing"),
          "name a file for each: calibration sets ranges, test decides; one file may serve both");
    }
    TARE_TRY(project_.calibration, ReadSplit(*calibration, "calibration"));
    TARE_TRY(project_.test, ReadSplit(*test, "test"));
    if (const YamlNode* search = reader.Child("search")) {
      TARE_TRY(project_.search, ReadSplit(*search, "search"));
    } else {
      project_.search = project_.calibration;
      project_.search.num_samples = 0;
    }
    return {};
  }

  // One, or fifteen: 'corrupt: all'.
  static Result<std::vector<DistributionSource>> ReadCorruptions(YamlReader& entry,
                                                                 const YamlNode& item) {
    if (entry.Child("path") != nullptr || entry.Child("arrays") != nullptr) {
      return entry.Wrong(item, "both 'corrupt' and a file are given", "give one of the two");
    }
    TARE_TRY(const std::string corrupt, entry.Text("corrupt"));
    TARE_TRY(const int64_t severity, entry.Integer("severity", data::CorruptionSpec().severity));
    TARE_TRY(const std::string name, entry.Text("name", ""));
    TARE_TRY(const int64_t num_samples, ReadSampleCount(entry));
    const auto specs = data::FindCorruptions(corrupt, severity);
    if (!specs) {
      const bool is_severity = data::FindCorruptions(corrupt, 1).has_value();
      return entry.Wrong(*entry.Child(is_severity ? "severity" : "corrupt"), specs.error().what,
                         specs.error().next_step);
    }
    std::vector<DistributionSource> sources;
    for (const data::CorruptionSpec& spec : *specs) {
      const std::string& own = data::CorruptionName(spec.corruption);
      const bool is_one = specs->size() == 1;
      sources.push_back({name.empty() ? own
                         : is_one     ? name
                                      : StrCat(name, "-", own),
                         {"", {}, num_samples},
                         spec});
    }
    return sources;
  }

  Result<std::vector<DistributionSource>> ReadDistribution(const YamlNode& item) const {
    TARE_TRY(YamlReader entry, Map(item, "data: distributions",
                                   {"name", "path", "arrays", "samples", "corrupt", "severity"}));
    if (entry.Child("corrupt") != nullptr) return ReadCorruptions(entry, item);
    if (const YamlNode* severity = entry.Child("severity")) {
      return entry.Wrong(*severity, "'severity' is given without 'corrupt'",
                         "add 'corrupt: gaussian_noise', or remove it");
    }
    DistributionSource distribution;
    TARE_TRY(distribution.name, entry.Text("name"));
    TARE_TRY(distribution.source, ReadSource(entry, item));
    TARE_TRY(distribution.source.num_samples, ReadSampleCount(entry));
    return std::vector<DistributionSource>{std::move(distribution)};
  }

  Result<void> ReadDistributions(YamlReader& reader) {
    TARE_TRY(const auto items,
             List(reader, "distributions",
                  "write each as '- {name: noise, corrupt: gaussian_noise, severity: 3}'"));
    std::set<std::string> names;
    for (const YamlNode* item : items) {
      TARE_TRY(auto sources, ReadDistribution(*item));
      for (DistributionSource& source : sources) {
        if (!names.insert(source.name).second) {
          return reader.Wrong(*item, StrCat("the name '", source.name, "' stands twice"),
                              "give each a name of its own");
        }
        project_.distributions.push_back(std::move(source));
      }
    }
    return {};
  }

  Result<void> ReadSlices(YamlReader& reader) {
    TARE_TRY(const auto items,
             List(reader, "slices", "write each as '- {name: shirts, where: \"label == 6\"}'"));
    std::set<std::string> names;
    for (const YamlNode* item : items) {
      TARE_TRY(YamlReader entry, Map(*item, "data: slices", {"name", "where"}));
      evaluate::SliceSpec slice;
      TARE_TRY(slice.name, entry.Text("name"));
      TARE_TRY(slice.where, entry.Text("where"));
      if (!names.insert(slice.name).second) {
        return entry.Wrong(*item, StrCat("the name '", slice.name, "' stands twice"),
                           "give each slice a name of its own");
      }
      if (names.size() > kMaxSlices)
        return entry.Wrong(*item, StrCat("more than ", kMaxSlices, " slices"), "give fewer");
      if (const auto parsed = evaluate::SliceExpression::Parse(slice.where); !parsed) {
        return entry.Wrong(*item, parsed.error().what, parsed.error().next_step);
      }
      project_.slices.push_back(std::move(slice));
    }
    return {};
  }
};

}  // namespace

Result<void> ReadDataSection(const YamlNode& document, const std::string& path, YamlReader& top,
                             Project& project) {
  return DataSectionReader(document, path, project).ReadData(top);
}

}  // namespace tare::pipeline
