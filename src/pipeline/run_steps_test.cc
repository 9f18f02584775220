// The steps of `tare run`, one by one, without a project's folder: a linear model of two classes
// over 80 rows.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "graph/model_builder.h"
#include "pipeline/baseline_step_internal.h"
#include "pipeline/choose_step_internal.h"
#include "pipeline/data_step_internal.h"
#include "pipeline/evaluate_step_internal.h"
#include "pipeline/judge_step_internal.h"
#include "pipeline/recorded_answers_internal.h"
#include "tare/core/file.h"
#include "tare/graph/onnx.h"

namespace tare::pipeline {
namespace {

using testing::HasSubstr;

constexpr int kRows = 80;
// Row i is of class i % 2 by its first number; its label says so but for every tenth.
bool IsMislabelled(int64_t row) { return row % 10 == 0; }

std::string DataRows() {
  std::string csv = "a,b,label\n";
  for (int i = 0; i < kRows; ++i) {
    const int truth = i % 2;
    csv += StrCat(truth == 0 ? 1 + i : -1 - i, ",", (i * 37) % 101, ",",
                  IsMislabelled(i) ? 1 - truth : truth, "\n");
  }
  return csv;
}

// logits = x W, W = [[1, -1], [0, 0]]: the sign of the first number decides.
graph::Model Model() {
  return graph::ModelBuilder()
      .Input("x", {-1, 2})
      .Floats("w", {2, 2}, {1, -1, 0, 0})
      .Op("MatMul", {"x", "w"}, {"logits"})
      .Output("logits", DType::kFloat32, {-1, 2})
      .Build();
}

class RunStepsTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string data = folder_.path() + "/data.csv";
    ASSERT_TRUE(WriteFileAtomic(data, DataRows()));
    ASSERT_TRUE(graph::WriteOnnx(Model(), folder_.path() + "/float.onnx"));
    project_.model_path = folder_.path() + "/float.onnx";
    project_.name = "signs";
    project_.task = verdict::Task::kClassification;
    project_.label = "label";
    project_.calibration = {.path = data, .num_samples = 16};
    project_.search = {.path = data, .num_samples = 16};
    project_.test = {.path = data};
    project_.allow_leak = true;  // such rows are nearly alike
    project_.formats = {quantize::Format::kInt8Static};
    plan_ = PlanOf(project_);
    FileDigests files;
    identity_ = IdentifyRun(project_, {}, files).value();
    sources_.emplace(project_, 60);
  }

  DataOut Data() {
    auto out = kDataStep.work({&project_, &identity_, &*sources_}, NoProgress());
    EXPECT_TRUE(out) << out.error().what;
    samples_ = ChooseSplits(project_, identity_.splits, out->sizes).value();
    return *std::move(out);
  }
  BaselineIn Baseline(const DataOut& data) {
    return {.plan = &plan_,
            .identity = &identity_,
            .sources = &*sources_,
            .samples = samples_.test,
            .classes = data.classes,
            .answers_path = folder_.path() + "/answers"};
  }
  ChooseIn Choose() {
    return {.project = &project_,
            .identity = &identity_,
            .samples = &samples_,
            .sources = &*sources_,
            .tare_version = "test",
            .out_folder = folder_.path()};
  }
  EvaluateIn Evaluate(const DataOut& data, const ChooseOut& choice, const BaselineIn& baseline) {
    return {.plan = &plan_,
            .identity = &identity_,
            .sources = &*sources_,
            .samples = samples_.test,
            .classes = data.classes,
            .model_path = folder_.path() + "/model.onnx",
            .model_sha256 = choice.model_sha256,
            .format = choice.format,
            .answers_path = baseline.answers_path,
            .answers_key = kBaselineStep.key(baseline)};
  }
  double TrueAccuracy() const {
    const auto wrong = std::ranges::count_if(samples_.test, IsMislabelled);
    return 1 - static_cast<double>(wrong) / static_cast<double>(samples_.test.size());
  }

  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  Project project_;
  TestPlan plan_;
  RunIdentity identity_;
  std::optional<RunSources> sources_;
  SplitSamples samples_;
};

double AccuracyOf(const verdict::Side& side) {
  return verdict::FindMetric(side.metrics, "accuracy")->value;
}

// A step that is found must be what was stored.
template <class In, class Out>
void ExpectSameAfterTheCache(const Step<In, Out>& step, const Out& out) {
  const Json written = step.write(out);
  const auto read = step.read(Json::parse(written.dump()));
  ASSERT_TRUE(read) << step.name << ": " << read.error().what;
  EXPECT_EQ(step.write(*read), written) << step.name;
  EXPECT_EQ(step.summary(*read), step.summary(out));
  EXPECT_FALSE(step.read(Json::array())) << step.name;
}

