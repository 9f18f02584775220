#include "tare/runtime/probe.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "graph/model_builder.h"
#include "tare/core/file.h"
#include "tare/graph/onnx.h"
#include "tare/runtime/host.h"
#include "tare/runtime/request.h"

#ifdef TARE_SANITIZED
constexpr bool kSanitized = true;  // whose shadow memory no limit leaves room for
#else
constexpr bool kSanitized = false;
#endif

namespace tare::runtime {
namespace {

using testing::HasSubstr;
constexpr double kLimitS = 60;

const ChildTask kDie("test-model-dies", [](std::string_view number) -> Result<std::string> {
  const int signal = std::stoi(std::string(number));
  ::signal(signal, SIG_DFL);  // sanitizers have handlers of their own
  ::raise(signal);
  return std::string();
});
const ChildTask kLeave("test-model-leaves",
                       [](std::string_view) -> Result<std::string> { ::_exit(3); });
const ChildTask kHang("test-model-hangs", [](std::string_view) -> Result<std::string> {
  while (true) ::pause();
});

const ChildTask kLimit("test-model-limit", [](std::string_view) -> Result<std::string> {
  rlimit limit{};
  ::getrlimit(RLIMIT_DATA, &limit);
  return std::to_string(static_cast<int64_t>(std::min<rlim_t>(limit.rlim_cur, INT64_MAX)));
});
const ChildTask kFill("test-model-fills", [](std::string_view) -> Result<std::string> {
  return std::string(size_t{1} << 45, 'x');  // never touched: it cannot be had
});

class Stopped : public Progress {
 public:
  void Begin(std::string_view, int64_t) override {}
  void Update(int64_t) override {}
  void End(std::string_view) override {}
  bool cancelled() const override { return true; }
};

graph::Model Relu() {
  return graph::ModelBuilder().Input("x", {2}).Op("Relu", {"x"}, {"y"}).Output("y").Build();
}

std::vector<NamedTensor> Pair(const std::string& name, const std::vector<float>& values) {
  return {{name, Tensor::Of<float>({std::ssize(values)}, values)}};
}

class TryInChildTest : public testing::Test {
 protected:
  std::string Saved(const graph::Model& model) const {
    std::string path = folder_->path() + "/model.onnx";
    EXPECT_TRUE(graph::WriteOnnx(model, path));
    return path;
  }
  using Runs = std::vector<std::vector<NamedTensor>>;
  static Result<Tried> Try(const std::string& path, Runs runs) {
    return TryInChild(path, {std::move(runs), {}}, {}, kLimitS, NoProgress());
  }
  // A run of one row, and of two.
  Result<Tried> TryPair(const graph::Model& model) const {
    const auto rows = [](int64_t count) {
      return std::vector<NamedTensor>{{"x", graph::RandomTensor({count, 3, 4}, 1)}};
    };
    return TryInChild(Saved(model), {{rows(1)}, rows(2)}, {}, kLimitS, NoProgress());
  }
  static graph::Model Reshaping(const std::vector<int64_t>& shape) {
    return graph::ModelBuilder()
        .Input("x", {-1, 3, 4})
        .Constant("s", Tensor::Of<int64_t>({std::ssize(shape)}, shape))
        .Op("Reshape", {"x", "s"}, {"y"})
        .Output("y")
        .Build();
  }

