// The model graph: ONNX as plain data. What tare does not understand rides along as bytes.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tare/core/result.h"
#include "tare/tensor/tensor.h"

namespace tare::graph {

struct Graph;

/// A constant that several copies of a graph share; never changed in place.
using SharedTensor = std::shared_ptr<const Tensor>;
/// A body of If, Loop or Scan. Copies of a node share it; an edit makes a new one.
using SharedGraph = std::shared_ptr<const Graph>;

/// A serialised AttributeProto of a kind that has no field of its own here.
struct RawAttribute {
  std::string bytes;
};

using AttributeValue =
    std::variant<int64_t, float, std::string, std::vector<int64_t>, std::vector<float>,
                 std::vector<std::string>, SharedTensor, SharedGraph, RawAttribute>;

struct Attribute {
  std::string name;
  AttributeValue value;
};

/// One operator. `domain` "" is the ONNX standard; an input "" is an optional one left out.
struct Node {
  std::string name;
  std::string op_type;
  std::string domain;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<Attribute> attributes;
  std::string extra;  ///< serialised NodeProto of the fields that have none here

  const AttributeValue* Find(std::string_view attribute) const;
  /// The attribute's value, or the default when it is absent or of another kind.
  int64_t Int(std::string_view attribute, int64_t default_value) const;
  float Float(std::string_view attribute, float default_value) const;
  std::string String(std::string_view attribute, std::string_view default_value) const;
  std::vector<int64_t> Ints(std::string_view attribute) const;
  /// Sets or adds.
  void Set(std::string attribute, AttributeValue value);
  void Remove(std::string_view attribute);
  /// The bodies among the attributes.
  std::vector<SharedGraph> Bodies() const;
  /// Input i, or "" when there are fewer.
  const std::string& Input(size_t i) const;
  /// True for an operator of the ONNX standard with this name.
  bool Is(std::string_view op) const { return domain.empty() && op_type == op; }
};

/// A named constant. `value` is null for an element type that Tensor does not hold: then `raw` is
/// the serialised TensorProto.
struct Initializer {
  std::string name;
  SharedTensor value;
  std::string raw;
};

/// An input, output or annotated value. `raw` is its serialised ValueInfoProto and wins over the
/// rest on writing, so that symbolic extents survive.
struct Value {
  ValueInfo info;
  std::string raw;
};

/// A graph: nodes in an order in which every value is made before it is used.
struct Graph {
  std::string name;
  std::vector<Node> nodes;
  std::vector<Initializer> initializers;
  std::vector<Value> inputs;
  std::vector<Value> outputs;
  std::vector<Value> value_infos;
  std::string extra;

  const Initializer* FindInitializer(std::string_view name) const;
  void AddInitializer(std::string name, Tensor value);
  void AddInitializer(std::string name, SharedTensor value);
};

struct Model {
  int64_t ir_version = 0;
  std::map<std::string, int64_t> opsets;  ///< by domain; "" is the ONNX standard
  Graph graph;
  std::string extra;
  std::string folder;  ///< where it was read from: relative external data of unknown types

  /// Version of the ONNX standard that it imports, 0 when it imports none.
  int64_t opset() const;
};

}  // namespace tare::graph
