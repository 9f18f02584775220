#include "tare/runtime/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "graph/model_builder.h"
#include "runtime/run_for_test.h"
#include "tare/core/file.h"
#include "tare/core/progress.h"
#include "tare/graph/onnx.h"

namespace tare::runtime {
namespace {

using graph::Model;
using graph::ModelBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

// a = x + 1, b = [x > 0]
Model TwoOutputs() {
  return ModelBuilder(13)
      .Input("x", {-1, 2})
      .Floats("one", {}, {1})
      .Floats("zero", {}, {0})
      .Op("Add", {"x", "one"}, {"a"})
      .Op("Greater", {"x", "zero"}, {"b"})
      .Output("a")
      .Output("b")
      .Build();
}

Result<Session> Load(const Model& model) { return MakeSession(model, {}); }

void ExpectError(const Error& error, ErrorCode code, const std::vector<std::string>& words) {
  EXPECT_EQ(error.code, code) << error.what;
  for (const std::string& word : words) EXPECT_THAT(error.what, HasSubstr(word));
  EXPECT_FALSE(error.next_step.empty());
}

TEST(SessionTest, DescribesInputsAndOutputsInTheModelsOrder) {
  const auto session = Load(TwoOutputs());
  ASSERT_TRUE(session) << session.error().what;
  EXPECT_THAT(session->inputs(), ElementsAre(ValueInfo{"x", DType::kFloat32, {-1, 2}}));
  EXPECT_THAT(session->outputs(), ElementsAre(ValueInfo{"a", DType::kFloat32, {-1, 2}},
                                              ValueInfo{"b", DType::kBool, {-1, 2}}));
}

TEST(SessionTest, RunsAndReturnsOutputsInOrder) {
  const auto session = Load(TwoOutputs());
  ASSERT_TRUE(session);
  const std::vector<NamedTensor> inputs{{"unasked", Tensor::Of<float>({1}, {0})},
                                        {"x", Tensor::Of<float>({1, 2}, {-1, 2})}};
  const auto outputs = session->Run(inputs);
  ASSERT_TRUE(outputs) << outputs.error().what;
  EXPECT_EQ((*outputs)[0], Tensor::Of<float>({1, 2}, {0, 3}));
  EXPECT_THAT((*outputs)[1].data<uint8_t>(), ElementsAre(0, 1));
}

TEST(SessionTest, TakesABatchOfZero) {
  const auto session = Load(TwoOutputs());
  const std::vector<NamedTensor> inputs{{"x", *Tensor::Zeros(DType::kFloat32, {0, 2})}};
  const auto outputs = session->Run(inputs);
  ASSERT_TRUE(outputs) << outputs.error().what;
  EXPECT_EQ((*outputs)[0].shape(), (Shape{0, 2}));
}

TEST(SessionTest, NamesTheInputThatIsMissingOrDoesNotFit) {
  const auto session = Load(TwoOutputs());
  ASSERT_TRUE(session);
  const auto run = [&](Tensor value) {
    const std::vector<NamedTensor> inputs{{"x", std::move(value)}};
    return session->Run(inputs);
  };
  const auto missing = session->Run({});
  ASSERT_FALSE(missing);
  ExpectError(missing.error(), ErrorCode::kInvalidArgument, {"'x'"});
  const auto type = run(Tensor::Of<double>({1, 2}, {1, 2}));
  ASSERT_FALSE(type);
  ExpectError(type.error(), ErrorCode::kInvalidArgument,
              {"'x'", "float32 [?, 2]", "float64 [1, 2]"});
  const auto shape = run(Tensor::Of<float>({1, 3}, {1, 2, 3}));
  ASSERT_FALSE(shape);
  ExpectError(shape.error(), ErrorCode::kInvalidArgument, {"[1, 3]"});
  const auto rank = run(Tensor::Of<float>({2}, {1, 2}));
  ASSERT_FALSE(rank);
  ExpectError(rank.error(), ErrorCode::kInvalidArgument, {"[2]"});
}

TEST(SessionTest, ShowsOutputsWithoutCopyingThem) {
  const auto session = Load(TwoOutputs());
  const std::vector<NamedTensor> inputs{{"x", Tensor::Of<float>({1, 2}, {-1, 2})}};
  size_t seen = 0;
  ASSERT_TRUE(session->RunViews(inputs, [&](std::span<const TensorView> views) -> Result<void> {
    seen = views.size();
    EXPECT_THAT(views[0].data<float>(), ElementsAre(0, 3));
    EXPECT_THAT(views[0].shape, ElementsAre(1, 2));
    return {};
  }));
  EXPECT_EQ(seen, 2U);
  const auto stopped = session->RunViews(
      inputs, [](std::span<const TensorView>) -> Result<void> { return Cancelled(); });
  ASSERT_FALSE(stopped) << "an error of the callback comes back";
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
}

// Weights in files, in memory, in bodies, small ones inside: each is read where it is.
TEST(SessionTest, ReadsWeightsWhereTheyAre) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder);
  const Tensor kept = graph::RandomTensor({16, 64}, 3);
  const std::string bytes(reinterpret_cast<const char*>(kept.bytes().data()), kept.bytes().size());
  std::filesystem::create_directories(folder->path() + "/a/b");
  for (const char* name : {"/a/w", "/a/b/w"})
    ASSERT_TRUE(WriteFileAtomic(folder->path() + name, "abcd" + bytes));
  const auto mapped = [&](const std::string& name) {
    auto file = MappedFile::Open(std::filesystem::canonical(folder->path() + name).string());
    EXPECT_TRUE(file);
    return *Tensor::FromFile(DType::kFloat32, {16, 64}, *file, 4);
  };
  // y = x w + x w + x w, then the same once more or minus it, as c says.
  const auto build = [&](const Tensor& first, const Tensor& second, const Tensor& inside) {
    Model model = ModelBuilder(13)
                      .Input("x", {-1, 16})
                      .Input("c", {}, DType::kBool)
                      .Op("MatMul", {"x", "u"}, {"a"})
                      .Op("MatMul", {"x", "v"}, {"b"})
                      .Op("Add", {"a", "b"}, {"s"})
                      .Build();
    const auto body = [&](const char* op) {
      graph::Graph graph = ModelBuilder(13)
                               .Op("MatMul", {"x", "w"}, {"p"})
                               .Op(op, {"s", "p"}, {"z"})
                               .Output("z", DType::kFloat32, {-1, 64})
                               .Body();
      graph.AddInitializer("w", inside);
      return graph;
    };
    graph::Node branch;
    branch.op_type = "If";
    branch.inputs = {"c"};
    branch.outputs = {"y"};
    branch.attributes = {graph::BodyOf("then_branch", body("Add")),
                         graph::BodyOf("else_branch", body("Sub"))};
    model.graph.nodes.push_back(branch);
    model.graph.outputs.push_back({{"y", DType::kFloat32, {-1, 64}}, ""});
    model.graph.AddInitializer("u", first);
    model.graph.AddInitializer("v", second);
    return model;
  };
  const Model owned = build(kept, kept, kept);
  const Model lent = build(mapped("/a/w"), kept, mapped("/a/b/w"));
  for (const uint8_t condition : {0, 1}) {
    const std::vector<NamedTensor> inputs = {
        {"x", graph::RandomTensor({3, 16}, 4)},
        {"c", *Tensor::FromBytes(DType::kBool, {}, {std::byte{condition}})}};
    const auto expected = Session::FromBytes(*graph::SerializeOnnx(owned), {})->Run(inputs);
    for (const Optimization level : {Optimization::kNone, Optimization::kAll}) {
      SessionOptions options = AtLevel(level);
      for (const bool prepack : {true, false}) {
        options.prepack = prepack;
        const auto session = MakeSession(lent, options);
        ASSERT_TRUE(session) << session.error().what;
        const auto outputs = session->Run(inputs);
        ASSERT_TRUE(outputs) << outputs.error().what;
        // Sums of 16 products in another order.
        EXPECT_LE(MaxDifference((*expected)[0], (*outputs)[0]), 1e-5);
      }
    }
  }
}

