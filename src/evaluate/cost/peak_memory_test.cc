#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "evaluate/cost/peak_memory_internal.h"
#include "graph/model_builder.h"
#include "tare/core/file.h"
#include "tare/graph/onnx.h"
#include "tare/runtime/host.h"

namespace tare::evaluate {
namespace {

constexpr int64_t kMegabyte = 1 << 20;

class MeasureMemoryTest : public testing::Test {
 protected:
  // y = x, tiled `copies` times: an output of 4 * copies megabytes.
  std::string Tiling(int64_t copies) {
    std::string path = folder_->path() + "/" + std::to_string(copies) + ".onnx";
    const auto model = graph::ModelBuilder()
                           .Input("x", {kMegabyte})
                           .Ints("copies", {copies})
                           .Op("Tile", {"x", "copies"}, {"y"})
                           .Output("y")
                           .Build();
    EXPECT_TRUE(graph::WriteOnnx(model, path));
    return path;
  }

  Result<ResidentMemory> Measure(const std::string& path) const {
    return MeasureMemory(path, inputs_, {}, NoProgress());
  }

  Result<TemporaryFolder> folder_ = TemporaryFolder::Create();
  std::vector<NamedTensor> inputs_{
      {"x", Tensor::Of<float>({kMegabyte}, std::vector<float>(kMegabyte, 1))}};
};

TEST_F(MeasureMemoryTest, SeesWhatTheModelTakes) {
#ifdef TARE_SANITIZED
  GTEST_SKIP() << "the shadow of what is touched counts too";
#endif
  const auto small = Measure(Tiling(1));
  const auto large = Measure(Tiling(64));
  ASSERT_TRUE(small) << small.error().what;
  ASSERT_TRUE(large) << large.error().what;
  // 63 more outputs of 4 MB each; what else differs, and how exactly the kernel counts, is far
  // less.
  EXPECT_NEAR(static_cast<double>(large->peak - small->peak), 63.0 * 4 * kMegabyte,
              32.0 * kMegabyte);
  for (const auto& memory : {*small, *large}) {
    EXPECT_GT(memory.loaded, kMegabyte);
    EXPECT_GE(memory.peak, memory.loaded);
    EXPECT_GE(memory.peak, memory.first_run);
  }
}

TEST_F(MeasureMemoryTest, DoesNotCountWhatItsCallerHolds) {
  const std::string path = Tiling(1);
  const auto before = Measure(path);
  ASSERT_TRUE(before) << before.error().what;
  // As a server, or `tare run` in the middle of its work: a process that is large and has threads.
  const std::vector<char> block(512 * kMegabyte, 'x');
  ASSERT_GT(runtime::PeakResidentBytes(), 512 * kMegabyte + block[7] - 'x');
  Result<ResidentMemory> beside = Error{};
  std::thread([&] { beside = Measure(path); }).join();
  ASSERT_TRUE(beside) << beside.error().what;
  EXPECT_NEAR(static_cast<double>(beside->peak), static_cast<double>(before->peak),
              32.0 * kMegabyte);
}

TEST_F(MeasureMemoryTest, SaysThatTheModelDoesNotRun) {
  const auto missing = Measure(folder_->path() + "/nowhere.onnx");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(missing.error().next_step.empty());
}

}  // namespace
}  // namespace tare::evaluate