  Result<TemporaryFolder> folder_ = TemporaryFolder::Create();
};

TEST_F(TryInChildTest, LoadsAndRunsTheModel) {
  const std::string path = Saved(Relu());
  for (const Runs& runs : {Runs{}, Runs{Pair("x", {1, 2}), Pair("x", {-1, 0})}}) {
    const auto tried = Try(path, runs);
    EXPECT_TRUE(tried) << tried.error().what;
    EXPECT_FALSE(tried->had_pair);
  }
}

TEST_F(TryInChildTest, SaysWhetherTwoSamplesRunAtATime) {
  const auto any = TryPair(Reshaping({0, -1}));  // [N, 12]
  ASSERT_TRUE(any) << any.error().what;
  EXPECT_TRUE(any->had_pair);
  EXPECT_EQ(any->pair_error, "");
  EXPECT_TRUE(any->follows);
  const auto baked = TryPair(Reshaping({1, 12}));
  ASSERT_TRUE(baked) << baked.error().what;
  EXPECT_NE(baked->pair_error, "");
  EXPECT_FALSE(baked->follows);
  const auto joined = TryPair(Reshaping({1, -1}));  // runs, and makes one row of the two
  ASSERT_TRUE(joined) << joined.error().what;
  EXPECT_EQ(joined->pair_error, "");
  EXPECT_FALSE(joined->follows);
}

TEST_F(TryInChildTest, RunsOnEveryProbe) {
  const std::string path = Saved(Relu());
  const auto wrong_shape = Try(path, {Pair("x", {1, 2}), Pair("x", {1, 2, 3})});
  ASSERT_FALSE(wrong_shape);
  EXPECT_EQ(wrong_shape.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(wrong_shape.error().what, HasSubstr("[3] in the data"));
  const auto wrong_name = Try(path, {Pair("z", {1, 2})});
  ASSERT_FALSE(wrong_name);
  EXPECT_EQ(wrong_name.error().what, "no data for the model's input 'x'");
  EXPECT_EQ(wrong_name.error().next_step, "give an array of that name");
}

TEST_F(TryInChildTest, SaysWhatTheRuntimeSaysHere) {
  const std::string path =
      Saved(graph::ModelBuilder().Input("x", {2}).Op("NoSuchOp", {"x"}, {"y"}).Output("y").Build());
  const auto here = Session::FromFile(path, {});
  const auto there = Try(path, {});
  ASSERT_FALSE(here);
  ASSERT_FALSE(there);
  EXPECT_EQ(there.error().code, here.error().code);
  EXPECT_EQ(there.error().what, here.error().what);
  EXPECT_EQ(there.error().next_step, here.error().next_step);
  EXPECT_EQ(Try("/nowhere.onnx", {}).error().code, ErrorCode::kNotFound);
}

TEST_F(TryInChildTest, HandsTheOptionsOver) {
  SessionOptions options;
  options.custom_op_libraries = {"/nowhere/libops.so"};
  const auto tried = TryInChild(Saved(Relu()), {}, options, kLimitS, NoProgress());
  ASSERT_FALSE(tried);
  EXPECT_THAT(tried.error().what, HasSubstr("/nowhere/libops.so"));
}

TEST_F(TryInChildTest, ReadsTheStandardInputOfItsParent) {
  const int before = ::dup(0);
  const int file = ::open(Saved(Relu()).c_str(), O_RDONLY | O_CLOEXEC);
  ::dup2(file, 0);
  const auto tried = Try("/dev/stdin", {Pair("x", {1, 2})});
  ::dup2(before, 0);
  ::close(before);
  ::close(file);
  EXPECT_TRUE(tried) << tried.error().what;
}

TEST_F(TryInChildTest, IsStoppedByTheUser) {
  const auto tried = TryInChild(Saved(Relu()), {}, {}, kLimitS, Stopped());
  ASSERT_FALSE(tried);
  EXPECT_EQ(tried.error().code, ErrorCode::kCancelled);
}

TEST(RunModelInChildTest, NamesTheSignalOfACrash) {
  const auto crashed = RunModelInChild(kDie, std::to_string(SIGSEGV), kLimitS, NoProgress());
  ASSERT_FALSE(crashed);
  EXPECT_EQ(crashed.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(crashed.error().what, "the runtime crashes on this model (Segmentation fault)");
  EXPECT_THAT(crashed.error().next_step, HasSubstr("in ONNX Runtime by itself"));
}

TEST(RunModelInChildTest, TakesCtrlCForTheUsersWish) {
  const auto interrupted = RunModelInChild(kDie, std::to_string(SIGINT), kLimitS, NoProgress());
  ASSERT_FALSE(interrupted);
  EXPECT_EQ(interrupted.error().code, ErrorCode::kCancelled);
}

TEST(RunModelInChildTest, ReportsAChildThatEndsWithoutAWord) {
  const auto left = RunModelInChild(kLeave, "", kLimitS, NoProgress());
  ASSERT_FALSE(left);
  EXPECT_EQ(left.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(left.error().what, HasSubstr("exit code 3"));
  EXPECT_FALSE(left.error().next_step.empty());
}

TEST(RunModelInChildTest, GivesNoMoreMemoryThanTheHostHas) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer reserves terabytes";
  const int64_t before = AvailableMemoryBytes();
  const auto limit = RunModelInChild(kLimit, "", kLimitS, NoProgress());
  ASSERT_TRUE(limit) << limit.error().what;
  // The host is shared: what is available moves meanwhile.
  EXPECT_GT(std::stoll(*limit), before / 4);
  EXPECT_LT(std::stoll(*limit), 4 * before);
}

TEST(RunModelInChildTest, NamesMemoryWhereTheKernelKillsForIt) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer reserves terabytes";
  for (const auto& [task, request] : {std::pair(&kDie, std::to_string(SIGKILL)), {&kFill, ""}}) {
    const auto killed = RunModelInChild(*task, request, kLimitS, NoProgress());
    ASSERT_FALSE(killed);
    EXPECT_EQ(killed.error().code, ErrorCode::kResourceExhausted) << killed.error().what;
    EXPECT_THAT(killed.error().what, HasSubstr("more memory than the host has"));
    EXPECT_FALSE(killed.error().next_step.empty());
  }
}

TEST(RunModelInChildTest, EndsAHang) {
  const auto hung = RunModelInChild(kHang, "", 0.2, NoProgress());
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(hung.error().what, "the model did not answer within 0.2 s");
  EXPECT_THAT(hung.error().next_step, HasSubstr("--time-limit"));
}

TEST(RunModelInChildTest, NeedsTime) {
  for (const double limit_s : {0.0, -1.0}) {
    const auto end = RunModelInChild(kLeave, "", limit_s, NoProgress());
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(end.error().next_step, HasSubstr("more than 0"));
  }
  const auto for_ever = RunModelInChild(kLeave, "", 1e300, NoProgress());
  ASSERT_FALSE(for_ever);
  EXPECT_EQ(for_ever.error().code, ErrorCode::kUnsupported) << "a limit beyond any clock";
}

TEST(RequestTest, GivesBackWhatWasPutIn) {
  SessionOptions options;
  options.num_threads = 3;
  options.optimization = Optimization::kBasic;
  options.custom_op_libraries = {"a.so", ""};
  options.optimized_model_path = "o";
  options.profile_prefix = "p";
  options.external_data_folder = "e";
  options.prepack = false;
  std::vector<NamedTensor> inputs = Pair("x", {1, -2, 3});
  inputs.push_back({"scalar", Tensor::Of<int64_t>({}, {7})});
  inputs.push_back({"empty", Tensor::Of<float>({2, 0}, std::vector<float>())});
  ByteWriter writer;
  WriteSession(options, writer);
  WriteInputs(inputs, writer);
  const std::string bytes = std::move(writer).Take();
  ByteReader reader(bytes);
  const SessionOptions read = ReadSession(reader);
  EXPECT_EQ(read.num_threads, 3);
  EXPECT_EQ(read.optimization, Optimization::kBasic);
  EXPECT_EQ(read.custom_op_libraries, options.custom_op_libraries);
  EXPECT_EQ(read.optimized_model_path, "o");
  EXPECT_EQ(read.profile_prefix, "p");
  EXPECT_EQ(read.external_data_folder, "e");
  EXPECT_FALSE(read.prepack);
  const auto tensors = ReadInputs(reader);
  ASSERT_TRUE(tensors) << tensors.error().what;
  ASSERT_EQ(tensors->size(), 3U);
  for (size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_EQ((*tensors)[i].name, inputs[i].name);
    EXPECT_EQ((*tensors)[i].value, inputs[i].value);
  }
  EXPECT_TRUE(reader.ok());
}

}  // namespace
}  // namespace tare::runtime
