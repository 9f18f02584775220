#include "tare/quantize/apply.h"

#include "quantize/apply_internal.h"
#include "tare/graph/canonical.h"

namespace tare::quantize::internal {

using graph::Node;

namespace {

void CollectNames(const graph::Graph& graph, std::set<std::string>& known) {
  for (const Node& node : graph.nodes) {
    known.insert(node.name);
    for (const auto& body : node.Bodies()) CollectNames(*body, known);
  }
}

}  // namespace

Builder::Builder(const graph::Model& canonical, const Recipe& recipe, WeightCache& cache,
                 std::shared_ptr<graph::NameMaker> names, Builder* outer)
    : source_(canonical),
      recipe_(recipe),
      cache_(cache),
      index_(canonical.graph),
      shared_names_(std::move(names)),
      names_(*shared_names_),
      outer_(outer),
      model_(canonical) {
  // DequantizeLinear of ONNX has no `axis` before opset 13; the runtime's own has it at every
  // opset (docs/adr/0007).
  domain_ = canonical.opset() < 13 ? "com.microsoft" : "";
  model_.graph.nodes.clear();
  for (const NodeChoice& choice : recipe.nodes) formats_[choice.node] = choice.format;
}

Result<graph::Model> Builder::Build() {
  TARE_TRY_VOID(CheckNodes());
  TARE_TRY_VOID(EmitAll());
  graph::Prune(model_.graph);
  graph::StoreOnce(model_.graph);
  return std::move(model_);
}

Result<void> Builder::EmitAll() {
  TARE_TRY_VOID(FindFloors());
  FindAbsorbed();
  for (const Node& node : source_.graph.nodes) {
    if (absorbed_.contains(node.name)) continue;
    TARE_TRY_VOID(Emit(node).While(StrCat("quantizing node '", node.name, "'")));
  }
  return {};
}

Result<void> Builder::CheckNodes() const {
  std::set<std::string> known;
  CollectNames(source_.graph, known);
  for (const NodeChoice& choice : recipe_.nodes) {
    if (!known.contains(choice.node)) {
      return FailedPrecondition(
          StrCat("the recipe names node '", choice.node, "', which the model has not"),
          "use the recipe with the model that it was made for, or make a new one: tare quantize "
          "MODEL --data FILE -o OUT.onnx");
    }
  }
  return {};
}

// Version 1 is the only one of the runtime's own domain.
void Builder::Import(const std::string& domain) {
  if (outer_ != nullptr) return outer_->Import(domain);
  model_.opsets[domain] = 1;
}

Node& Builder::Add(std::string op, std::string domain, const std::string& name,
                   std::vector<std::string> inputs, std::string output) {
  if (!domain.empty()) Import(domain);
  Node node;
  node.name = names_.Make(name);
  node.op_type = std::move(op);
  node.domain = std::move(domain);
  node.inputs = std::move(inputs);
  node.outputs = {std::move(output)};
  model_.graph.nodes.push_back(std::move(node));
  return model_.graph.nodes.back();
}

Result<void> Builder::Emit(const Node& node) {
  if (outer_ != nullptr && IsStatic(node))
    return CannotTake(node, Format::kInt8Static, "no range is observed in a body");
  switch (FormatOf(node)) {
    case Format::kFloat32:
      return node.Bodies().empty() ? EmitFloat(node) : EmitBodies(node);
    case Format::kInt8Dynamic:
      return EmitDynamic(node);
    case Format::kInt8Weights:
      return node.Is("Gather") ? EmitGather(node) : EmitWeights(node);
    case Format::kInt8Static:
      break;
  }
  if (node.Is("Pad")) return EmitPad(node);
  if (node.Is("Conv") || node.Is("Gemm")) return EmitWeighted(node);
  const bool weighted_matmul = node.Is("MatMul") && index_.Constant(node.Input(1)) != nullptr;
  return weighted_matmul ? EmitWeighted(node) : EmitElement(node);
}

// If, Loop or Scan: the nodes of its bodies.
Result<void> Builder::EmitBodies(const Node& node) {
  Node made = node;
  for (graph::Attribute& attribute : made.attributes) {
    auto* body = std::get_if<graph::SharedGraph>(&attribute.value);
    if (body == nullptr) continue;
    graph::Model inner{source_.ir_version, source_.opsets, **body, "", ""};
    Builder builder(inner, recipe_, cache_, shared_names_, this);
    TARE_TRY_VOID(builder.EmitAll());
    graph::Prune(builder.model_.graph);
    *body = std::make_shared<const graph::Graph>(std::move(builder.model_.graph));
  }
  model_.graph.nodes.push_back(std::move(made));
  return {};
}

// The builder of the graph that holds a constant: what is made of it lies beside it, once for all
// bodies that read it.
Builder& Builder::HolderOf(const std::string& constant) {
  const bool is_own = outer_ == nullptr || index_.IsInitializer(constant) ||
                      index_.IsInput(constant) || index_.Producer(constant) >= 0;
  return is_own ? *this : outer_->HolderOf(constant);
}

const graph::SharedTensor* Builder::ConstantOf(const std::string& name) {
  return HolderOf(name).index_.Constant(name);
}

}  // namespace tare::quantize::internal

namespace tare::quantize {

Result<graph::Model> ApplyRecipe(const graph::Model& canonical, const Recipe& recipe,
                                 WeightCache& cache) {
  return internal::Builder(canonical, recipe, cache).Build();
}

Result<graph::Model> ApplyRecipe(const graph::Model& canonical, const Recipe& recipe) {
  WeightCache cache;
  return ApplyRecipe(canonical, recipe, cache);
}

}  // namespace tare::quantize
