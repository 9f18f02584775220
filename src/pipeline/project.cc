#include "tare/pipeline/project.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <initializer_list>
#include <set>

#include "tare/core/file.h"
#include "tare/core/text.h"
#include "tare/core/yaml.h"
#include "tare/evaluate/models/evaluate.h"
#include "tare/registry/version.h"
#include "tare/verdict/metric_info.h"

namespace tare::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxSlices = 64;
constexpr int64_t kMaxSamples = 1'000'000'000;

// Reads one document. Each Read...() asks for the keys of its map first, so that a misspelt key is
// reported as that and not as the lack of the right one.
class ProjectReader {
 public:
  ProjectReader(const YamlNode& document, const std::string& path)
      : document_(document), path_(path) {}

  Result<Project> Read() {
    project_.file = path_;
    project_.folder = fs::path(path_).parent_path().string();
    TARE_TRY(YamlReader reader, Map(document_, "",
                                    {"name", "model", "data", "task", "output", "kpis", "policy",
                                     "search", "runtime", "report", "registry"}));
    TARE_TRY(const std::string model, reader.Text("model"));
    project_.model_path = InFolder(model);
    TARE_TRY_VOID(ReadData(reader));
    TARE_TRY_VOID(ReadTask(reader));
    TARE_TRY_VOID(ReadSearch(reader));
    TARE_TRY_VOID(ReadRuntime(reader));
    TARE_TRY_VOID(ReadReport(reader));
    TARE_TRY_VOID(ReadKpis(reader));
    TARE_TRY_VOID(ReadPolicy(reader));
    TARE_TRY(const std::string registry, reader.Text("registry", ""));
    if (!registry.empty()) project_.registry_root = InFolder(registry);
    TARE_TRY_VOID(ReadName(reader));
    return std::move(project_);
  }

 private:
  Result<YamlReader> Map(const YamlNode& node, std::string where,
                         std::initializer_list<std::string_view> keys) const {
    YamlReader reader(node, path_, std::move(where));
    for (const std::string_view key : keys) reader.Child(key);
    TARE_TRY_VOID(reader.Finish());
    return reader;
  }

  // Paths in the file begin at its folder.
  std::string InFolder(const std::string& path) const {
    return (fs::path(project_.folder) / path).string();
  }

  Result<std::vector<const YamlNode*>> List(YamlReader& reader, std::string_view key,
                                            std::string example) const {
    std::vector<const YamlNode*> items;
    const YamlNode* list = reader.Child(key);
    if (list == nullptr) return items;
    if (list->kind != YamlNode::Kind::kSequence) {
      return reader.Wrong(*list, StrCat("'", key, "' must be a list"), std::move(example));
    }
    for (const YamlNode& item : list->items) items.push_back(&item);
    return items;
  }

  Result<void> ReadName(YamlReader& reader) {
    std::error_code ignored;
    const fs::path folder =
        fs::weakly_canonical(project_.folder.empty() ? "." : project_.folder, ignored);
    std::string fallback = folder.filename().string();
    if (!registry::CheckName(fallback, "name")) fallback = "model";
    TARE_TRY(project_.name, reader.Text("name", fallback));
    if (const auto checked = registry::CheckName(project_.name, "name"); !checked) {
      return reader.Wrong(*reader.Child("name"), checked.error().what, checked.error().next_step);
    }
    return {};
  }

  // ---- data -------------------------------------------------------------------------------

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

  // ---- the rest ---------------------------------------------------------------------------

  Result<void> ReadTask(YamlReader& reader) {
    using verdict::Task;
    const Task usual = project_.label.empty() ? Task::kOutputs : Task::kClassification;
    TARE_TRY(const std::string name, reader.Text("task", std::string(TaskName(usual))));
    TARE_TRY(project_.output, reader.Text("output", ""));
    std::vector<std::string> tasks;
    for (const Task task : evaluate::ModelTasks()) tasks.emplace_back(TaskName(task));
    tasks.emplace_back(TaskName(Task::kOutputs));
    const auto task = verdict::ParseTask(name);
    if (!task || std::ranges::find(tasks, name) == tasks.end()) {
      const std::string nearest = NearestName(name, tasks);
      return reader.Wrong(
          *reader.Child("task"), StrCat("unknown task '", name, "'"),
          nearest.empty()
              ? StrCat("choose one of ", Join(tasks, ", "),
                       "; other tasks are judged from predictions: tare evaluate --predictions A "
                       "--against B --task TASK -o FILE")
              : StrCat("did you mean '", nearest, "'?"));
    }
    project_.task = *task;
    if (project_.task != Task::kOutputs && project_.label.empty()) {
      return reader.Wrong(*reader.Child("task"), StrCat("task ", name, " needs labels"),
                          "add 'label: NAME' under data, or choose 'task: outputs'");
    }
    return {};
  }

