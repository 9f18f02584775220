#include <algorithm>
#include <filesystem>

#include "core/json_reader.h"
#include "pipeline/choose_model_internal.h"
#include "pipeline/choose_step_internal.h"
#include "pipeline/report_sections_internal.h"
#include "tare/calibrate/calibration_table.h"
#include "tare/core/file.h"
#include "tare/core/text.h"
#include "tare/data/splits.h"
#include "tare/graph/onnx.h"

namespace tare::pipeline {
namespace {

namespace fs = std::filesystem;

std::string OutPath(const ChooseIn& in, std::string_view name) {
  return StrCat(in.out_folder, "/", name);
}

std::string KeyOf(const ChooseIn& in) {
  const Project& project = *in.project;
  StepKey key("choose");
  key.Add("feed", in.identity->feed_key)
      .Add("host", in.identity->host)
      .Add("calibration", in.identity->splits.calibration)
      .Add("search", in.identity->splits.search);
  key.Add("c", SamplesDigest(in.samples->calibration)).Add("s", SamplesDigest(in.samples->search));
  for (const quantize::Format format : project.formats)
    key.Add("format", quantize::FormatName(format));
  key.Add("goal", static_cast<int>(project.goal));
  key.Add("method", static_cast<int>(project.method))
      .Add("tolerance", project.tolerance)
      .Add("threads", project.num_threads)
      .Add("trust", project.trust_data ? 1 : 0);
  for (const std::string& library : project.custom_ops) key.Add("library", library);
  for (const std::string& pattern : project.nodes.exclude) key.Add("exclude", pattern);
  for (const std::string& pattern : project.nodes.only) key.Add("only", pattern);
  return key.Digest();
}

std::string SummaryOf(const ChooseOut& out) { return out.summary; }

bool Stands(const ChooseIn& in, const ChooseOut& out) {
  if (!out.decline_reason.empty()) return true;
  const auto is = [&](std::string_view name, const std::string& digest) {
    const auto found = Sha256File(OutPath(in, name));
    return found && *found == digest;
  };
  return is("model.onnx", out.model_sha256) && is("recipe.yaml", out.recipe_sha256) &&
         is("calibration.json", out.calibration_sha256);
}

// "calibrate" keeps its own line; choosing and ranking are one.
class ChooseSteps final : public Progress {
 public:
  ChooseSteps(Progress& outer, std::string calibration)
      : outer_(outer), calibration_(std::move(calibration)) {}
  void Begin(std::string_view step, int64_t total) override {
    calibrating_ = step.starts_with("calibrate");
    if (calibrating_) {
      outer_.Begin(calibration_, total);
    } else {
      outer_.Begin(step.starts_with("rank") ? "choose one node at a time" : "choose formats",
                   total);
    }
  }
  void Update(int64_t done) override { outer_.Update(done); }
  void End(std::string_view) override {
    if (calibrating_) outer_.End("");
  }
  bool cancelled() const override { return outer_.cancelled(); }

