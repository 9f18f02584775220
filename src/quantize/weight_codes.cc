#include <algorithm>
#include <functional>
#include <memory>

#include "quantize/weight_codes_internal.h"
#include "tare/core/text.h"
#include "tare/quantize/apply.h"
#include "tare/tensor/quant_params.h"

namespace tare::quantize {
namespace internal {

using graph::Node;

Error CannotTake(const Node& node, Format format, std::string_view why) {
  return FailedPrecondition(StrCat("node '", node.name, "' (", node.op_type, ") cannot be ",
                                   FormatName(format), ": ", why),
                            "take the node out of the recipe, or give it another format");
}

Result<WeightLayout> LayoutOf(const Node& node, const graph::SharedTensor* constant,
                              Format format) {
  if (constant == nullptr || (*constant)->dtype() != DType::kFloat32 || (*constant)->rank() < 2) {
    return CannotTake(node, format, "its weight is not a float32 constant of two axes or more");
  }
  WeightLayout layout{*constant, 0, node.Input(1)};
  if (node.Is("ConvTranspose")) layout.axis = 1;
  if (node.Is("MatMul")) layout.axis = static_cast<int64_t>(layout.weight->rank()) - 1;
  if (node.Is("Gemm")) {
    layout.axis = node.Int("transB", 0) != 0 ? 0 : 1;
    // alpha goes into the weight and beta into the bias: what is left is a plain product.
    const float alpha = node.Float("alpha", 1.0F);
    if (alpha != 1.0F) {
      Tensor scaled = *layout.weight;
      for (float& value : scaled.mutable_data<float>()) value *= alpha;
      layout.weight = std::make_shared<const Tensor>(std::move(scaled));
    }
    layout.key += StrCat("#", alpha);
  }
  layout.key += StrCat("#", layout.axis);
  return layout;
}

Result<std::vector<float>> BiasOf(const Node& node, const graph::SharedTensor* constant,
                                  const WeightLayout& layout, Format format) {
  std::vector<float> bias;
  if (node.Is("MatMul") || node.Input(2).empty()) return bias;
  if (constant == nullptr || (*constant)->dtype() != DType::kFloat32) {
    return CannotTake(node, format, "its bias is not a float32 constant");
  }
  const int64_t channels = layout.weight->shape()[static_cast<size_t>(layout.axis)];
  // [N] or [1, N]; [N, 1] would be one value a row.
  if ((*constant)->num_elements() != channels || (*constant)->rank() == 0 ||
      (*constant)->shape().back() != channels) {
    return CannotTake(node, format, "its bias is not one value a channel");
  }
  const float beta = node.Is("Gemm") ? node.Float("beta", 1.0F) : 1.0F;
  for (const float value : (*constant)->data<float>()) bias.push_back(beta * value);
  return bias;
}

Result<BatchedCodes> QuantizeMatrices(const Tensor& weight) {
  const Shape& shape = weight.shape();
  const int64_t rows = shape[shape.size() - 2];
  const int64_t columns = shape.back();
  const int64_t count = weight.num_elements() / std::max<int64_t>(1, rows * columns);
  const Tensor matrices = weight.Reshaped({count, rows, columns});
  std::vector<int8_t> codes;
  std::vector<float> scales;
  for (int64_t e = 0; e < count; ++e) {
    TARE_TRY(const auto one, QuantizeWeight(matrices.Rows(e, e + 1).Reshaped({rows, columns}), 1));
    const auto values = one.values.data<int8_t>();
    codes.insert(codes.end(), values.begin(), values.end());
    scales.insert(scales.end(), one.scales.begin(), one.scales.end());
  }
  Shape scale_shape = shape;
  scale_shape[shape.size() - 2] = 1;
  return BatchedCodes{Tensor::Of<int8_t>(shape, codes), Tensor::Of<float>(scale_shape, scales)};
}

Result<RecurrentCodes> QuantizeRecurrent(const Tensor& weight) {
  const Shape& shape = weight.shape();
  TARE_TRY(const auto rows, QuantizeWeight(weight.Reshaped({shape[0] * shape[1], shape[2]}), 0));
  const auto from = rows.values.data<int8_t>();
  std::vector<int8_t> to(from.size());
  for (int64_t d = 0; d < shape[0]; ++d) {
    for (int64_t r = 0; r < shape[1]; ++r) {
      for (int64_t c = 0; c < shape[2]; ++c) {
        to[static_cast<size_t>((d * shape[2] + c) * shape[1] + r)] =
            from[static_cast<size_t>((d * shape[1] + r) * shape[2] + c)];
      }
    }
  }
  return RecurrentCodes{
      Tensor::Of<int8_t>({shape[0], shape[2], shape[1]}, to),
      Tensor::Of<float>({shape[0], shape[1]}, rows.scales),
      Tensor::Of<int8_t>({shape[0], shape[1]}, std::vector<int8_t>(rows.scales.size(), 0))};
}

Tensor Transposed(const Tensor& matrix) {
  constexpr int64_t kTile = 64;  // rows and columns that stay in the cache
  const int64_t rows = matrix.shape()[0];
  const int64_t columns = matrix.shape()[1];
  const int8_t* const from = matrix.data<int8_t>().data();
  std::vector<int8_t> to(static_cast<size_t>(rows * columns));
  for (int64_t tile = 0; tile < columns; tile += kTile) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = tile; c < std::min(tile + kTile, columns); ++c)
        to[static_cast<size_t>(c * rows + r)] = from[r * columns + c];
    }
  }
  return Tensor::Of<int8_t>({columns, rows}, to);
}

}  // namespace internal

Result<WeightCache::Entry> WeightCache::Quantize(const graph::SharedTensor& weight, int64_t axis,
                                                 std::span<const float> floor) {
  const auto make = [&](std::span<const float> least) -> Result<Entry> {
    TARE_TRY(auto made, QuantizeWeight(*weight, axis, least));
    weight->Forget();
    return Entry{std::make_shared<const Tensor>(std::move(made.values)), std::move(made.scales)};
  };
  auto known = entries_.find({weight, axis});
  if (known == entries_.end()) {
    TARE_TRY(auto entry, make({}));
    known = entries_.emplace(std::pair(weight, axis), std::move(entry)).first;
  }
  // A floor that raises no scale changes nothing.
  const auto& scales = known->second.scales;
  const bool raises = !floor.empty() && !std::ranges::equal(floor, scales, std::less_equal());
  return raises ? make(floor) : known->second;
}

}  // namespace tare::quantize
