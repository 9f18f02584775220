#include "pipeline/judge_step_internal.h"
#include "tare/core/text.h"
#include "tare/pipeline/report_files.h"
#include "tare/verdict/gate.h"

namespace tare::pipeline {
namespace {

verdict::DataSummary DataFacts(const JudgeIn& in) {
  const SplitDigests& digests = in.identity->splits;
  const SourceSizes& chosen = in.data->num_chosen;
  const auto use = [&](const SplitSource& source, int64_t count, const std::string& digest) {
    return verdict::DataUse{SourceName(source), count, "sha256:" + digest, in.project->seed};
  };
  verdict::DataSummary summary;
  summary.inputs = in.data->inputs;
  summary.calibration = use(in.project->calibration, chosen.calibration, digests.calibration);
  // The candidates were checked on as many of the search samples as fit a budget.
  summary.search = use(in.project->search, in.choice->num_checked, digests.search);
  summary.test = use(in.project->test, chosen.test, digests.test);
  summary.duplicates_across = in.data->num_duplicates;
  summary.disjoint = in.data->num_duplicates == 0;
  return summary;
}

void AddWarnings(const JudgeIn& in, std::vector<verdict::Warning>& warnings) {
  if (!in.data->leak.empty()) {
    warnings.insert(
        warnings.begin(),
        {in.data->leak,
         "the verdict may flatter the candidate: remove these samples from calibration or search"});
  }
  if (in.look > 1 && in.project->policy.looks == 0) {
    warnings.push_back(
        {StrCat("this is look ", in.look,
                " at this test data: with each one more a candidate may pass by luck"),
         "declare how many there may be before the first, policy: {looks: 3}, or judge by data "
         "that no candidate has seen"});
  }
}

}  // namespace

verdict::Report JudgeRun(const JudgeIn& in) {
  verdict::Report report = in.choice->sections;
  report.evidence = in.evaluation->evidence;
  report.tare_version = in.tare_version;
  report.created = in.created;
  report.name = in.project->name;
  report.policy_declared = in.policy_declared;
  AddWarnings(in, report.evidence.warnings);
  report.evidence.look = in.look;
  report.decision = verdict::Gate(report.evidence, in.project->policy);
  report.data = DataFacts(in);
  report.host = HostFactsOf(in.project->num_threads);
  const SplitDigests& splits = in.identity->splits;
  report.digests = {{"baseline", "sha256:" + in.identity->model_digest},
                    {"candidate", "sha256:" + in.choice->model_sha256},
                    {"recipe", "sha256:" + in.choice->recipe_sha256},
                    {"calibration", "sha256:" + in.choice->calibration_sha256},
                    {"policy", verdict::PolicyDigest(in.project->policy)},
                    {"data_calibration", "sha256:" + splits.calibration},
                    {"data_search", "sha256:" + splits.search},
                    {"data_test", "sha256:" + splits.test}};
  return report;
}

std::string ReportKey(const JudgeIn& in, const std::string& evaluation_key) {
  StepKey key("report");
  key.Add("evaluation", evaluation_key)
      .Add("policy", verdict::PolicyDigest(in.project->policy))
      .Add("name", in.project->name);
  key.Add("choice", kChooseStep.write(*in.choice).dump())
      .Add("page", Sha256Hex(ReportPage()))
      .Add("leak", in.data->leak)
      .Add("look", in.look)
      .Add("flips", verdict::WriteFlipLines(in.evaluation->flips))
      .Add("shown", static_cast<int64_t>(in.project->num_shown_flips));
  return key.Digest();
}

}  // namespace tare::pipeline
