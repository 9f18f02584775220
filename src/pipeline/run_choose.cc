// The step of `tare run` that makes the model.

#include <algorithm>
#include <filesystem>
#include <map>

#include "pipeline/report_sections_internal.h"
#include "pipeline/run_internal.h"
#include "tare/calibrate/calibration_table.h"
#include "tare/core/file.h"
#include "tare/core/text.h"
#include "tare/graph/onnx.h"
#include "tare/verdict/report.h"

namespace tare::pipeline {
namespace {

constexpr int64_t kMaxCheckSamples = 256;
constexpr int64_t kMinCheckSamples = 16;
constexpr int64_t kMaxCheckBytes = 64 << 20;

// Every candidate answers all check samples, and the float answers are held: their number is what
// fits a budget.
Result<std::vector<int64_t>> CheckSamples(const data::Feed& feed,
                                          const std::vector<int64_t>& search, uint64_t seed) {
  TARE_TRY(const auto batch, feed.Read(std::span(search).first(1)));
  int64_t bytes = 1;
  for (const NamedTensor& input : batch.inputs) bytes += std::ssize(input.value.bytes());
  const int64_t count = std::clamp(kMaxCheckBytes / bytes, kMinCheckSamples, kMaxCheckSamples);
  std::vector<int64_t> chosen;
  for (const int64_t at : data::ChooseSamples(std::ssize(search), count, seed))
    chosen.push_back(search[static_cast<size_t>(at)]);
  return chosen;
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

}  // namespace

bool ProjectRun::ChoiceStands(const Json& result) const {
  if (!result.value("decline_reason", "").empty()) return true;
  const auto model = Sha256File(OutPath("model.onnx"));
  const auto recipe = Sha256File(OutPath("recipe.yaml"));
  const auto calibration = Sha256File(OutPath("calibration.json"));
  return model && recipe && calibration && *model == result.value("model_sha256", "") &&
         *recipe == result.value("recipe_sha256", "") &&
         *calibration == result.value("calibration_sha256", "");
}

Result<void> ProjectRun::Choose() {
  StepKey key("choose");
  key.Add("feed", feed_key_)
      .Add("host", host_)
      .Add("calibration", calibration_digest_)
      .Add("search", search_digest_);
  key.Add("c", SamplesDigest(samples_.calibration)).Add("s", SamplesDigest(samples_.search));
  for (const quantize::Format format : project_.formats)
    key.Add("format", quantize::FormatName(format));
  key.Add("goal", static_cast<int>(project_.goal));
  key.Add("method", static_cast<int>(project_.method))
      .Add("tolerance", project_.tolerance)
      .Add("threads", project_.num_threads);
  for (const std::string& library : project_.custom_ops) key.Add("library", library);
  const std::string digest = key.Digest();
  auto found = cache_.Find("choose", digest);
  if (found && ChoiceStands(*found)) {
    choice_ = std::move(*found);
    SayFound("choose", choice_["summary"]);
  } else {
    TARE_TRY(choice_, Step("choose", digest, [&] { return RunChoice(); }));
  }
  outcome_.decline_reason = choice_.value("decline_reason", "");
  outcome_.candidates = CandidatesFrom(choice_["candidates"]);
  return {};
}

Result<Json> ProjectRun::RunChoice() {
  TARE_TRY_VOID(NeedRuntime());
  ChooseSteps steps(
      progress_, StrCat("calibrate ", WithThousands(std::ssize(samples_.calibration)), " samples"));
  TARE_TRY(const auto check, CheckSamples(*search_.feed, samples_.search, project_.seed));
  std::vector<quantize::Inputs> probes;
  for (size_t i = 0; i < std::min<size_t>(2, check.size()); ++i) {
    TARE_TRY(auto batch, search_.feed->Read(std::span(check).subspan(i, 1)));
    probes.push_back(std::move(batch.inputs));
  }
  TARE_TRY(const auto prepared, quantize::Prepare(*source_, probes, Session()));
  search::Choice choice;
  if (!prepared.decline_reason.empty()) {
    choice.reason = prepared.decline_reason;
  } else {
    search::AutoOptions options;
    options.session = Session();
    options.formats = project_.formats;
    options.goal = project_.goal;
    options.method = project_.method;
    options.tolerance = project_.tolerance;
    search::Samples samples{calibration_.feed.get(), samples_.calibration, check};
    samples.check_feed = search_.feed.get();
    TARE_TRY(choice, search::ChooseFormats(*source_, prepared, samples, options, steps));
  }
  OneStep step(progress_, "choose");
  TARE_TRY(Json result, WriteChoice(prepared, choice, step));
  result["checked_samples"] = check.size();
  return result;
}

Result<Json> ProjectRun::WriteChoice(const quantize::Prepared& prepared, search::Choice& choice,
                                     OneStep& step) {
  Json result;
  const std::string format = FormatOf(choice.recipe);
  result["summary"] = ChoiceSummary(choice, format);
  result["candidates"] = CandidatesJson(choice.candidates);
  if (!choice.model) {
    result["decline_reason"] = choice.reason;
    step.Done(std::string(result["summary"]));
    return result;
  }
  TARE_TRY(choice.recipe.model_digest, Sha256File(project_.model_path));
  TARE_TRY(const auto table,
           calibrate::MakeTable(
               choice.observations,
               {options_.tare_version, choice.recipe.model_digest, calibration_digest_}, {}));
  verdict::Report report;
  AddChoice(prepared, choice, table, model_bytes_, baseline_.value("latency_ms", 0.0), report);
  const Json document = Json::parse(verdict::WriteReportJson(report));
  for (const char* section : {"candidates", "fusion", "nodes", "tensors"}) {
    if (document.contains(section)) result["sections"][section] = document[section];
  }
  choice.recipe.tare_version = options_.tare_version;
  choice.recipe.data_digest = calibration_digest_;
  RemoveReports();
  TARE_TRY_VOID(graph::WriteOnnx(*choice.model, OutPath("model.onnx")));
  TARE_TRY_VOID(WriteFileAtomic(OutPath("recipe.yaml"), quantize::RecipeText(choice.recipe)));
  TARE_TRY_VOID(calibrate::WriteCalibration(table, OutPath("calibration.json")));
  result["format"] = format;
  TARE_TRY(const std::string model_sha256, Sha256File(OutPath("model.onnx")));
  TARE_TRY(const std::string recipe_sha256, Sha256File(OutPath("recipe.yaml")));
  result["model_sha256"] = model_sha256;
  result["recipe_sha256"] = recipe_sha256;
  TARE_TRY(const std::string calibration_sha256, Sha256File(OutPath("calibration.json")));
  result["calibration_sha256"] = calibration_sha256;
  step.Done(std::string(result["summary"]));
  return result;
}

}  // namespace tare::pipeline
