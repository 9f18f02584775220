#include "tare/pipeline/project.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "pipeline/project_section_internal.h"
#include "tare/core/file.h"
#include "tare/core/text.h"
#include "tare/core/yaml.h"
#include "tare/evaluate/models/evaluate.h"
#include "tare/registry/version.h"
#include "tare/verdict/metric_info.h"

namespace tare::pipeline {
namespace {

namespace fs = std::filesystem;

// Reads the document, whose longest section has a file of its own.
class ProjectReader : private SectionReader {
 public:
  ProjectReader(const YamlNode& document, const std::string& path, Project& project)
      : SectionReader(document, path, project) {}

  Result<void> Read() {
    project_.file = path_;
    project_.folder = fs::path(path_).parent_path().string();
    TARE_TRY(YamlReader reader, Map(document_, "",
                                    {"name", "model", "data", "task", "output", "kpis", "policy",
                                     "search", "runtime", "report", "registry"}));
    TARE_TRY(const std::string model, reader.Text("model"));
    project_.model_path = InFolder(model);
    TARE_TRY_VOID(ReadDataSection(document_, path_, reader, project_));
    TARE_TRY_VOID(ReadTask(reader));
    TARE_TRY_VOID(ReadSearch(reader));
    TARE_TRY_VOID(ReadRuntime(reader));
    TARE_TRY_VOID(ReadReport(reader));
    TARE_TRY_VOID(ReadKpis(reader));
    TARE_TRY_VOID(ReadPolicy(reader));
    TARE_TRY(const std::string registry, reader.Text("registry", ""));
    if (!registry.empty()) project_.registry_root = InFolder(registry);
    return ReadName(reader);
  }

 private:
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
  Project project;
  TARE_TRY_VOID(ProjectReader(document, path, project).Read());
  return project;
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
