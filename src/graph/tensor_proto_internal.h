// TensorProto to Tensor and back. Included by the adapter sources of this module only.

#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>

#include "tare/core/result.h"
#include "tare/tensor/tensor.h"

namespace tare::graph::internal {

/// True when Tensor holds this ONNX element type.
bool IsNumeric(int32_t data_type);

/// Reads a numeric tensor; external data relative to `folder`.
/// Errors  kDataLoss: the bytes do not match the shape; kInvalidArgument: the external path leaves
///         the folder.
Result<Tensor> ReadTensor(const onnx::TensorProto& proto, const std::string& folder);

/// Writes dtype, shape and raw data.
void WriteTensor(const Tensor& tensor, onnx::TensorProto* proto);

}  // namespace tare::graph::internal
