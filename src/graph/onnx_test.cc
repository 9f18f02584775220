// Reading and writing whole models: what survives, what is refused.

#include "tare/graph/onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include "graph/model_builder.h"
#include "tare/core/file.h"

namespace tare::graph {
namespace {

using testing::HasSubstr;

Model SmallModel() {
  return ModelBuilder()
      .Input("x", {-1, 3, 4, 4})
      .Uniform("w", {2, 3, 1, 1}, 1)
      .Floats("b", {2}, {0.5F, -0.5F})
      .Op("Conv", {"x", "w", "b"}, {"c"},
          {IntsOf("pads", {0, 0, 0, 0}), TextOf("auto_pad", "NOTSET")})
      .Op("LeakyRelu", {"c"}, {"y"}, {FloatOf("alpha", 0.25F)})
      .Output("y")
      .Build();
}

std::string Bytes(const Model& model) {
  auto bytes = SerializeOnnx(model);
  EXPECT_TRUE(bytes) << bytes.error().what;
  return bytes ? *bytes : "";
}

onnx::ModelProto Proto(const Model& model) {
  onnx::ModelProto proto;
  EXPECT_TRUE(proto.ParseFromString(Bytes(model)));
  return proto;
}

Result<Model> Parse(const std::string& bytes) { return ParseOnnx(bytes, "test.onnx", ""); }

TEST(OnnxTest, RoundTripsAModel) {
  const std::string bytes = Bytes(SmallModel());
  const auto read = Parse(bytes);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->opset(), 13);
  EXPECT_EQ(read->ir_version, 7);
  ASSERT_EQ(read->graph.nodes.size(), 2U);
  EXPECT_EQ(read->graph.nodes[1].Float("alpha", 0), 0.25F);
  EXPECT_EQ(read->graph.nodes[0].String("auto_pad", ""), "NOTSET");
  EXPECT_EQ(*read->graph.FindInitializer("b")->value, Tensor::Of<float>({2}, {0.5F, -0.5F}));
  EXPECT_EQ(read->graph.inputs[0].info, (ValueInfo{"x", DType::kFloat32, {-1, 3, 4, 4}}));
  EXPECT_EQ(Bytes(*read), bytes);
}

TEST(OnnxTest, KeepsFieldsThatItDoesNotKnow) {
  onnx::ModelProto proto = Proto(SmallModel());
  // Numbers that no release of ONNX uses.
  const int numbers[] = {801, 802, 803, 804};
  const auto mark = [&](google::protobuf::Message* message, int at) {
    message->GetReflection()->MutableUnknownFields(message)->AddVarint(numbers[at], 77 + at);
  };
  mark(&proto, 0);
  mark(proto.mutable_graph(), 1);
  mark(proto.mutable_graph()->mutable_node(0), 2);
  mark(proto.mutable_graph()->mutable_input(0), 3);
  proto.set_producer_name("somebody");
  proto.add_metadata_props()->set_key("license");
  proto.mutable_graph()->mutable_node(1)->set_doc_string("kept");
  const auto read = Parse(proto.SerializeAsString());
  ASSERT_TRUE(read) << read.error().what;
  const onnx::ModelProto back = Proto(*read);
  const auto value_of = [](const google::protobuf::Message& message) -> uint64_t {
    const auto& unknown = message.GetReflection()->GetUnknownFields(message);
    return unknown.field_count() == 1 ? unknown.field(0).varint() : 0;
  };
  EXPECT_EQ(value_of(back), 77U);
  EXPECT_EQ(value_of(back.graph()), 78U);
  EXPECT_EQ(value_of(back.graph().node(0)), 79U);
  EXPECT_EQ(value_of(back.graph().input(0)), 80U);
  EXPECT_EQ(back.producer_name(), "somebody");
  EXPECT_EQ(back.metadata_props(0).key(), "license");
  EXPECT_EQ(back.graph().node(1).doc_string(), "kept");
}

TEST(OnnxTest, TakesTheLastOfTwoInitializersOfOneName) {
  onnx::ModelProto proto = Proto(SmallModel());
  ASSERT_EQ(proto.graph().initializer(1).name(), "b");
  auto* again = proto.mutable_graph()->add_initializer();
  *again = proto.graph().initializer(1);
  again->clear_raw_data();
  again->clear_float_data();
  again->add_float_data(3);
  again->add_float_data(4);
  const auto read = Parse(proto.SerializeAsString());
  ASSERT_TRUE(read) << read.error().what;
  ASSERT_EQ(read->graph.initializers.size(), 2U);
  const auto values = read->graph.initializers[1].value->data<float>();
  EXPECT_EQ(std::vector<float>(values.begin(), values.end()), (std::vector<float>{3, 4}));
}

TEST(OnnxTest, KeepsAttributesOfKindsThatItHasNoPlaceFor) {
  onnx::ModelProto proto = Proto(SmallModel());
  auto* typed = proto.mutable_graph()->mutable_node(0)->add_attribute();
  typed->set_name("of_type");
  typed->set_type(onnx::AttributeProto::TYPE_PROTO);
  typed->mutable_tp()->mutable_tensor_type()->set_elem_type(1);
  auto* sparse = proto.mutable_graph()->mutable_node(0)->add_attribute();
  sparse->set_name("sparse");
  sparse->set_type(onnx::AttributeProto::SPARSE_TENSOR);
  sparse->mutable_sparse_tensor()->add_dims(5);
  auto* newer = proto.mutable_graph()->mutable_node(0)->add_attribute();
  newer->set_name("newer");
  newer->GetReflection()->MutableUnknownFields(newer)->AddVarint(20, 99);  // type 99: not in 1.12
  const auto read = Parse(proto.SerializeAsString());
  ASSERT_TRUE(read) << read.error().what;
  const onnx::ModelProto whole = Proto(*read);
  const auto& back = whole.graph().node(0);
  ASSERT_EQ(back.attribute_size(), 5);
  EXPECT_EQ(back.attribute(2).SerializeAsString(), typed->SerializeAsString());
  EXPECT_EQ(back.attribute(3).SerializeAsString(), sparse->SerializeAsString());
  EXPECT_EQ(back.attribute(4).SerializeAsString(), newer->SerializeAsString());
}

TEST(OnnxTest, KeepsSymbolicExtentsAndTypesThatAreNoTensors) {
  onnx::ModelProto proto = Proto(SmallModel());
  proto.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(0)
      ->set_dim_param("batch");
  auto* output = proto.mutable_graph()->mutable_output(0);
  output->mutable_type()
      ->mutable_sequence_type()
      ->mutable_elem_type()
      ->mutable_tensor_type()
      ->set_elem_type(1);
  const auto read = Parse(proto.SerializeAsString());
  ASSERT_TRUE(read) << read.error().what;
  const auto back = Proto(*read);
  EXPECT_EQ(back.graph().input(0).type().tensor_type().shape().dim(0).dim_param(), "batch");
  EXPECT_TRUE(back.graph().output(0).type().has_sequence_type());
}

TEST(OnnxTest, KeepsBodies) {
  Model model = SmallModel();
  const Graph body = ModelBuilder().Op("Abs", {"y"}, {"z"}).Output("z", DType::kFloat32).Body();
  Node conditional;
  conditional.op_type = "If";
  conditional.inputs = {"cond"};
  conditional.outputs = {"out"};
  conditional.attributes = {BodyOf("then_branch", body), BodyOf("else_branch", body)};
  model.graph.nodes.push_back(conditional);
  const auto read = Parse(Bytes(model));
  ASSERT_TRUE(read) << read.error().what;
  ASSERT_EQ(read->graph.nodes[2].Bodies().size(), 2U);
  EXPECT_EQ(read->graph.nodes[2].Bodies()[0]->nodes[0].op_type, "Abs");
}

TEST(OnnxTest, TakesTheLongNameOfTheStandardDomain) {
  onnx::ModelProto proto = Proto(SmallModel());
  proto.mutable_opset_import(0)->set_domain("ai.onnx");
  proto.mutable_graph()->mutable_node(0)->set_domain("ai.onnx");
  const auto read = Parse(proto.SerializeAsString());
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->opset(), 13);
  EXPECT_TRUE(read->graph.nodes[0].Is("Conv"));
}

