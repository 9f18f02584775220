// Equal constants of a graph, stored once.

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string_view>

#include "tare/graph/canonical.h"
#include "tare/graph/index.h"

namespace tare::graph {
namespace {

constexpr int64_t kMinBytes = 4096;  // smaller ones are not worth a node

std::string_view BytesOf(const Tensor& tensor) {
  return {reinterpret_cast<const char*>(tensor.bytes().data()), tensor.bytes().size()};
}

bool AreEqual(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() && BytesOf(a) == BytesOf(b);
}

// Elements of whole bytes: b[j, i] = a[i, j].
bool AreTransposed(const Tensor& a, const Tensor& b) {
  const bool matrices = a.dtype() == b.dtype() && a.rank() == 2 && b.rank() == 2 &&
                        a.shape()[0] == b.shape()[1] && a.shape()[1] == b.shape()[0] &&
                        BitWidth(a.dtype()) % 8 == 0;
  if (!matrices) return false;
  const auto size = static_cast<size_t>(BitWidth(a.dtype()) / 8);
  const auto rows = static_cast<size_t>(a.shape()[0]);
  const auto columns = static_cast<size_t>(a.shape()[1]);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      const std::byte* from = a.bytes().data() + (i * columns + j) * size;
      if (std::memcmp(from, b.bytes().data() + (j * rows + i) * size, size) != 0) return false;
    }
  }
  return true;
}

// What a constant can stand for: by type and number of elements, transposed or not.
using Kind = std::pair<DType, int64_t>;

class Storing {
 public:
  explicit Storing(Graph& graph) : graph_(graph), names_(graph) {
    const GraphIndex index(graph);
    for (const Initializer& initializer : graph.initializers) {
      if (!IsLarge(initializer) || index.IsOutput(initializer.name) ||
          index.IsInput(initializer.name))
        continue;
      const auto uses = index.Uses(initializer.name);
      // A body reads it by this name.
      fixed_[initializer.name] = std::any_of(
          uses.begin(), uses.end(), [](const Use& use) { return use.input == Use::kCaptured; });
    }
  }

  int64_t Run() {
    for (const Initializer& initializer : graph_.initializers) {
      const auto fixed = fixed_.find(initializer.name);
      if (fixed == fixed_.end()) continue;
      if (!fixed->second && TakesAnother(initializer)) continue;
      kept_[{initializer.value->dtype(), initializer.value->num_elements()}].push_back(
          &initializer);
    }
    Rename();
    return static_cast<int64_t>(renamed_.size());
  }

 private:
  static bool IsLarge(const Initializer& initializer) {
    return initializer.value != nullptr &&
           static_cast<int64_t>(initializer.value->bytes().size()) >= kMinBytes;
  }

  bool TakesAnother(const Initializer& initializer) {
    const Tensor& value = *initializer.value;
    for (const Initializer* kept : kept_[{value.dtype(), value.num_elements()}]) {
      if (AreEqual(*kept->value, value)) {
        renamed_[initializer.name] = kept->name;
        return true;
      }
      if (!AreTransposed(*kept->value, value)) continue;
      Node transpose;
      transpose.op_type = "Transpose";
      transpose.name = names_.Make(initializer.name + "_Transpose");
      transpose.inputs = {kept->name};
      transpose.outputs = {names_.Make(initializer.name + "_transposed")};
      transpose.Set("perm", std::vector<int64_t>{1, 0});
      renamed_[initializer.name] = transpose.outputs[0];
      transposes_.push_back(std::move(transpose));
      return true;
    }
    return false;
  }

  void Rename() {
    for (Node& node : graph_.nodes) {
      for (std::string& input : node.inputs) {
        const auto found = renamed_.find(input);
        if (found != renamed_.end()) input = found->second;
      }
    }
    std::erase_if(graph_.initializers, [&](const Initializer& initializer) {
      return renamed_.contains(initializer.name);
    });
    graph_.nodes.insert(graph_.nodes.begin(), transposes_.begin(), transposes_.end());
  }

  Graph& graph_;
  NameMaker names_;
  std::map<std::string, bool> fixed_;  // constants that are looked at; true: the name has to stay
  std::map<Kind, std::vector<const Initializer*>> kept_;
  std::map<std::string, std::string> renamed_;
  std::vector<Node> transposes_;
};

}  // namespace

int64_t StoreOnce(Graph& graph) { return Storing(graph).Run(); }

}  // namespace tare::graph
