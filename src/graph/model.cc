#include "tare/graph/model.h"

#include <algorithm>

namespace tare::graph {

const AttributeValue* Node::Find(std::string_view attribute) const {
  for (const Attribute& candidate : attributes) {
    if (candidate.name == attribute) return &candidate.value;
  }
  return nullptr;
}

int64_t Node::Int(std::string_view attribute, int64_t default_value) const {
  const auto* value = Find(attribute);
  const auto* number = value == nullptr ? nullptr : std::get_if<int64_t>(value);
  return number == nullptr ? default_value : *number;
}

float Node::Float(std::string_view attribute, float default_value) const {
  const auto* value = Find(attribute);
  const auto* number = value == nullptr ? nullptr : std::get_if<float>(value);
  return number == nullptr ? default_value : *number;
}

std::string Node::String(std::string_view attribute, std::string_view default_value) const {
  const auto* value = Find(attribute);
  const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
  return text == nullptr ? std::string(default_value) : *text;
}

std::vector<int64_t> Node::Ints(std::string_view attribute) const {
  const auto* value = Find(attribute);
  const auto* numbers = value == nullptr ? nullptr : std::get_if<std::vector<int64_t>>(value);
  return numbers == nullptr ? std::vector<int64_t>() : *numbers;
}

void Node::Set(std::string attribute, AttributeValue value) {
  for (Attribute& existing : attributes) {
    if (existing.name == attribute) {
      existing.value = std::move(value);
      return;
    }
  }
  attributes.push_back(Attribute{std::move(attribute), std::move(value)});
}

void Node::Remove(std::string_view attribute) {
  std::erase_if(attributes, [&](const Attribute& existing) { return existing.name == attribute; });
}

std::vector<SharedGraph> Node::Bodies() const {
  std::vector<SharedGraph> bodies;
  for (const Attribute& attribute : attributes) {
    if (const auto* body = std::get_if<SharedGraph>(&attribute.value)) bodies.push_back(*body);
  }
  return bodies;
}

const std::string& Node::Input(size_t i) const {
  static const std::string kNone;
  return i < inputs.size() ? inputs[i] : kNone;
}

const Initializer* Graph::FindInitializer(std::string_view wanted) const {
  const auto found =
      std::find_if(initializers.begin(), initializers.end(),
                   [&](const Initializer& initializer) { return initializer.name == wanted; });
  return found == initializers.end() ? nullptr : &*found;
}

void Graph::AddInitializer(std::string initializer, Tensor value) {
  AddInitializer(std::move(initializer), std::make_shared<const Tensor>(std::move(value)));
}

void Graph::AddInitializer(std::string initializer, SharedTensor value) {
  initializers.push_back({std::move(initializer), std::move(value), ""});
}

int64_t Model::opset() const {
  // "ai.onnx" is an alias of the default domain.
  for (const char* domain : {"", "ai.onnx"}) {
    const auto found = opsets.find(domain);
    if (found != opsets.end()) return found->second;
  }
  return 0;
}

}  // namespace tare::graph
