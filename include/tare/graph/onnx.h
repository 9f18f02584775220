// Reading and writing ONNX files.

#pragma once

#include <string>
#include <string_view>

#include "tare/core/result.h"
#include "tare/graph/model.h"

namespace tare::graph {

/// Reads a model, external data included. Nodes are sorted where the file has them out of order, and
/// model-local functions are put in the place of their calls.
///
/// Errors  kNotFound: no such file; kDataLoss: not an ONNX file, truncated, a tensor whose bytes do
///         not match its shape, a graph with a cycle, a function that calls itself; kInvalidArgument: external data that leaves the model's folder.
/// Cost    memory of about the size of the weights.
Result<Model> ReadOnnx(const std::string& path);

/// The same for a serialised ModelProto. `folder` is where relative external data lies.
Result<Model> ParseOnnx(std::string_view bytes, const std::string& source,
                        const std::string& folder);

/// Serialises a model with all its tensors inside. The same model gives the same bytes.
/// Errors  kUnsupported: the result would pass 2 GiB, the limit of protobuf; use WriteOnnx.
Result<std::string> SerializeOnnx(const Model& model);

/// Writes a model; the file is complete or absent. Over 1.8 GB the large tensors go to
/// `<path>.data` beside it as ONNX external data.
/// Errors  as WriteFileAtomic.
Result<void> WriteOnnx(const Model& model, const std::string& path);

/// Returns the SHA-256 of the serialised model, tensors included.
Result<std::string> ModelDigest(const Model& model);

}  // namespace tare::graph
