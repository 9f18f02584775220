#include "core/json_reader.h"
#include "pipeline/data_step_internal.h"
#include "pipeline/leaks_internal.h"
#include "pipeline/test_plan_internal.h"
#include "tare/core/text.h"
#include "tare/data/labels.h"

namespace tare::pipeline {
namespace {

std::string KeyOf(const DataIn& in) {
  const Project& project = *in.project;
  const SplitDigests& splits = in.identity->splits;
  StepKey key("data");
  key.Add("feed", in.identity->feed_key)
      .Add("calibration", splits.calibration)
      .Add("search", splits.search)
      .Add("test", splits.test);
  key.Add("c", project.calibration.num_samples)
      .Add("s", project.search.num_samples)
      .Add("t", project.test.num_samples);
  key.Add("seed", project.seed).Add("allow_leak", project.allow_leak);
  for (const DistributionSource& distribution : project.distributions) {
    if (distribution.corruption) AddDistribution(distribution, key);
  }
  return key.Digest();
}

Result<void> LookForLeaks(const DataIn& in, const ProjectSets& sets, const SplitSamples& samples,
                          Progress& progress, DataOut& out) {
  const data::Split splits[] = {
      {"calibration", sets.calibration.dataset.get(), sets.calibration.feed->arrays(),
       samples.calibration},
      {"search", sets.search.dataset.get(), sets.search.feed->arrays(), samples.search},
      {"test", sets.test.dataset.get(), sets.test.feed->arrays(), samples.test}};
  TARE_TRY(const Leaks leaks, FindLeaks(splits, in.project->allow_leak, progress));
  out.num_duplicates = leaks.num_duplicates;
  out.leak = leaks.warning;
  if (leaks.num_near > 0)
    out.near_note = StrCat(", ", WithThousands(leaks.num_near), " nearly alike");
  if (!leaks.looked_for_near) out.near_note = " · near duplicates not looked for, so much data";
  return {};
}

Result<void> CheckLabels(const DataIn& in, const ProjectSets& sets, std::span<const int64_t> test,
                         const TestPlan& plan) {
  TARE_TRY_VOID(data::CheckLabelsExist(*sets.test.dataset, plan.label));
  if (plan.task == verdict::Task::kOutputs) return {};
  if (plan.task != verdict::Task::kClassification) {
    const bool is_by_class = plan.task == verdict::Task::kEmbedding;
    if (is_by_class) TARE_TRY_VOID(ClassLabels(plan, *sets.test.dataset, test, 0));
    if (!is_by_class) TARE_TRY_VOID(data::ReadTargets(*sets.test.dataset, plan.label, test));
    return {};
  }
  TARE_TRY(const auto* const model, in.sources->Model());
  const int64_t declared =
      plan.classes.empty() ? DeclaredClasses(model->source().graph) : std::ssize(plan.classes);
  TARE_TRY_VOID(CheckClassNames(plan, *sets.test.dataset, declared));
  TARE_TRY_VOID(ClassLabels(plan, *sets.test.dataset, test, declared));
  return {};
}

Result<void> BindDistribution(const DistributionSource& distribution, const TestPlan& plan,
                              OpenedModel& model, const OpenSource& test) {
  if (distribution.corruption) {
    TARE_TRY_VOID(model.BindCorrupted(plan.test, *distribution.corruption, plan.seed));
    return {};
  }
  TARE_TRY(const OpenSource source, model.Bind(distribution.source));
  return CheckSameColumns(test, source);
}

Result<DataOut> InspectData(const DataIn& in, Progress& progress) {
  TARE_TRY(auto* const model, in.sources->Model());
  TARE_TRY(const auto* const sets, in.sources->Sets());
  const TestPlan plan = PlanOf(*in.project);
  DataOut out;
  out.sizes = sets->Sizes();
  out.inputs = sets->test.feed->report();
  TARE_TRY(const SplitSamples samples, ChooseSplits(*in.project, in.identity->splits, out.sizes));
  out.num_chosen = samples.Sizes();
  TARE_TRY_VOID(LookForLeaks(in, *sets, samples, progress, out));
  TARE_TRY_VOID(CheckLabels(in, *sets, samples.test, plan));
  TARE_TRY(out.classes, ClassNames(plan, *sets->test.dataset));
  for (const std::string& column : SliceColumns(plan)) {
    TARE_TRY_VOID(
        sets->test.dataset->Find(column).While("looking for a column that a slice compares"));
  }
  // Whether they can be read, and whether there is something to corrupt, is said before minutes are spent.
  for (const DistributionSource& distribution : plan.distributions) {
    if (plan.task == verdict::Task::kOutputs) continue;
    TARE_TRY_VOID(BindDistribution(distribution, plan, *model, sets->test)
                      .While(StrCat("opening the distribution ", distribution.name)));
  }
  return out;
}

std::string SummaryOf(const DataOut& out) {
  const std::string across =
      out.num_duplicates == 0
          ? "disjoint, 0 duplicates across"
          : StrCat("NOT disjoint, ", WithThousands(out.num_duplicates), " duplicates across");
  return StrCat("test ", WithThousands(out.num_chosen.test), " · search ",
                WithThousands(out.num_chosen.search), " · calibration ",
                WithThousands(out.num_chosen.calibration), " · ", across, out.near_note);
}

Result<DataOut> Work(const DataIn& in, Progress& progress) {
  OneStep step(progress, "data");
  TARE_TRY(auto out, InspectData(in, step));
  step.Done(SummaryOf(out));
  return out;
}

Json SizesJson(const SourceSizes& sizes) {
  return {{"calibration", sizes.calibration}, {"search", sizes.search}, {"test", sizes.test}};
}

Result<SourceSizes> ReadSizes(const JsonReader& reader, const char* key) {
  const Json* child = reader.Child(key);
  if (child == nullptr) return reader.Wrong(key, "there");
  const JsonReader under = reader.Under(key, *child);
  TARE_TRY(const auto calibration, under.Count("calibration"));
  TARE_TRY(const auto search, under.Count("search"));
  TARE_TRY(const auto test, under.Count("test"));
  return SourceSizes{calibration.value_or(0), search.value_or(0), test.value_or(0)};
}

Json WriteData(const DataOut& out) {
  return {{"sizes", SizesJson(out.sizes)},
          {"chosen", SizesJson(out.num_chosen)},
          {"duplicates", out.num_duplicates},
          {"leak", out.leak},
          {"near", out.near_note},
          {"inputs", out.inputs},
          {"classes", out.classes}};
}

Result<DataOut> ReadData(const Json& json) {
  const JsonReader reader(json, "data.json", "");
  TARE_TRY_VOID(reader.ExpectObject());
  DataOut out;
  TARE_TRY(out.sizes, ReadSizes(reader, "sizes"));
  TARE_TRY(out.num_chosen, ReadSizes(reader, "chosen"));
  TARE_TRY(const auto duplicates, reader.Count("duplicates"));
  out.num_duplicates = duplicates.value_or(0);
  TARE_TRY(out.leak, reader.Text("leak"));
  TARE_TRY(out.near_note, reader.Text("near"));
  TARE_TRY(out.inputs, reader.Texts("inputs"));
  TARE_TRY(out.classes, reader.Texts("classes"));
  return out;
}

}  // namespace

const Step<DataIn, DataOut> kDataStep = {"data", KeyOf, Work, SummaryOf, WriteData, ReadData};

}  // namespace tare::pipeline