 private:
  Progress& outer_;
  std::string calibration_;
  bool calibrating_ = false;
};

// "static 2.1x · dynamic 0.2x · float 1x  →  int8_static, 23 of 23 nodes fused"
std::string ChoiceSummary(const search::Choice& choice, const std::string& format) {
  std::vector<std::pair<std::string, double>> families;
  for (const search::Candidate& candidate : choice.candidates) {
    if (candidate.speedup.value <= 0) continue;
    const std::string family = candidate.name.substr(0, candidate.name.find_first_of(" ,"));
    const auto found = std::find_if(families.begin(), families.end(),
                                    [&](const auto& entry) { return entry.first == family; });
    const bool sound = candidate.problem.empty() || candidate.chosen;
    const double speed = candidate.speedup.value;
    if (found == families.end()) {
      families.emplace_back(family, speed);
    } else if (candidate.chosen || (sound && speed > found->second)) {
      found->second = speed;
    }
  }
  std::string text;
  for (const auto& [family, speed] : families) text += StrCat(family, " ", Fixed(speed, 1), "x · ");
  text += "float 1x  →  ";
  if (!choice.model) return StrCat(text, "float: ", choice.reason);
  return StrCat(text, format, ", ", choice.fusion.fused, " of ", choice.fusion.expected,
                " nodes fused");
}

search::AutoOptions OptionsOf(const Project& project) {
  search::AutoOptions options;
  options.formats = project.formats;
  options.goal = project.goal;
  options.method = project.method;
  options.tolerance = project.tolerance;
  return options;
}

// Of the search split, as many as fit the budget of checking.
Result<search::Samples> SamplesOf(const ChooseIn& in, const ProjectSets& sets) {
  const std::vector<int64_t>& search = in.samples->search;
  search::Samples samples{sets.calibration.feed.get(), in.samples->calibration, {}};
  samples.check_feed = sets.search.feed.get();
  TARE_TRY(const int64_t count, NumCheckSamples(*sets.search.feed, std::ssize(search)));
  for (const int64_t at : data::ChooseSamples(std::ssize(search), count, in.project->seed))
    samples.check.push_back(search[static_cast<size_t>(at)]);
  return samples;
}

// Writes the files of a choice that has a model, and says what they are.
Result<void> WriteChoice(const ChooseIn& in, const quantize::Prepared& prepared,
                         search::Choice& choice, ChooseOut& out) {
  TARE_TRY(choice.recipe.model_digest, Sha256File(in.project->model_path));
  choice.recipe.tare_version = in.tare_version;
  choice.recipe.data_digest = in.identity->splits.calibration;
  TARE_TRY(const auto table,
           calibrate::MakeTable(
               choice.observations,
               {in.tare_version, choice.recipe.model_digest, in.identity->splits.calibration}, {}));
  AddChoice(prepared, choice, table, {in.identity->model_bytes, in.float_latency_ms}, out.sections);
  RemoveReports(in.out_folder);
  TARE_TRY_VOID(graph::WriteOnnx(*choice.model, OutPath(in, "model.onnx")));
  TARE_TRY_VOID(WriteFileAtomic(OutPath(in, "recipe.yaml"), quantize::RecipeText(choice.recipe)));
  TARE_TRY_VOID(calibrate::WriteCalibration(table, OutPath(in, "calibration.json")));
  TARE_TRY(out.model_sha256, Sha256File(OutPath(in, "model.onnx")));
  TARE_TRY(out.recipe_sha256, Sha256File(OutPath(in, "recipe.yaml")));
  TARE_TRY(out.calibration_sha256, Sha256File(OutPath(in, "calibration.json")));
  return {};
}

Result<ChooseOut> Work(const ChooseIn& in, Progress& progress) {
  TARE_TRY(auto* const model, in.sources->Model());
  TARE_TRY(const auto* const sets, in.sources->Sets());
  ChooseSteps steps(
      progress,
      StrCat("calibrate ", WithThousands(std::ssize(in.samples->calibration)), " samples"));
  TARE_TRY(const search::Samples samples, SamplesOf(in, *sets));
  const OpenSource& calibration = sets->calibration;
  const CalibrationData check{model, calibration.dataset.get(), calibration.feed.get(),
                              in.samples->calibration, in.project->label};
  TARE_TRY(auto chosen, ChooseModel(*model, samples,
                                    {OptionsOf(*in.project), in.project->nodes,
                                     in.project->trust_data ? nullptr : &check},
                                    steps));
  OneStep step(progress, "choose");
  search::Choice& choice = chosen.choice;
  ChooseOut out;
  out.num_checked = std::ssize(samples.check);
  out.format = FormatOf(choice.recipe);
  out.summary = ChoiceSummary(choice, out.format);
  out.candidates = choice.candidates;
  for (search::Candidate& candidate : out.candidates) candidate.nodes.clear();
  if (choice.model) {
    TARE_TRY_VOID(WriteChoice(in, chosen.prepared, choice, out));
  } else {
    out.decline_reason = choice.reason;
  }
  step.Done(out.summary);
  return out;
}

Json RatioJson(const runtime::Ratio& ratio) {
  return {{"value", ratio.value}, {"low", ratio.low}, {"high", ratio.high}};
}

Json CandidatesJson(const std::vector<search::Candidate>& candidates) {
  Json rows = Json::array();
  for (const search::Candidate& candidate : candidates) {
    rows.push_back({{"name", candidate.name},
                    {"cosine", candidate.closeness.cosine},
                    {"least_cosine", candidate.closeness.least_cosine},
                    {"output", candidate.closeness.judged.output},
                    {"measure", static_cast<int>(candidate.closeness.judged.measure)},
                    {"measured", candidate.closeness.judged.value},
                    {"speedup", RatioJson(candidate.speedup)},
                    {"batch_speedup", RatioJson(candidate.batch_speedup)},
                    {"model_bytes", candidate.model_bytes},
                    {"problem", candidate.problem},
                    {"chosen", candidate.chosen}});
  }
  return rows;
}

Result<double> ReadNumber(const JsonReader& reader, const char* key) {
  TARE_TRY(const auto value, reader.Number(key));
  return value.value_or(0);
}

Result<runtime::Ratio> ReadRatio(const JsonReader& reader, const char* key) {
  const Json* child = reader.Child(key);
  if (child == nullptr) return reader.Wrong(key, "there");
  const JsonReader under = reader.Under(key, *child);
  runtime::Ratio ratio;
  TARE_TRY(ratio.value, ReadNumber(under, "value"));
  TARE_TRY(ratio.low, ReadNumber(under, "low"));
  TARE_TRY(ratio.high, ReadNumber(under, "high"));
  return ratio;
}

Result<search::Candidate> ReadCandidate(const JsonReader& reader) {
  search::Candidate out;
  TARE_TRY(out.name, reader.Text("name"));
  TARE_TRY(out.closeness.cosine, ReadNumber(reader, "cosine"));
  TARE_TRY(out.closeness.least_cosine, ReadNumber(reader, "least_cosine"));
  TARE_TRY(out.closeness.judged.output, reader.Text("output"));
  TARE_TRY(out.closeness.judged.value, ReadNumber(reader, "measured"));
  TARE_TRY(const auto measure, reader.Count("measure"));
  out.closeness.judged.measure = static_cast<runtime::Measure>(measure.value_or(0));
  TARE_TRY(out.speedup, ReadRatio(reader, "speedup"));
  TARE_TRY(out.batch_speedup, ReadRatio(reader, "batch_speedup"));
  TARE_TRY(const auto bytes, reader.Count("model_bytes"));
  out.model_bytes = bytes.value_or(0);
  TARE_TRY(out.problem, reader.Text("problem"));
  const Json* chosen = reader.Child("chosen");
  out.chosen = chosen != nullptr && *chosen == true;
  return out;
}

Result<std::vector<search::Candidate>> ReadCandidates(const JsonReader& reader) {
  TARE_TRY(const Json* const rows, reader.Array("candidates"));
  std::vector<search::Candidate> out;
  if (rows == nullptr) return out;
  for (size_t i = 0; i < rows->size(); ++i) {
    TARE_TRY(out.emplace_back(), ReadCandidate(reader.At("candidates", i, (*rows)[i])));
  }
  return out;
}

Json WriteChoice(const ChooseOut& out) {
  return {{"decline_reason", out.decline_reason},
          {"summary", out.summary},
          {"format", out.format},
          {"candidates", CandidatesJson(out.candidates)},
          {"num_checked", out.num_checked},
          {"model_sha256", out.model_sha256},
          {"recipe_sha256", out.recipe_sha256},
          {"calibration_sha256", out.calibration_sha256},
          {"report", Json::parse(verdict::WriteReportJson(out.sections))}};
}

Result<ChooseOut> ReadChoice(const Json& json) {
  const JsonReader reader(json, "choose.json", "");
  TARE_TRY_VOID(reader.ExpectObject());
  ChooseOut out;
  TARE_TRY(out.decline_reason, reader.Text("decline_reason"));
  TARE_TRY(out.summary, reader.Text("summary"));
  TARE_TRY(out.format, reader.Text("format"));
  TARE_TRY(out.candidates, ReadCandidates(reader));
  TARE_TRY(const auto checked, reader.Count("num_checked"));
  out.num_checked = checked.value_or(0);
  TARE_TRY(out.model_sha256, reader.Text("model_sha256"));
  TARE_TRY(out.recipe_sha256, reader.Text("recipe_sha256"));
  TARE_TRY(out.calibration_sha256, reader.Text("calibration_sha256"));
  const Json* report = reader.Child("report");
  if (report == nullptr) return reader.Wrong("report", "there");
  TARE_TRY(out.sections, verdict::ReadModelSections(report->dump(), "choose.json"));
  return out;
}

}  // namespace

void RemoveReports(const std::string& out_folder) {
  std::error_code ignored;
  for (const char* name : {"report.json", "report.html", "report.md", "flips.jsonl"})
    fs::remove(StrCat(out_folder, "/", name), ignored);
}

const Step<ChooseIn, ChooseOut> kChooseStep = {"choose",    KeyOf,      Work,  SummaryOf,
                                               WriteChoice, ReadChoice, Stands};

}  // namespace tare::pipeline