  Result<void> ReadKpis(YamlReader& reader) {
    TARE_TRY(const auto items,
             List(reader, "kpis",
                  "write each as '- {name: revenue, value: \"if(correct == 1, price, 0)\"}'"));
    std::vector<std::string> names;
    for (const YamlNode* item : items) {
      TARE_TRY(YamlReader entry, Map(*item, "kpis", {"name", "value"}));
      evaluate::KpiSpec kpi;
      TARE_TRY(kpi.name, entry.Text("name"));
      TARE_TRY(kpi.expression, entry.Text("value"));
      names.push_back(kpi.name);
      if (const auto checked = verdict::CheckKpiNames(names); !checked)
        return entry.Wrong(*item, checked.error().what, checked.error().next_step);
      if (const auto parsed = evaluate::KpiExpression::Parse(kpi.expression); !parsed) {
        return entry.Wrong(*item, parsed.error().what, parsed.error().next_step);
      }
      project_.kpis.push_back(std::move(kpi));
    }
    if (!items.empty() && project_.task == verdict::Task::kOutputs) {
      return reader.Wrong(*items[0], "kpis need labels",
                          "add 'label: NAME' under data and a task, or remove them");
    }
    return {};
  }

  // A KPI that nobody defined would only be missed when all is measured.
  Result<void> CheckKpisOfPolicy(YamlReader& reader, const YamlNode& node) const {
    for (const verdict::Check& check : project_.policy.quality) {
      if (!check.metric.starts_with(verdict::kKpiPrefix)) continue;
      const auto is_it = [&](const evaluate::KpiSpec& kpi) {
        return verdict::KpiMetricName(kpi.name) == check.metric;
      };
      if (std::ranges::any_of(project_.kpis, is_it)) continue;
      return reader.Wrong(
          node,
          StrCat("the policy judges '", check.metric, "', which no KPI of this file is named"),
          StrCat("add it: kpis: [{name: ", check.metric.substr(verdict::kKpiPrefix.size()),
                 ", value: EXPRESSION}]"));
    }
    return {};
  }

  Result<void> ReadPolicy(YamlReader& reader) {
    const YamlNode* node = reader.Child("policy");
    if (node == nullptr) {
      project_.policy = verdict::DefaultPolicy(project_.task, project_.tolerance);
      return {};
    }
    TARE_TRY(project_.policy, verdict::ReadPolicy(*node, path_));
    return CheckKpisOfPolicy(reader, *node);
  }

  Result<void> ReadFormats(YamlReader& reader, const YamlNode& node) {
    TARE_TRY(const auto formats, reader.Texts("formats"));
    const std::vector<std::string> known = {"int8_static", "int8_dynamic", "int8_weights",
                                            "float32", "auto"};
    std::set<std::string> wanted;
    for (const std::string& format : formats) {
      if (std::find(known.begin(), known.end(), format) == known.end()) {
        const std::string nearest = NearestName(format, known);
        return reader.Wrong(*reader.Child("formats"), StrCat("unknown format '", format, "'"),
                            nearest.empty() ? StrCat("choose of ", Join(known, ", "))
                                            : StrCat("did you mean '", nearest, "'?"));
      }
      if (format != "float32") wanted.insert(format);
    }
    if (!formats.empty() && wanted.empty()) {
      return reader.Wrong(node, "no format but float32 is allowed",
                          "add int8_static or int8_dynamic");
    }
    if (wanted.contains("auto")) return {};
    for (const std::string& format : wanted) {
      TARE_TRY(const auto parsed, quantize::ParseFormat(format));
      project_.formats.insert(parsed);
    }
    return {};
  }

  Result<void> ReadSearch(YamlReader& top) {
    const YamlNode* node = top.Child("search");
    if (node == nullptr) return {};
    TARE_TRY(
        YamlReader reader,
        Map(*node, "search", {"formats", "objective", "tolerance", "method", "exclude", "only"}));
    TARE_TRY_VOID(ReadFormats(reader, *node));
    TARE_TRY(project_.nodes.exclude, reader.Texts("exclude"));
    TARE_TRY(project_.nodes.only, reader.Texts("only"));
    TARE_TRY(const std::string objective, reader.Text("objective", "latency"));
    if (objective != "latency" && objective != "size") {
      return reader.Wrong(*reader.Child("objective"), StrCat("unknown objective '", objective, "'"),
                          "choose latency or size");
    }
    if (objective == "size") project_.goal = search::Goal::kSize;
    TARE_TRY(project_.tolerance, reader.Number("tolerance", project_.tolerance));
    if (!(project_.tolerance > 0 && project_.tolerance < 1)) {
      return reader.Wrong(
          *reader.Child("tolerance"), StrCat("tolerance is ", project_.tolerance),
          "give 1 - cosine that still counts as intact, between 0 and 1, such as 0.01");
    }
    TARE_TRY(const std::string method, reader.Text("method", "mse"));
    const auto parsed = calibrate::ParseRangeMethod(method);
    if (!parsed)
      return reader.Wrong(*reader.Child("method"), parsed.error().what, parsed.error().next_step);
    project_.method = *parsed;
    return {};
  }

