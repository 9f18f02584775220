// Two models from their files on the same samples: what only a whole comparison shows.

#include "tare/pipeline/evaluate_models.h"

#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "tare/core/file.h"
#include "tare/graph/onnx.h"

namespace tare::pipeline {
namespace {

// y = x + noise, as large as x.
graph::Model Noisy() {
  return graph::ModelBuilder()
      .Input("x", {-1, 20})
      .Op("RandomUniformLike", {"x"}, {"noise"})
      .Op("Add", {"x", "noise"}, {"y"})
      .Output("y")
      .Build();
}

TEST(EvaluateModelsTest, DrawsTheSameRandomNumbersInBothModels) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder);
  std::string csv;
  for (int column = 0; column < 20; ++column) csv += StrCat(column == 0 ? "" : ",", "c", column);
  for (int row = 0; row < 40; ++row) {
    csv += '\n';
    for (int column = 0; column < 20; ++column)
      csv += StrCat(column == 0 ? "" : ",", 0.01 * ((row * 31 + column * 17) % 100));
  }
  EvaluateRequest request;
  request.baseline_path = request.candidate_path = folder->path() + "/m.onnx";
  request.data_path = folder->path() + "/x.csv";
  request.costs.batches = {1};
  ASSERT_TRUE(graph::WriteOnnx(Noisy(), request.baseline_path));
  ASSERT_TRUE(WriteFileAtomic(request.data_path, csv + "\n"));
  const auto found = EvaluateModels(request, NoProgress());
  ASSERT_TRUE(found) << found.error().what;
  ASSERT_EQ(found->report.evidence.outputs.size(), 1U);
  EXPECT_DOUBLE_EQ(found->report.evidence.outputs[0].least_cosine, 1);
}

}  // namespace
}  // namespace tare::pipeline