TEST(OnnxTest, GivesTheSameBytesAndDigestForTheSameModel) {
  EXPECT_EQ(Bytes(SmallModel()), Bytes(SmallModel()));
  const auto digest = ModelDigest(SmallModel());
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest->size(), 64U);
  EXPECT_EQ(*ModelDigest(SmallModel()), *digest);
  Model other = SmallModel();
  other.graph.initializers[1].value =
      std::make_shared<const Tensor>(Tensor::Of<float>({2}, {0.5F, -0.25F}));
  EXPECT_NE(*ModelDigest(other), *digest) << "one weight differs";
  other = SmallModel();
  other.graph.nodes[1].Set("alpha", 0.5F);
  EXPECT_NE(*ModelDigest(other), *digest) << "one attribute differs";
}

TEST(OnnxTest, RefusesEveryTruncation) {
  Model model = SmallModel();
  model.opsets["com.example"] = 3;
  const std::string bytes = Bytes(model);
  const std::string without_last = Bytes(SmallModel());
  for (size_t length = 0; length < bytes.size(); ++length) {
    const auto read = Parse(bytes.substr(0, length));
    // One cut falls between the two opset entries: what is left is a whole message.
    if (read && read->opsets.size() == 1) continue;
    ASSERT_FALSE(read) << "cut to " << length << " of " << bytes.size();
    EXPECT_EQ(read.error().code, ErrorCode::kDataLoss) << read.error().what;
    EXPECT_FALSE(read.error().next_step.empty());
  }
}

