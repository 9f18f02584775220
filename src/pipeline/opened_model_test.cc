// A model whose inputs promise any batch, and that runs one row.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "pipeline/opened_model_internal.h"
#include "tare/core/file.h"
#include "tare/graph/onnx.h"

namespace tare::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class OneRowTest : public testing::Test {
 protected:
  // x [N, 3, 4] reshaped to `shape`; its samples lie in a file beside it.
  OpenedModel Open(const std::vector<int64_t>& shape) {
    const auto model = graph::ModelBuilder()
                           .Input("x", {-1, 3, 4})
                           .Constant("s", Tensor::Of<int64_t>({std::ssize(shape)}, shape))
                           .Op("Reshape", {"x", "s"}, {"y"})
                           .Output("y")
                           .Build();
    const std::string path = folder_->path() + "/m.onnx";
    EXPECT_TRUE(graph::WriteOnnx(model, path));
    EXPECT_TRUE(WriteFileAtomic(Data(), Lines()));
    auto opened = OpenedModel::Open({.path = path});
    EXPECT_TRUE(opened) << opened.error().what;
    return *std::move(opened);
  }
  std::string Data() const { return folder_->path() + "/d.jsonl"; }
  static std::string Lines() {
    std::string text;
    for (int i = 0; i < 4; ++i)
      text += "{\"x\": [[1,2,3,4],[5,6,7,8],[9,1,2," + std::to_string(i) + "]]}\n";
    return text;
  }

  Result<TemporaryFolder> folder_ = TemporaryFolder::Create();
};

TEST_F(OneRowTest, LimitsEveryFeedOfTheModelAndSaysWhy) {
  OpenedModel model = Open({1, 12});
  const auto before = model.Bind(FileSource(Data()));
  ASSERT_TRUE(before) << before.error().what;
  EXPECT_EQ(before->feed->natural_batch(), 0);
  const std::vector<int64_t> samples = {0, 1, 2, 3};
  const auto probes = before->Probes(samples, 1);
  ASSERT_TRUE(probes) << probes.error().what;
  const auto prepared = model.Prepare(*probes, NoProgress());
  ASSERT_TRUE(prepared) << prepared.error().what;
  EXPECT_THAT(prepared->notes, ElementsAre(HasSubstr("one sample at a time")));
  EXPECT_EQ(before->feed->natural_batch(), 1) << "bound before it was known";
  const auto after = model.Bind(FileSource(Data()));
  ASSERT_TRUE(after) << after.error().what;
  EXPECT_EQ(after->feed->natural_batch(), 1);
}

TEST_F(OneRowTest, LeavesAModelAloneThatTakesAnyNumber) {
  OpenedModel model = Open({0, 12});
  const auto source = model.Bind(FileSource(Data()));
  ASSERT_TRUE(source) << source.error().what;
  const std::vector<int64_t> samples = {0, 1, 2, 3};
  const auto probes = source->Probes(samples, 1);
  ASSERT_TRUE(probes) << probes.error().what;
  ASSERT_TRUE(model.Try(*probes, NoProgress()));
  EXPECT_EQ(source->feed->natural_batch(), 0);
  EXPECT_THAT(model.notes(), IsEmpty());
}

}  // namespace
}  // namespace tare::pipeline
