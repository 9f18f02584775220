// FOR TESTS ONLY: small models, written as one reads them.
//
//   ModelBuilder(13).Input("x", {1, 3, 8, 8}).Floats("w", {4, 3, 1, 1}, Ramp(12))
//       .Op("Conv", {"x", "w"}, {"y"}).Output("y").Build()

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tare/core/random.h"
#include "tare/graph/model.h"

namespace tare::graph {

using Attributes = std::vector<Attribute>;

/// Shorthands for attributes: their C++ types decide the kind in the file.
inline Attribute IntOf(std::string name, int64_t value) { return {std::move(name), value}; }
inline Attribute FloatOf(std::string name, float value) { return {std::move(name), value}; }
inline Attribute TextOf(std::string name, std::string value) {
  return {std::move(name), std::move(value)};
}
inline Attribute IntsOf(std::string name, std::vector<int64_t> values) {
  return {std::move(name), std::move(values)};
}
inline Attribute FloatsOf(std::string name, std::vector<float> values) {
  return {std::move(name), std::move(values)};
}
inline Attribute TensorOf(std::string name, Tensor value) {
  return {std::move(name), std::make_shared<const Tensor>(std::move(value))};
}
inline Attribute BodyOf(std::string name, Graph body) {
  return {std::move(name), std::make_shared<const Graph>(std::move(body))};
}

/// `count` uniform values of [low, high), the same for a seed everywhere.
inline std::vector<float> RandomFloats(int64_t count, uint64_t seed, double low = -1,
                                       double high = 1) {
  Random random(seed);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(low + (high - low) * random.Uniform());
  return values;
}

inline int64_t CountOf(const Shape& shape) {
  int64_t count = 1;
  for (const int64_t extent : shape) count *= extent;
  return count;
}

inline Tensor RandomTensor(Shape shape, uint64_t seed, double low = -1, double high = 1) {
  const auto values = RandomFloats(CountOf(shape), seed, low, high);
  return Tensor::Of<float>(std::move(shape), values);
}

/// Builds a model fluently. Order of the calls is the order in the file.
class ModelBuilder {
 public:
  explicit ModelBuilder(int64_t opset = 13, int64_t ir_version = 7) {
    model_.ir_version = ir_version;
    model_.opsets[""] = opset;
    model_.graph.name = "test";
  }

  ModelBuilder& Opset(const std::string& domain, int64_t version) {
    model_.opsets[domain] = version;
    return *this;
  }
  ModelBuilder& Input(std::string name, Shape shape, DType dtype = DType::kFloat32) {
    model_.graph.inputs.push_back({{std::move(name), dtype, std::move(shape)}, ""});
    return *this;
  }
  /// Without a type the runtime infers it; bodies and old files need one.
  ModelBuilder& Output(std::string name, DType dtype = DType::kUndefined, Shape shape = {}) {
    model_.graph.outputs.push_back({{std::move(name), dtype, std::move(shape)}, ""});
    return *this;
  }
  ModelBuilder& Constant(std::string name, Tensor value) {
    model_.graph.AddInitializer(std::move(name), std::move(value));
    return *this;
  }
  ModelBuilder& Floats(std::string name, Shape shape, const std::vector<float>& values) {
    return Constant(std::move(name), Tensor::Of<float>(std::move(shape), values));
  }
  ModelBuilder& Ints(std::string name, const std::vector<int64_t>& values) {
    return Constant(std::move(name),
                    Tensor::Of<int64_t>({static_cast<int64_t>(values.size())}, values));
  }
  ModelBuilder& Uniform(std::string name, Shape shape, uint64_t seed, double low = -1,
                        double high = 1) {
    return Constant(std::move(name), RandomTensor(std::move(shape), seed, low, high));
  }
  /// The node is named as its first output unless Named() follows.
  ModelBuilder& Op(std::string op, std::vector<std::string> inputs,
                   std::vector<std::string> outputs, Attributes attributes = {},
                   std::string domain = "") {
    Node node;
    node.name = outputs[0];
    node.op_type = std::move(op);
    node.domain = std::move(domain);
    node.inputs = std::move(inputs);
    node.outputs = std::move(outputs);
    node.attributes = std::move(attributes);
    model_.graph.nodes.push_back(std::move(node));
    return *this;
  }
  ModelBuilder& Named(std::string name) {
    model_.graph.nodes.back().name = std::move(name);
    return *this;
  }
  /// Lists an initializer among the inputs, as files of IR 3 must.
  ModelBuilder& ListConstantsAsInputs() {
    for (const Initializer& constant : model_.graph.initializers) {
      Input(constant.name, constant.value->shape(), constant.value->dtype());
    }
    return *this;
  }

  Model Build() const { return model_; }
  /// The graph alone: a body of If or Loop.
  Graph Body() const { return model_.graph; }

 private:
  Model model_;
};

}  // namespace tare::graph