TEST(OnnxTest, NamesTheFileThatIsNoModel) {
  for (const std::string& bytes : {std::string(), std::string("hello"), std::string(5000, '\xFF'),
                                   std::string("\x08\x07", 2)}) {
    const auto read = Parse(bytes);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::kDataLoss);
    EXPECT_THAT(read.error().what, HasSubstr("test.onnx"));
  }
  const auto missing = ReadOnnx("/nowhere/model.onnx");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
}

// Found by fuzz/onnx_fuzz.cc.
TEST(OnnxTest, RefusesANodeWithoutOutputs) {
  onnx::ModelProto proto = Proto(SmallModel());
  proto.mutable_graph()->mutable_node(0)->clear_output();
  const auto read = Parse(proto.SerializeAsString());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kDataLoss);
  EXPECT_THAT(read.error().what, HasSubstr("'c' (Conv) has no output"));
}

TEST(OnnxTest, RefusesBodiesThatNestWithoutEnd) {
  Graph body = ModelBuilder().Op("Abs", {"x"}, {"y"}).Output("y").Body();
  for (int i = 0; i < 60; ++i) {
    body = ModelBuilder().Op("If", {"c"}, {"y"}, {BodyOf("then_branch", body)}).Output("y").Body();
  }
  Model model;
  model.ir_version = 7;
  model.opsets[""] = 13;
  model.graph = body;
  const auto read = Parse(Bytes(model));
  ASSERT_FALSE(read) << "protobuf itself ends at 100 levels";
  EXPECT_EQ(read.error().code, ErrorCode::kDataLoss);
}

TEST(OnnxTest, WritesAFileThatReadsBack) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder);
  const std::string path = folder->path() + "/model.onnx";
  ASSERT_TRUE(WriteOnnx(SmallModel(), path));
  const auto read = ReadOnnx(path);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(Bytes(*read), Bytes(SmallModel()));
  EXPECT_EQ(read->folder, folder->path());
  const auto refused = WriteOnnx(SmallModel(), folder->path() + "/no/such/folder/model.onnx");
  ASSERT_FALSE(refused);
  EXPECT_FALSE(refused.error().next_step.empty());
}

}  // namespace
}  // namespace tare::graph
