// What applying a recipe holds, node by node.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "quantize/weight_codes_internal.h"
#include "tare/core/result.h"
#include "tare/graph/index.h"
#include "tare/graph/model.h"
#include "tare/quantize/apply.h"
#include "tare/tensor/quant_params.h"

namespace tare::quantize::internal {

struct ParamNames {
  QuantParams params;
  std::string scale;
  std::string zero_point;
};

/// A constant operand of a static node.
struct ConstantNames {
  std::string codes;
  ParamNames params;
};

/// int8 codes and scales as initializers, shared by the nodes that read the same weight alike.
struct WeightNames {
  std::string codes;
  std::string scale;
  std::string zero_point;
  std::vector<float> scales;
};

/// Codes of a batched weight with the scale 1 in `unit_scale`.
struct BatchedNames {
  std::string codes;
  std::string zero_point;
  std::string unit_scale;
  std::string scales;
};

/// A weight of a dynamic node, one a matrix or batched.
struct DynamicWeight {
  std::string codes;
  std::string scale;
  std::string zero_point;
};

/// Builds the quantized graph node by node, in the order of the canonical one.
class Builder {
 public:
  Builder(const graph::Model& canonical, const Recipe& recipe, WeightCache& cache)
      : Builder(canonical, recipe, cache, std::make_shared<graph::NameMaker>(canonical.graph),
                nullptr) {}

  Result<graph::Model> Build();

 private:
  // `outer` builds the graph around a body.
  Builder(const graph::Model& canonical, const Recipe& recipe, WeightCache& cache,
          std::shared_ptr<graph::NameMaker> names, Builder* outer);

  // The walk over the nodes (apply.cc).
  Result<void> EmitAll();
  Result<void> CheckNodes() const;
  void Import(const std::string& domain);
  graph::Node& Add(std::string op, std::string domain, const std::string& name,
                   std::vector<std::string> inputs, std::string output);
  Result<void> Emit(const graph::Node& node);
  Result<void> EmitBodies(const graph::Node& node);
  Builder& HolderOf(const std::string& constant);
  const graph::SharedTensor* ConstantOf(const std::string& name);
  Format FormatOf(const graph::Node& node) const {
    const auto found = formats_.find(node.name);
    return found == formats_.end() ? Format::kFloat32 : found->second;
  }
  bool IsStatic(const graph::Node& node) const { return FormatOf(node) == Format::kInt8Static; }

  // Values between nodes, as uint8 (apply_activations.cc).
  bool ReadsQuantized(const graph::Use& use) const;
  bool HasQuantizedReader(const std::string& value) const;
  bool HasFloatReader(const std::string& value) const;
  bool EndsInteger(const graph::Node& node) const;
  void FindAbsorbed();
  bool ClipsTheSame(const graph::Node& activation, const ValueRange& range) const;
  std::string Source(const std::string& value) const;
  Result<ParamNames> ParamsOf(const std::string& value);
  ParamNames AddParams(const std::string& base, QuantParams params);
  void AddQuantize(const std::string& from, const ParamNames& params, const std::string& to);
  void AddDequantize(const std::string& from, const std::string& scale,
                     const std::string& zero_point, const std::string& to, int64_t axis = -1);
  Result<std::string> QuantizedOf(const std::string& value);
  Result<std::string> DequantizedInput(const std::string& value);
  Result<std::string> DequantizedConstant(const std::string& name, const Tensor& constant);
  Result<ConstantNames> AddConstant(const std::string& name, const Tensor& constant);
  Result<void> EmitOutput(graph::Node node, const graph::Node& source);
  std::string OutputOf(const graph::Node& node) const;

  // int8_static (apply_static.cc).
  Result<void> EmitFloat(const graph::Node& node);
  bool WouldBeQuantized(const graph::Node& node) const;
  Result<void> EmitElement(const graph::Node& node);
  Result<void> EmitDivision(const graph::Node& node);
  Result<void> EmitPad(const graph::Node& node);
  Result<void> EmitWeighted(const graph::Node& node);

  // int8_dynamic (apply_dynamic.cc).
  Result<DynamicWeight> AddDynamicWeight(const graph::Node& node, const WeightLayout& layout);
  Result<void> EmitDynamicLstm(const graph::Node& node);
  Result<void> EmitDynamic(const graph::Node& node);

  // Weights and biases, and int8_weights (apply_weights.cc).
  Result<WeightNames> AddWeight(const graph::Node& node, const WeightLayout& layout);
  Result<BatchedNames> AddBatchedWeight(const graph::Node& node, const WeightLayout& layout);
  Result<graph::Node> MultiplyByCodes(const graph::Node& node, const WeightLayout& layout,
                                      std::string input);
  std::string DequantizedCodes(const std::string& constant, const std::array<std::string, 3>& codes,
                               int64_t axis);
  Result<void> FindFloors();
  Result<std::string> AddBias(const graph::Node& node, const std::vector<float>& bias,
                              float input_scale, const std::vector<float>& scales);
  Result<std::array<std::string, 3>> AddRecurrentWeight(const std::string& name);
  Result<void> EmitWeights(const graph::Node& node);
  Result<void> EmitGather(const graph::Node& node);

  const graph::Model& source_;
  const Recipe& recipe_;
  WeightCache& cache_;
  graph::GraphIndex index_;
  std::shared_ptr<graph::NameMaker> shared_names_;  // one for all bodies
  graph::NameMaker& names_;
  Builder* outer_;
  graph::Model model_;
  std::string domain_;
  std::map<std::string, Format> formats_;
  std::set<std::string> absorbed_;                   // activations that disappear
  std::map<std::string, std::string> final_output_;  // node -> output of the activation it absorbs
  std::map<std::string, ParamNames> params_;         // by range source
  std::map<std::string, std::string> quantized_;     // value -> its uint8 form
  std::map<std::string, std::string> dequantized_for_bodies_;  // by the name of their codes
  std::map<std::string, std::vector<float>> floors_;           // least scales, by WeightLayout::key
  std::map<std::string, WeightNames> weights_;                 // by WeightLayout::key
  std::map<std::string, BatchedNames> batched_;
  std::map<std::string, std::array<std::string, 3>> recurrent_;
  std::map<std::string, ConstantNames> constants_;  // operands of Add and Mul, by name
  std::map<std::string, std::pair<std::string, std::string>> tables_;  // codes and scales, by name
};

}  // namespace tare::quantize::internal
