// Recipe: the one description of a quantized model.

#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"
#include "tare/tensor/quant_params.h"

namespace tare::quantize {

/// How one node computes.
enum class Format {
  kFloat32,      ///< as in the source model
  kInt8Static,   ///< uint8 activations of calibrated ranges, int8 weights: QDQ around the node
  kInt8Dynamic,  ///< uint8 activations ranged at each run, int8 weights: MatMulInteger
  kInt8Weights,  ///< int8 weights, float arithmetic
};

std::string_view FormatName(Format format);
/// Errors  kInvalidArgument: no such format; names the known ones.
Result<Format> ParseFormat(std::string_view name);

struct NodeChoice {
  std::string node;  ///< its name in the canonical graph
  std::string op_type;
  Format format = Format::kFloat32;
  std::string reason;  ///< why this format, in words
  friend bool operator==(const NodeChoice&, const NodeChoice&) = default;
};

struct TensorChoice {
  std::string tensor;
  ValueRange range;
  std::string method;  ///< how the range was found: "mse", "minmax", ...
  friend bool operator==(const TensorChoice&, const TensorChoice&) = default;
};

/// The rewrites that lead to the canonical graph, in their order; see quantize/prepare.h.
inline constexpr std::array<std::string_view, 5> kRewrites = {"opset", "constants", "float32",
                                                              "arithmetic", "forms"};

/// Which samples of the data a plan was made with: as pipeline::Divide chooses them.
struct DataUse {
  int64_t seed = 0;
  int64_t calibration = 0;  ///< samples that gave ranges
  int64_t check = 0;        ///< samples that outputs were compared on
  friend bool operator==(const DataUse&, const DataUse&) = default;
};

/// Same model, recipe and version of tare: the same bytes.
struct Recipe {
  std::string tare_version;
  std::string model_digest;           ///< of the source model
  std::string data_digest;            ///< of the calibration samples
  std::optional<DataUse> samples;     ///< of these data; absent where they are not of one file
  std::vector<std::string> left_out;  ///< rewrites that were not made: Prepared::left_out
  std::vector<NodeChoice> nodes;      ///< in graph order; nodes that are not listed stay float
  std::vector<TensorChoice> tensors;  ///< ranges of the activations that the nodes need, by name

  /// The range of a tensor, or null.
  /// Cost    linear in the number of tensors.
  const ValueRange* FindRange(std::string_view tensor) const;
  /// The format of a node; kFloat32 where it is not listed.
  /// Cost    linear in the number of nodes.
  Format FormatOf(std::string_view node) const;
  friend bool operator==(const Recipe&, const Recipe&) = default;
};

/// The recipe as YAML; ranges print so that they read back exactly.
std::string RecipeText(const Recipe& recipe);

/// Reads RecipeText's form; what it lacks is empty. Whether a model has the nodes is not looked at.
/// Errors  kInvalidArgument: not YAML, an unknown key, format or rewrite, a node or tensor that
///         stands twice, a range that is not two finite float32 numbers in order; names file and
///         line, and the nearest known key.
Result<Recipe> ParseRecipe(std::string_view text, const std::string& source);

}  // namespace tare::quantize
