// Sizes of models whose weights lie in other files, and what such models become when written.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <string>

#include "graph/model_builder.h"
#include "tare/core/file.h"
#include "tare/graph/onnx.h"

namespace tare::graph {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kDataBytes = 5000;

// y = Add(x, w) with w [1024] in `location`, and the same again in a body.
std::string External(const std::string& location) {
  onnx::ModelProto proto;
  proto.set_ir_version(8);
  proto.add_opset_import()->set_version(17);
  auto* graph = proto.mutable_graph();
  const auto add = [&](onnx::GraphProto* to, const std::string& name) {
    auto* tensor = to->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    tensor->add_dims(1024);
    tensor->set_data_location(onnx::TensorProto::EXTERNAL);
    auto* entry = tensor->add_external_data();
    entry->set_key("location");
    entry->set_value(location);
    auto* node = to->add_node();
    node->set_op_type("Add");
    node->add_input("x");
    node->add_input(name);
    node->add_output(name + "_sum");
    to->add_output()->set_name(name + "_sum");
  };
  add(graph, "w");
  auto* branch = graph->add_node();
  branch->set_op_type("If");
  branch->add_input("c");
  branch->add_output("z");
  auto* body = branch->add_attribute();
  body->set_name("then_branch");
  body->set_type(onnx::AttributeProto::GRAPH);
  add(body->mutable_g(), "v");
  return proto.SerializeAsString();
}

class ModelBytesTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = TemporaryFolder::Create();
    ASSERT_TRUE(made);
    folder_.emplace(*std::move(made));
  }
  fs::path Path(const std::string& name) const { return fs::path(folder_->path()) / name; }
  void Put(const std::string& name, const std::string& content) const {
    fs::create_directories(Path(name).parent_path());
    ASSERT_TRUE(WriteFileAtomic(Path(name).string(), content));
  }
  std::optional<TemporaryFolder> folder_;
};

TEST_F(ModelBytesTest, CountsTheFileThatTensorsNameOnce) {
  const std::string model = External("weights/all.bin");
  Put("m.onnx", model);
  Put("weights/all.bin", std::string(kDataBytes, '\0'));
  Put("m.onnx.data", "of an older model, named by nobody");
  const auto bytes = ModelBytes(Path("m.onnx").string());
  ASSERT_TRUE(bytes) << bytes.error().what;
  EXPECT_EQ(*bytes, std::ssize(model) + kDataBytes);
}

TEST_F(ModelBytesTest, FollowsTheLinksOfAHubCache) {
  const std::string model = External("model.onnx_data");
  Put("blobs/1111", model);
  Put("blobs/2222", std::string(kDataBytes, '\0'));
  fs::create_directories(Path("snapshots/abc/onnx"));
  fs::create_symlink("../../../blobs/1111", Path("snapshots/abc/onnx/model.onnx"));
  fs::create_symlink("../../../blobs/2222", Path("snapshots/abc/onnx/model.onnx_data"));
  const std::string path = Path("snapshots/abc/onnx/model.onnx").string();
  const auto bytes = ModelBytes(path);
  ASSERT_TRUE(bytes) << bytes.error().what;
  EXPECT_EQ(*bytes, std::ssize(model) + kDataBytes);
  EXPECT_TRUE(ReadOnnx(path));
}

TEST_F(ModelBytesTest, RefusesWhatReadingRefuses) {
  Put("deep/m.onnx", External("../secret"));
  Put("secret", std::string(kDataBytes, '\0'));
  EXPECT_EQ(ModelBytes(Path("deep/m.onnx").string()).error().code, ErrorCode::kInvalidArgument);
  Put("deep/m.onnx", External("nowhere"));
  EXPECT_EQ(ModelBytes(Path("deep/m.onnx").string()).error().code, ErrorCode::kNotFound);
  const std::string whole = External("secret");
  for (size_t length = 1; length < whole.size(); length += 5) {
    Put("m.onnx", whole.substr(0, length));
    const auto bytes = ModelBytes(Path("m.onnx").string());
    // A cut between two fields leaves a shorter message, which reading refuses for other reasons.
    if (!bytes) {
      EXPECT_FALSE(bytes.error().next_step.empty());
    }
  }
}