  Result<void> ReadReport(YamlReader& top) {
    const YamlNode* node = top.Child("report");
    if (node == nullptr) return {};
    TARE_TRY(YamlReader reader, Map(*node, "report", {"samples"}));
    constexpr auto kMost = static_cast<int64_t>(verdict::kMostShownFlips);
    TARE_TRY(const int64_t samples, reader.Integer("samples", kMost));
    if (samples < 0 || samples > kMost) {
      return reader.Wrong(
          *reader.Child("samples"), StrCat("'samples' is ", samples),
          StrCat("give how many samples of the test the page may show: 0 (none) to ", kMost,
                 "; flips.jsonl holds the others"));
    }
    project_.num_shown_flips = static_cast<size_t>(samples);
    return {};
  }

  Result<void> ReadRuntime(YamlReader& top) {
    const YamlNode* node = top.Child("runtime");
    if (node == nullptr) return {};
    TARE_TRY(YamlReader reader,
             Map(*node, "runtime",
                 {"threads", "custom_ops", "batches", "thread_counts", "estimate_energy_watts"}));
    TARE_TRY(const int64_t threads, reader.Integer("threads", 1));
    if (threads < 1 || threads > 1024) {
      return reader.Wrong(*reader.Child("threads"), StrCat("'threads' is ", threads),
                          "give 1 to 1024");
    }
    project_.num_threads = static_cast<int>(threads);
    TARE_TRY(const auto libraries, reader.Texts("custom_ops"));
    for (const std::string& library : libraries) project_.custom_ops.push_back(InFolder(library));
    return ReadCosts(reader);
  }

  Result<void> ReadCosts(YamlReader& reader) {
    TARE_TRY(project_.costs.batches, ReadSizes(reader, "batches", evaluate::kMaxMeasuredBatch));
    TARE_TRY(project_.costs.thread_counts,
             ReadSizes(reader, "thread_counts", evaluate::kMaxMeasuredThreads));
    const YamlNode* node = reader.Child("estimate_energy_watts");
    if (node == nullptr) return {};
    TARE_TRY(const double watts, reader.Number("estimate_energy_watts"));
    if (!(watts > 0 && watts <= evaluate::kMaxWatts)) {
      return reader.Wrong(*node, StrCat("'estimate_energy_watts' is ", watts),
                          "give what the processor draws with all its cores busy, such as 65");
    }
    project_.costs.estimate_energy_watts = watts;
    return {};
  }

  static Result<std::vector<int64_t>> ReadSizes(YamlReader& reader, std::string_view key,
                                                int64_t most) {
    TARE_TRY(const auto numbers, reader.Numbers(key));
    std::vector<int64_t> sizes;
    for (const double number : numbers) {
      if (!(number >= 1 && number <= static_cast<double>(most)) || number != std::floor(number)) {
        return reader.Wrong(*reader.Child(key), StrCat("'", key, "' holds ", number),
                            StrCat("give whole numbers from 1 to ", most));
      }
      const auto size = static_cast<int64_t>(number);
      if (std::ranges::find(sizes, size) == sizes.end()) sizes.push_back(size);
    }
    if (sizes.size() > evaluate::kMaxMeasuredSizes) {
      return reader.Wrong(*reader.Child(key),
                          StrCat("'", key, "' holds ", sizes.size(), " numbers"),
                          StrCat("give at most ", evaluate::kMaxMeasuredSizes));
    }
    return sizes;
  }

  const YamlNode& document_;
  const std::string& path_;
  Project project_;
};

}  // namespace

std::vector<std::string> SplitSource::Files() const {
  if (!path.empty()) return {path};
  std::vector<std::string> files;
  for (const data::ArrayFile& array : arrays) files.push_back(array.path);
  return files;
}

Result<Project> ParseProject(std::string_view text, const std::string& path) {
  TARE_TRY(const YamlNode document, ParseYaml(text, path));
  return ProjectReader(document, path).Read();
}

Result<Project> ReadProject(const std::string& path) {
  std::error_code ignored;
  const std::string file =
      fs::is_directory(path, ignored) ? (fs::path(path) / "tare.yaml").string() : path;
  auto text = ReadFile(file, 1 << 20);
  if (!text && text.error().code == ErrorCode::kNotFound) {
    return NotFound(text.error().what,
                    "name a tare.yaml, or write one: tare init MODEL --data FILE");
  }
  if (!text) return std::move(text).error();
  return ParseProject(*text, file);
}

}  // namespace tare::pipeline
