#include <map>
#include <set>
#include <unordered_map>

#include "quantize/shape_deciders_internal.h"
#include "tare/core/text.h"

namespace tare::quantize {
namespace {

// Operands that say how long an output is, by operator.
const std::map<std::string, std::set<size_t>>& LengthOperands() {
  static const std::map<std::string, std::set<size_t>> kOperands = {
      {"Range", {0, 1, 2}}, {"Tile", {1, 2}},         {"Expand", {1}},
      {"Reshape", {1}},     {"ConstantOfShape", {0}}, {"Slice", {1, 2, 3, 4}},
      {"Resize", {2, 3}},   {"Upsample", {1}},        {"Pad", {1}},
      {"Loop", {0}},        {"OneHot", {1}},          {"Split", {1}},
      {"TopK", {1}},        {"CenterCropPad", {1}},   {"AffineGrid", {1}},
      {"Col2Im", {1, 2}},   {"MaxUnpool", {2}},       {"STFT", {1, 3}}};
  return kOperands;
}

// What the values of a graph and of its bodies are made from. Names should be unique over both; where
// a body has one again, it stands for either.
class Walk {
 public:
  explicit Walk(const graph::Graph& graph) { Collect(graph); }

  // Each value that decides a length, with the operand that it decides.
  std::unordered_map<std::string, std::string> Deciding() const {
    std::unordered_map<std::string, std::string> decided;
    std::vector<std::string> open;
    const auto mark = [&](const std::string& value, const std::string& operand) {
      if (!value.empty() && decided.emplace(value, operand).second) open.push_back(value);
    };
    for (const auto& [value, operand] : lengths_) mark(value, operand);
    while (!open.empty()) {
      const std::string value = std::move(open.back());
      open.pop_back();
      const auto made = made_from_.find(value);
      if (made == made_from_.end()) continue;
      for (const std::string& input : made->second) mark(input, decided.at(value));
    }
    return decided;
  }

 private:
  void Collect(const graph::Graph& graph) {
    for (const graph::Node& node : graph.nodes) {
      CollectLengths(node);
      // The extents do not depend on the values.
      if (node.Is("Shape") || node.Is("Size")) continue;
      std::vector<std::string> sources = node.inputs;
      for (const auto& body : node.Bodies()) {
        Collect(*body);
        for (const graph::Value& output : body->outputs) sources.push_back(output.info.name);
        for (const graph::Value& input : body->inputs) Add(input.info.name, node.inputs);
      }
      for (const std::string& output : node.outputs) Add(output, sources);
    }
  }

  void Add(const std::string& value, const std::vector<std::string>& sources) {
    auto& all = made_from_[value];
    all.insert(all.end(), sources.begin(), sources.end());
  }

  void CollectLengths(const graph::Node& node) {
    const auto operands = LengthOperands().find(node.op_type);
    if (!node.domain.empty() || operands == LengthOperands().end()) return;
    for (const size_t at : operands->second) {
      const std::string& value = node.Input(at);
      if (!value.empty()) lengths_.emplace_back(value, StrCat(node.op_type, " '", node.name, "'"));
    }
  }

  std::unordered_map<std::string, std::vector<std::string>> made_from_;
  std::vector<std::pair<std::string, std::string>> lengths_;
};

}  // namespace

std::vector<std::string> LengthsDecided(const graph::Graph& graph) {
  const auto deciding = Walk(graph).Deciding();
  std::vector<std::string> lengths(graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const std::string& output : graph.nodes[i].outputs) {
      const auto found = deciding.find(output);
      if (lengths[i].empty() && found != deciding.end()) lengths[i] = found->second;
    }
  }
  return lengths;
}

}  // namespace tare::quantize