TEST(SessionTest, LoadsAModelWithAWeightThatNothingReads) {
  const auto session = Load(ModelBuilder(13)
                                .Input("x", {-1, 2})
                                .Floats("unread", {1000}, std::vector<float>(1000, 1.0F))
                                .Op("Relu", {"x"}, {"y"})
                                .Output("y")
                                .Build());
  EXPECT_TRUE(session) << session.error().what;
}

TEST(SessionTest, HoldsTheWeightsThatItReads) {
  std::optional<Session> session;
  {
    Model model =
        ModelBuilder(13).Input("x", {1, 512}).Op("Add", {"x", "w"}, {"y"}).Output("y").Build();
    model.graph.AddInitializer("w", Tensor::Of<float>({1, 512}, std::vector<float>(512, 2.0F)));
    auto made = MakeSession(model, {});
    ASSERT_TRUE(made) << made.error().what;
    session.emplace(*std::move(made));
  }
  const auto outputs = session->Run(
      std::vector<NamedTensor>{{"x", Tensor::Of<float>({1, 512}, std::vector<float>(512, 1.0F))}});
  ASSERT_TRUE(outputs);
  EXPECT_EQ((*outputs)[0], Tensor::Of<float>({1, 512}, std::vector<float>(512, 3.0F)));
}

