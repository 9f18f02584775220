// Model-local functions in the place of their calls.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include "tare/graph/canonical.h"
#include "tare/graph/onnx.h"

namespace tare::graph {
namespace {

using testing::HasSubstr;

void AddNode(google::protobuf::RepeatedPtrField<onnx::NodeProto>* nodes, const std::string& op,
             const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
             const std::string& domain = "") {
  onnx::NodeProto* node = nodes->Add();
  node->set_op_type(op);
  node->set_domain(domain);
  for (const std::string& input : inputs) node->add_input(input);
  for (const std::string& output : outputs) node->add_output(output);
}

onnx::FunctionProto* AddFunction(onnx::ModelProto& model, const std::string& name,
                                 const std::vector<std::string>& inputs,
                                 const std::vector<std::string>& outputs) {
  onnx::FunctionProto* function = model.add_functions();
  function->set_name(name);
  function->set_domain("local");
  for (const std::string& input : inputs) function->add_input(input);
  for (const std::string& output : outputs) function->add_output(output);
  return function;
}

onnx::ModelProto Empty() {
  onnx::ModelProto model;
  model.set_ir_version(8);
  auto* opset = model.add_opset_import();
  opset->set_domain("");
  opset->set_version(17);
  opset = model.add_opset_import();
  opset->set_domain("local");
  opset->set_version(1);
  model.mutable_graph()->set_name("g");
  model.mutable_graph()->add_input()->set_name("x");
  model.mutable_graph()->add_output()->set_name("y");
  return model;
}

Result<Model> Read(const onnx::ModelProto& proto) {
  return ParseOnnx(proto.SerializeAsString(), "test.onnx", "");
}

TEST(InlineFunctionsTest, PutsNestedFunctionsInThePlaceOfTheirCalls) {
  onnx::ModelProto proto = Empty();
  AddNode(AddFunction(proto, "Twice", {"a"}, {"b"})->mutable_node(), "Add", {"a", "a"}, {"b"});
  auto* block = AddFunction(proto, "Block", {"a", "w"}, {"b"})->mutable_node();
  AddNode(block, "MatMul", {"a", "w"}, {"t"});
  AddNode(block, "Twice", {"t"}, {"b"}, "local");
  AddNode(proto.mutable_graph()->mutable_node(), "Block", {"x", "x"}, {"h"}, "local");
  AddNode(proto.mutable_graph()->mutable_node(), "Block", {"h", "x"}, {"y"}, "local");
  const auto model = Read(proto);
  ASSERT_TRUE(model) << model.error().what;
  EXPECT_EQ(GraphText(model->graph),
            "Block_1/t = MatMul(x, x)\nh = Add(Block_1/t, Block_1/t)\n"
            "Block_3/t = MatMul(h, x)\ny = Add(Block_3/t, Block_3/t)\n");
  const auto bytes = SerializeOnnx(*model);
  onnx::ModelProto written;
  ASSERT_TRUE(bytes && written.ParseFromString(*bytes));
  EXPECT_EQ(written.functions_size(), 0);
}

TEST(InlineFunctionsTest, GivesAttributesByTheCallTheDefaultOrNotAtAll) {
  onnx::ModelProto proto = Empty();
  auto* function = AddFunction(proto, "Slope", {"a"}, {"b"});
  function->add_attribute("alpha");
  AddNode(function->mutable_node(), "LeakyRelu", {"a"}, {"b"});
  auto* attribute = function->mutable_node(0)->add_attribute();
  attribute->set_name("alpha");
  attribute->set_ref_attr_name("alpha");
  attribute->set_type(onnx::AttributeProto::FLOAT);
  // Field 11 of later releases: a default.
  auto* other = AddFunction(proto, "Sloped", {"a"}, {"b"});
  *other->mutable_node() = function->node();
  onnx::AttributeProto value;
  value.set_name("alpha");
  value.set_type(onnx::AttributeProto::FLOAT);
  value.set_f(0.25F);
  other->GetReflection()->MutableUnknownFields(other)->AddLengthDelimited(
      11, value.SerializeAsString());
  auto* nodes = proto.mutable_graph()->mutable_node();
  AddNode(nodes, "Slope", {"x"}, {"p"}, "local");
  AddNode(nodes, "Sloped", {"p"}, {"q"}, "local");
  AddNode(nodes, "Sloped", {"q"}, {"y"}, "local");
  value.set_f(0.5F);
  *proto.mutable_graph()->mutable_node(2)->add_attribute() = value;
  const auto model = Read(proto);
  ASSERT_TRUE(model) << model.error().what;
  ASSERT_EQ(model->graph.nodes.size(), 3U);
  EXPECT_EQ(model->graph.nodes[0].Find("alpha"), nullptr);
  EXPECT_EQ(model->graph.nodes[1].Float("alpha", 0), 0.25F);
  EXPECT_EQ(model->graph.nodes[2].Float("alpha", 0), 0.5F);
}

TEST(InlineFunctionsTest, LeavesOptionalInputsOutAndHandsInputsThrough) {
  onnx::ModelProto proto = Empty();
  auto* function = AddFunction(proto, "Bound", {"a", "high"}, {"b", "a"});
  AddNode(function->mutable_node(), "Clip", {"a", "", "high"}, {"b"});
  AddNode(proto.mutable_graph()->mutable_node(), "Bound", {"x"}, {"y", "same"}, "local");
  proto.mutable_graph()->add_output()->set_name("same");
  const auto model = Read(proto);
  ASSERT_TRUE(model) << model.error().what;
  EXPECT_EQ(GraphText(model->graph), "y = Clip(x, , )\nsame = Identity(x)\n");
}

TEST(InlineFunctionsTest, NamesValuesOfBodiesAnew) {
  onnx::ModelProto proto = Empty();
  auto* function = AddFunction(proto, "Choose", {"c", "a"}, {"b"});
  AddNode(function->mutable_node(), "Neg", {"a"}, {"n"});
  AddNode(function->mutable_node(), "If", {"c"}, {"b"});
  for (const std::string branch : {"then_branch", "else_branch"}) {
    auto* attribute = function->mutable_node(1)->add_attribute();
    attribute->set_name(branch);
    attribute->set_type(onnx::AttributeProto::GRAPH);
    AddNode(attribute->mutable_g()->mutable_node(), branch[0] == 't' ? "Abs" : "Exp", {"n"}, {"o"});
    attribute->mutable_g()->set_name(branch);
    attribute->mutable_g()->add_output()->set_name("o");
  }
  AddNode(proto.mutable_graph()->mutable_node(), "Choose", {"x", "x"}, {"h"}, "local");
  AddNode(proto.mutable_graph()->mutable_node(), "Choose", {"x", "h"}, {"y"}, "local");
  const auto model = Read(proto);
  ASSERT_TRUE(model) << model.error().what;
  ASSERT_EQ(model->graph.nodes.size(), 4U);
  const auto bodies = model->graph.nodes[3].Bodies();
  ASSERT_EQ(bodies.size(), 2U);
  EXPECT_EQ(GraphText(*bodies[1]), "Choose_2/o = Exp(Choose_2/n)\n");
  EXPECT_EQ(bodies[1]->outputs[0].info.name, "Choose_2/o");
}

TEST(InlineFunctionsTest, RefusesAFunctionThatCallsItself) {
  onnx::ModelProto proto = Empty();
  AddNode(AddFunction(proto, "Loop", {"a"}, {"b"})->mutable_node(), "Loop", {"a"}, {"b"}, "local");
  AddNode(proto.mutable_graph()->mutable_node(), "Loop", {"x"}, {"y"}, "local");
  const auto model = Read(proto);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::kDataLoss);
  EXPECT_THAT(model.error().what, HasSubstr("'Loop' calls itself"));
  EXPECT_FALSE(model.error().next_step.empty());
}

// Forty functions, each of which calls the next twice: 2^40 nodes.
TEST(InlineFunctionsTest, RefusesFunctionsThatMultiply) {
  onnx::ModelProto proto = Empty();
  for (int i = 0; i < 40; ++i) {
    auto* nodes = AddFunction(proto, StrCat("F", i), {"a"}, {"b"})->mutable_node();
    const std::string next = i == 39 ? "Neg" : StrCat("F", i + 1);
    const std::string domain = i == 39 ? "" : "local";
    AddNode(nodes, next, {"a"}, {"t"}, domain);
    AddNode(nodes, next, {"t"}, {"b"}, domain);
  }
  AddNode(proto.mutable_graph()->mutable_node(), "F0", {"x"}, {"y"}, "local");
  const auto model = Read(proto);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(model.error().what, HasSubstr("500000 nodes"));
}

TEST(InlineFunctionsTest, RefusesMoreInputsThanTheFunctionHas) {
  onnx::ModelProto proto = Empty();
  AddNode(AddFunction(proto, "One", {"a"}, {"b"})->mutable_node(), "Neg", {"a"}, {"b"});
  AddNode(proto.mutable_graph()->mutable_node(), "One", {"x", "x"}, {"y"}, "local");
  const auto model = Read(proto);
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().what, HasSubstr("2 inputs"));
}

TEST(ParseOnnxTest, SortsNodesAndRefusesACycle) {
  onnx::ModelProto proto = Empty();
  AddNode(proto.mutable_graph()->mutable_node(), "Neg", {"h"}, {"y"});
  AddNode(proto.mutable_graph()->mutable_node(), "Abs", {"x"}, {"h"});
  const auto model = Read(proto);
  ASSERT_TRUE(model) << model.error().what;
  EXPECT_EQ(GraphText(model->graph), "h = Abs(x)\ny = Neg(h)\n");
  proto.mutable_graph()->mutable_node(1)->set_input(0, "y");
  const auto cycle = Read(proto);
  ASSERT_FALSE(cycle);
  EXPECT_EQ(cycle.error().code, ErrorCode::kDataLoss);
  EXPECT_THAT(cycle.error().what, HasSubstr("waits for its own output"));
}

}  // namespace
}  // namespace tare::graph
