#include "tare/pipeline/draft_project.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "tare/core/file.h"
#include "tare/graph/onnx.h"
#include "tare/pipeline/project.h"

namespace tare::pipeline {
namespace {

using testing::HasSubstr;
using testing::Not;

// A folder with a model of two features that answers three scores, and data for it.
class DraftProjectTest : public testing::Test {
 protected:
  DraftProjectTest() : folder_(TemporaryFolder::Create().value()) {
    const auto model = graph::ModelBuilder()
                           .Input("x", {-1, 2})
                           .Uniform("w", {2, 3}, 1)
                           .Op("MatMul", {"x", "w"}, {"y"})
                           .Output("y", DType::kFloat32, {-1, 3})
                           .Build();
    EXPECT_TRUE(graph::WriteOnnx(model, Path("_my model!.onnx")));
  }
  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }

  // Ten rows of two features, `more` behind them in the header and in each row.
  Draft DraftOf(const std::string& header, const std::string& row) {
    std::string text = "a,b" + header + "\n";
    for (int i = 0; i < 10; ++i) text += "0." + std::to_string(i) + ",1.5" + row + "\n";
    EXPECT_TRUE(WriteFileAtomic(Path("data.csv"), text));
    return Made({.model_path = Path("_my model!.onnx"), .data_path = Path("data.csv")});
  }
  Draft Made(DraftRequest request) {
    request.out_path = Path("tare.yaml");
    auto draft = DraftProject(request);
    EXPECT_TRUE(draft) << draft.error().what;
    return draft ? *draft : Draft();
  }

  TemporaryFolder folder_;
};

TEST_F(DraftProjectTest, IsAProjectThatRunsAsItIs) {
  const Draft draft = DraftOf(",label", ",2");
  EXPECT_TRUE(draft.is_complete);
  EXPECT_EQ(draft.missing, "");
  const auto project = ParseProject(draft.text, Path("tare.yaml"));
  ASSERT_TRUE(project) << project.error().what;
  EXPECT_EQ(project->name, "my-model-") << "what a name cannot hold becomes a dash";
  EXPECT_EQ(project->label, "label");
  EXPECT_EQ(project->task, verdict::Task::kClassification);
  // A fifth of ten samples each; the test takes the rest.
  EXPECT_EQ(project->calibration.num_samples, 2);
  EXPECT_EQ(project->search.num_samples, 2);
  EXPECT_EQ(project->test.num_samples, 0);
  EXPECT_THAT(draft.text, HasSubstr("   # 6 samples\n"));
  EXPECT_EQ(project->policy.quality.size(), 3U);
  EXPECT_THAT(draft.text, Not(HasSubstr("corrupt:"))) << "no images";
}

TEST_F(DraftProjectTest, TakesTheLabelByItsNameWhereSeveralColumnsMightBeIt) {
  const Draft draft = DraftOf(",shop,target", ",7,1");
  EXPECT_THAT(draft.text,
              HasSubstr("  label: target\n"
                        "  # also whole numbers or text, one a sample: shop, target\n"));
}

TEST_F(DraftProjectTest, ComparesOutputsWhereNothingLooksLikeLabels) {
  const Draft draft = DraftOf("", "");
  EXPECT_TRUE(draft.is_complete);
  EXPECT_THAT(draft.text, HasSubstr("\ntask: outputs\n"));
  EXPECT_THAT(draft.text, HasSubstr("  # label: NAME of the array of class numbers"));
  EXPECT_THAT(draft.text, HasSubstr("    - {metric: cosine, min: 0.99}"));
  EXPECT_THAT(draft.text, Not(HasSubstr("accuracy")));
}

TEST_F(DraftProjectTest, SaysWhatToFillInWithoutData) {
  const Draft draft = Made({.model_path = Path("_my model!.onnx")});
  EXPECT_FALSE(draft.is_complete);
  EXPECT_EQ(draft.missing, "no --data was given: name the files under data");
  EXPECT_THAT(draft.text, HasSubstr("# TO DO: no --data was given: name the files under data\n"));
  EXPECT_THAT(draft.text, HasSubstr("  #   x is float32 [?, 2]\n"));
  EXPECT_THAT(draft.text, HasSubstr("{path: data.npz, samples: 300}"));  // of 3,000
  EXPECT_THAT(draft.text, HasSubstr("{path: data.npz, samples: 600}"));
}

TEST_F(DraftProjectTest, SaysWhyDataDoesNotFit) {
  EXPECT_TRUE(WriteFileAtomic(Path("few.csv"), "a\n0.5\n0.25\n"));
  const Draft draft = Made({.model_path = Path("_my model!.onnx"), .data_path = Path("few.csv")});
  EXPECT_FALSE(draft.is_complete);
  EXPECT_THAT(draft.missing, HasSubstr("x"));
  EXPECT_THAT(draft.text, HasSubstr("# TO DO: "));
}

TEST_F(DraftProjectTest, NamesFilesAsSeenFromTheProject) {
  const auto draft = DraftProject(
      {.model_path = "examples/table/model.onnx", .out_path = "examples/other/tare.yaml"});
  ASSERT_TRUE(draft) << draft.error().what;
  EXPECT_THAT(draft->text, HasSubstr("\nmodel: ../table/model.onnx\n"));
}

TEST_F(DraftProjectTest, EndsWithTheErrorOfAModelThatCannotBeRead) {
  const auto draft = DraftProject({.model_path = Path("none.onnx")});
  ASSERT_FALSE(draft);
  EXPECT_EQ(draft.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace tare::pipeline