TEST(SessionTest, SaysThatThereIsTooLittleMemory) {
#ifdef TARE_SANITIZED
  GTEST_SKIP() << "a sanitizer ends the process instead";
#endif
  // 2^46 floats: no machine has them.
  const Model model = ModelBuilder(13)
                          .Input("x", {1})
                          .Input("shape", {2}, DType::kInt64)
                          .Op("Expand", {"x", "shape"}, {"y"})
                          .Output("y")
                          .Build();
  const auto session = Load(model);
  ASSERT_TRUE(session) << session.error().what;
  const auto outputs = session->Run(std::vector<NamedTensor>{
      {"x", Tensor::Of<float>({1}, {0})}, {"shape", Tensor::Of<int64_t>({2}, {1 << 23, 1 << 23})}});
  ASSERT_FALSE(outputs);
  ExpectError(outputs.error(), ErrorCode::kResourceExhausted, {"memory"});
}

TEST(SessionTest, SaysWhatIsNoModel) {
  for (const std::string& bytes :
       {std::string(), std::string("not a model"), std::string(1000, '\xFF')}) {
    const auto session = Session::FromBytes(bytes, {});
    ASSERT_FALSE(session);
    ExpectError(session.error(), ErrorCode::kUnsupported, {"ONNX Runtime"});
  }
  const auto missing = Session::FromFile("/nowhere/model.onnx", {});
  ASSERT_FALSE(missing);
  ExpectError(missing.error(), ErrorCode::kNotFound, {"/nowhere/model.onnx"});
}

// A model of a custom domain needs its library: the error must say which.
TEST(SessionTest, NamesADomainThatItDoesNotKnow) {
  const Model model = ModelBuilder(13)
                          .Opset("acme.ops", 1)
                          .Input("x", {2})
                          .Op("Frobnicate", {"x"}, {"y"}, {}, "acme.ops")
                          .Output("y", DType::kFloat32)
                          .Build();
  const auto session = Load(model);
  ASSERT_FALSE(session);
  ExpectError(session.error(), ErrorCode::kUnsupported, {"acme.ops"});
  EXPECT_THAT(session.error().next_step, HasSubstr("--custom-ops"));
}

TEST(SessionTest, NamesALibraryThatIsMissing) {
  SessionOptions options;
  options.custom_op_libraries = {"/nowhere/libcustom.so"};
  const auto session = MakeSession(TwoOutputs(), options);
  ASSERT_FALSE(session);
  ExpectError(session.error(), ErrorCode::kUnsupported, {"/nowhere/libcustom.so"});
}

TEST(SessionTest, ReturnsTheRuntimesOwnMessageWhenARunFails) {
  // The shapes of the two inputs only meet at run time.
  const auto session = Load(ModelBuilder(13)
                                .Input("x", {-1})
                                .Input("z", {-1})
                                .Op("Add", {"x", "z"}, {"y"})
                                .Output("y")
                                .Build());
  ASSERT_TRUE(session);
  const std::vector<NamedTensor> inputs{{"x", Tensor::Of<float>({2}, {1, 2})},
                                        {"z", Tensor::Of<float>({3}, {1, 2, 3})}};
  const auto outputs = session->Run(inputs);
  ASSERT_FALSE(outputs);
  ExpectError(outputs.error(), ErrorCode::kUnsupported, {"cannot run the model"});
}

TEST(SessionTest, LeavesAnOutputThatIsNoNumericTensorEmpty) {
  const auto session = Load(ModelBuilder(13)
                                .Input("x", {2})
                                .Op("SequenceConstruct", {"x"}, {"s"})
                                .Op("Neg", {"x"}, {"y"})
                                .Output("s")
                                .Output("y")
                                .Build());
  ASSERT_TRUE(session) << session.error().what;
  EXPECT_EQ(session->outputs()[0].dtype, DType::kUndefined);
  const std::vector<NamedTensor> inputs{{"x", Tensor::Of<float>({2}, {1, 2})}};
  const auto outputs = session->Run(inputs);
  ASSERT_TRUE(outputs) << outputs.error().what;
  EXPECT_EQ((*outputs)[0].dtype(), DType::kUndefined);
  EXPECT_EQ((*outputs)[1].num_elements(), 2);
}

TEST(SessionTest, WritesAProfile) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder);
  SessionOptions options;
  options.profile_prefix = folder->path() + "/profile";
  auto session = MakeSession(TwoOutputs(), options);
  ASSERT_TRUE(session);
  const std::vector<NamedTensor> inputs{{"x", Tensor::Of<float>({1, 2}, {-1, 2})}};
  ASSERT_TRUE(session->Run(inputs));
  const auto path = session->EndProfiling();
  ASSERT_TRUE(path) << path.error().what;
  EXPECT_TRUE(std::filesystem::exists(*path));
  EXPECT_EQ(path->rfind(folder->path(), 0), 0U) << "nothing lands in the current folder";
}

}  // namespace
}  // namespace tare::runtime