TEST_F(ModelBytesTest, IsWhatIsWritten) {
  // 127 to 129 and 16383 to 16385 bytes: where protobuf's lengths grow by a byte.
  for (const int64_t count : {1, 31, 32, 33, 4095, 4096, 4097, 100000}) {
    const Model model = ModelBuilder()
                            .Input("x", {count})
                            .Floats("w", {count}, std::vector<float>(static_cast<size_t>(count)))
                            .Floats("v", {1}, {2})
                            .Op("Add", {"x", "w"}, {"s"})
                            .Op("Mul", {"s", "v"}, {"y"})
                            .Output("y")
                            .Build();
    const std::string path = Path("m.onnx").string();
    ASSERT_TRUE(WriteOnnx(model, path));
    EXPECT_EQ(WrittenBytes(model), static_cast<int64_t>(fs::file_size(path))) << count;
    EXPECT_EQ(*ModelBytes(path), static_cast<int64_t>(fs::file_size(path))) << count;
  }
}

TEST_F(ModelBytesTest, PassesOverPlacesWhereTensorsNoLongerHaveTheirBytes) {
  onnx::ModelProto proto;
  ASSERT_TRUE(proto.ParseFromString(External("nowhere")));
  for (auto* graph : {proto.mutable_graph(),
                      proto.mutable_graph()->mutable_node(1)->mutable_attribute(0)->mutable_g()}) {
    auto* tensor = graph->mutable_initializer(0);
    tensor->set_raw_data(std::string(4096, '\1'));
    tensor->set_data_location(onnx::TensorProto::DEFAULT);
  }
  Put("m.onnx", proto.SerializeAsString());
  ASSERT_TRUE(ReadOnnx(Path("m.onnx").string()));
  const auto files = ModelFiles(Path("m.onnx").string());
  ASSERT_TRUE(files) << files.error().what;
  EXPECT_EQ(*files, std::vector<std::string>{Path("m.onnx").string()});
}

// Such a tensor is written as it was read, into a file that may lie anywhere.
TEST_F(ModelBytesTest, RefusesDataInFilesThatItWouldLeaveBehind) {
  Put("weights.bin", std::string(kDataBytes, '\1'));
  const auto what_of = [&](const onnx::ModelProto& proto) {
    Put("m.onnx", proto.SerializeAsString());
    const auto model = ReadOnnx(Path("m.onnx").string());
    return model ? std::string("read") : model.error().what;
  };
  onnx::ModelProto proto;
  ASSERT_TRUE(proto.ParseFromString(External("weights.bin")));
  EXPECT_EQ(what_of(proto), "read");
  const onnx::TensorProto weight = proto.graph().initializer(0);

  onnx::ModelProto texts = proto;
  texts.mutable_graph()->mutable_initializer(0)->set_data_type(onnx::TensorProto::STRING);
  EXPECT_THAT(what_of(texts), testing::HasSubstr("'w' has data in another file"));

  onnx::ModelProto sparse = proto;
  *sparse.mutable_graph()->add_sparse_initializer()->mutable_values() = weight;
  EXPECT_THAT(what_of(sparse), testing::HasSubstr("has data in another file"));

  onnx::ModelProto list = proto;
  auto* attribute = list.mutable_graph()->mutable_node(0)->add_attribute();
  attribute->set_name("parts");
  attribute->set_type(onnx::AttributeProto::TENSORS);
  *attribute->add_tensors() = weight;
  EXPECT_THAT(what_of(list), testing::HasSubstr("attribute 'parts' has data in another file"));
}

TEST_F(ModelBytesTest, LeavesLargeWeightsWhereTheyAre) {
  Put("m.onnx", External("weights/all.bin"));
  Put("weights/all.bin", std::string(kDataBytes, '\1'));
  auto model = ReadOnnx(Path("m.onnx").string());
  ASSERT_TRUE(model) << model.error().what;
  model->graph.AddInitializer("own", Tensor::Of<float>({512}, std::vector<float>(512, 1.0F)));
  model->graph.AddInitializer("small", Tensor::Of<float>({2}, {1, 2}));
  model->graph.nodes[0].inputs[0] = "own";  // it is read: only then may the runtime be lent it
  const auto lean = SerializeLean(*model);
  ASSERT_TRUE(lean) << lean.error().what;
  EXPECT_LT(lean->bytes.size(), 1000U);
  ASSERT_EQ(lean->weights.size(), 1U);
  EXPECT_EQ(lean->weights[0].first, "own");
  EXPECT_EQ(lean->weights[0].second.get(), model->graph.FindInitializer("own")->value.get());
  // What lies in files is found again from there.
  const auto again = ParseOnnx(lean->bytes, "lean", lean->folder);
  EXPECT_FALSE(again) << "'own' is nowhere";
  EXPECT_THAT(again.error().what, testing::HasSubstr("memory"));
}

}  // namespace
}  // namespace tare::graph