TEST_F(RunStepsTest, DataCountsEachSplit) {
  const DataOut data = Data();
  EXPECT_EQ(data.sizes.test, kRows);
  EXPECT_EQ(data.num_chosen.calibration, 16);
  EXPECT_EQ(data.num_chosen.search, 16);
  EXPECT_EQ(data.num_chosen.test, kRows - 32) << "what the others leave";
  EXPECT_EQ(data.num_duplicates, 0);
  EXPECT_THAT(kDataStep.summary(data), HasSubstr("test 48 · search 16 · calibration 16"));
  ExpectSameAfterTheCache(kDataStep, data);
}

TEST_F(RunStepsTest, DataRefusesALabelThatIsNotThere) {
  project_.label = "lable";
  plan_ = PlanOf(project_);
  sources_.emplace(project_, 60);
  const auto out = kDataStep.work({&project_, &identity_, &*sources_}, NoProgress());
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::kNotFound);
}

TEST_F(RunStepsTest, BaselineJudgesTheFloatModelAlone) {
  const BaselineIn in = Baseline(Data());
  const auto out = kBaselineStep.work(in, NoProgress());
  ASSERT_TRUE(out) << out.error().what;
  EXPECT_EQ(out->evidence.n, kRows - 32);
  EXPECT_DOUBLE_EQ(AccuracyOf(out->evidence.baseline), TrueAccuracy());
  EXPECT_FALSE(out->evidence.paired.has_value()) << "there is no pair";
  EXPECT_TRUE(out->evidence.candidate.metrics.empty());
  ExpectSameAfterTheCache(kBaselineStep, *out);
}

TEST_F(RunStepsTest, ChooseWritesTheModelAndSaysWhatItIs) {
  Data();
  const ChooseIn in = Choose();
  const auto out = kChooseStep.work(in, NoProgress());
  ASSERT_TRUE(out) << out.error().what;
  EXPECT_EQ(out->decline_reason, "");
  EXPECT_EQ(out->format, "int8_static");
  EXPECT_EQ(out->num_checked, 16);
  EXPECT_EQ(*Sha256File(folder_.path() + "/model.onnx"), out->model_sha256);
  EXPECT_EQ(out->sections.nodes.size(), 1U);
  EXPECT_TRUE(kChooseStep.stands(in, *out));
  ExpectSameAfterTheCache(kChooseStep, *out);
  ASSERT_TRUE(WriteFileAtomic(folder_.path() + "/recipe.yaml", "edited"));
  EXPECT_FALSE(kChooseStep.stands(in, *out)) << "another recipe lies there";
}

TEST_F(RunStepsTest, EvaluateComparesThePair) {
  const DataOut data = Data();
  const BaselineIn baseline = Baseline(data);
  ASSERT_TRUE(kBaselineStep.work(baseline, NoProgress()));
  const auto choice = kChooseStep.work(Choose(), NoProgress());
  ASSERT_TRUE(choice) << choice.error().what;
  const EvaluateIn in = Evaluate(data, *choice, baseline);
  const auto out = kEvaluateStep.work(in, NoProgress());
  ASSERT_TRUE(out) << out.error().what;
  EXPECT_DOUBLE_EQ(AccuracyOf(out->evidence.baseline), TrueAccuracy());
  EXPECT_DOUBLE_EQ(AccuracyOf(out->evidence.candidate), TrueAccuracy()) << "signs survive int8";
  EXPECT_EQ(out->evidence.paired->counts.flips, 0);
  EXPECT_EQ(out->evidence.candidate.label, "int8_static");
  EXPECT_FALSE(out->evidence.baseline.confusion.empty());
  ExpectSameAfterTheCache(kEvaluateStep, *out);
}

// The float model does not run over the test set twice: what it is said to have answered is
// believed.
TEST_F(RunStepsTest, EvaluateTakesTheAnswersOfTheBaselineStep) {
  const DataOut data = Data();
  const BaselineIn baseline = Baseline(data);
  const auto choice = kChooseStep.work(Choose(), NoProgress());
  ASSERT_TRUE(choice) << choice.error().what;
  EvaluateIn in = Evaluate(data, *choice, baseline);
  {
    AnswerRecorder recorder(in.answers_path, in.answers_key);
    const evaluate::RunnableModel contrary = recorder.Record(
        {{{"logits", DType::kFloat32, {-1, 2}}},
         [](std::span<const NamedTensor> inputs, const evaluate::RunnableModel::Use& use) {
           std::vector<float> logits;
           const auto x = inputs[0].value.data<float>();
           for (size_t i = 0; i < x.size(); i += 2) logits.insert(logits.end(), {-x[i], x[i]});
           const Tensor out = Tensor::Of<float>({std::ssize(logits) / 2, 2}, logits);
           const TensorView views[] = {{out.dtype(), out.shape(), out.bytes()}};
           return use(views);
         }});
    const auto* sets = sources_->Sets().value();
    SplitBatches batches(plan_, sets->test, in.samples);
    while (true) {
      const auto batch = batches.Next();
      ASSERT_TRUE(batch);
      if (!*batch) break;
      ASSERT_TRUE(contrary.run((*batch)->inputs, [](auto) { return Result<void>(); }));
    }
    recorder.Keep();
  }
  auto out = kEvaluateStep.work(in, NoProgress());
  ASSERT_TRUE(out) << out.error().what;
  EXPECT_DOUBLE_EQ(AccuracyOf(out->evidence.baseline), 1 - TrueAccuracy());
  in.answers_key = "of another run";
  out = kEvaluateStep.work(in, NoProgress());
  ASSERT_TRUE(out) << out.error().what;
  EXPECT_DOUBLE_EQ(AccuracyOf(out->evidence.baseline), TrueAccuracy()) << "then it runs";
}

// Keeps the line that each step leaves.
class LinesOfSteps : public Progress {
 public:
  void Begin(std::string_view, int64_t) override {}
  void Update(int64_t) override {}
  void End(std::string_view summary) override { lines.emplace_back(summary); }
  std::vector<std::string> lines;
};

TEST_F(RunStepsTest, EvaluateRunsTheFloatModelAgainWhereItsAnswersAreDamaged) {
  const DataOut data = Data();
  const BaselineIn baseline = Baseline(data);
  ASSERT_TRUE(kBaselineStep.work(baseline, NoProgress()));
  const auto choice = kChooseStep.work(Choose(), NoProgress());
  ASSERT_TRUE(choice) << choice.error().what;
  const EvaluateIn in = Evaluate(data, *choice, baseline);
  const std::string whole = *ReadFile(in.answers_path);
  LinesOfSteps progress;
  for (const std::string& damaged : {whole, whole.substr(0, whole.size() / 2)}) {
    ASSERT_TRUE(WriteFileAtomic(in.answers_path, damaged));
    const auto out = kEvaluateStep.work(in, progress);
    ASSERT_TRUE(out) << out.error().what;
    EXPECT_DOUBLE_EQ(AccuracyOf(out->evidence.baseline), TrueAccuracy());
  }
  ASSERT_EQ(progress.lines.size(), 2U);
  EXPECT_THAT(progress.lines[0], testing::Not(HasSubstr("damaged")));
  EXPECT_THAT(progress.lines[1], HasSubstr("damaged: it was run again"));
}

TEST_F(RunStepsTest, JudgeHoldsTheEvidenceAgainstThePolicy) {
  const DataOut data{.sizes = {80, 80, 80}, .num_chosen = {16, 16, 48}, .leak = "a leak"};
  ChooseOut choice;
  choice.model_sha256 = "abc";
  choice.num_checked = 7;
  EvaluateOut evaluation;
  evaluation.evidence.task = verdict::Task::kClassification;
  evaluation.evidence.n = 48;
  evaluation.evidence.warnings = {{"an old warning", "heed it"}};
  project_.policy = verdict::ParsePolicy("cost:\n- {metric: size_ratio, max: 0.5}\n", "p").value();
  evaluation.evidence.cost.size_ratio = 0.25;
  JudgeIn in{.project = &project_,
             .identity = &identity_,
             .data = &data,
             .choice = &choice,
             .evaluation = &evaluation,
             .policy_declared = "2026-01-01T00:00:00Z",
             .look = 2,
             .created = "2026-01-02T00:00:00Z"};
  const verdict::Report report = JudgeRun(in);
  ASSERT_TRUE(report.decision.has_value());
  EXPECT_EQ(report.decision->verdict, verdict::Verdict::kPass);
  EXPECT_EQ(report.data->search->n, 7) << "samples that were checked";
  EXPECT_EQ(report.data->test->n, 48);
  EXPECT_EQ(report.digests.at("candidate"), "sha256:abc");
  ASSERT_EQ(report.evidence.warnings.size(), 3U);
  EXPECT_EQ(report.evidence.warnings[0].what, "a leak") << "first";
  EXPECT_THAT(report.evidence.warnings[2].what, HasSubstr("look 2"));
  evaluation.evidence.cost.size_ratio = 0.75;
  EXPECT_EQ(JudgeRun(in).decision->verdict, verdict::Verdict::kFail);

  const std::string key = ReportKey(in, "evaluation");
  in.created = "2026-01-03T00:00:00Z";
  EXPECT_EQ(ReportKey(in, "evaluation"), key) << "the time of writing is not what it says";
  in.look = 3;
  EXPECT_NE(ReportKey(in, "evaluation"), key);
}

}  // namespace
}  // namespace tare::pipeline
