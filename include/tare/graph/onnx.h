// Reading and writing ONNX files.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tare/core/result.h"
#include "tare/graph/model.h"

namespace tare::graph {

/// Reads a model. Weights in files beside it (external data) stay there, mapped. Nodes are sorted
/// where the file has them out of order, and model-local functions are put in the place of their
/// calls.
///
/// Errors  kNotFound: no such file; kDataLoss: not an ONNX file, truncated, a tensor whose bytes do
///         not match its shape, a graph with a cycle, a function that calls itself;
///         kInvalidArgument: external data outside the model's folder. Links in it may lead to where
///         the model file itself lies when links are followed, as in the cache of a model hub, and
///         nowhere else.
/// Cost    memory of about the size of the weights inside the file.
Result<Model> ReadOnnx(const std::string& path);

/// The same for a serialised ModelProto. `folder` is where relative external data lies.
Result<Model> ParseOnnx(std::string_view bytes, const std::string& source,
                        const std::string& folder);

/// Serialises a model with all its tensors inside. The same model gives the same bytes.
/// Errors  kUnsupported: the result would pass 2 GiB, the limit of protobuf; use WriteOnnx.
Result<std::string> SerializeOnnx(const Model& model);

/// A model whose large weights stay where they are, for a runtime that takes them from there.
struct LeanModel {
  std::string bytes;   ///< serialised ModelProto; large tensors are external data
  std::string folder;  ///< where those lie whose bytes are mapped from files
  std::vector<std::pair<std::string, SharedTensor>> weights;  ///< the others, by name
};

/// Serialises everything but the tensors of 1 KB or more.
/// Errors  kUnsupported: the rest passes 2 GiB.
Result<LeanModel> SerializeLean(const Model& model);

/// Writes a model; the file is complete or absent. Over 1.8 GB the large tensors go to
/// `<path>.data` beside it as ONNX external data, each once however many names it has.
/// Errors  as WriteFileAtomic.
Result<void> WriteOnnx(const Model& model, const std::string& path);

/// Size in bytes of what WriteOnnx() would write, the data file included.
/// Cost    that of the graph without its weights.
int64_t WrittenBytes(const Model& model);

/// The files of a model: its own, first, and every file that its tensors name, each once, links
/// followed.
///
/// Edge    what the tensors of bodies, attributes and local functions name counts too.
/// Errors  kNotFound: the model is missing; kInvalidArgument: a file is outside the model's folder;
///         kDataLoss: not an ONNX file.
/// Cost    the graph is read; weights inside the file are passed over.
Result<std::vector<std::string>> ModelFiles(const std::string& path);

/// Size in bytes of a model: that of its files. The one meaning of "size" wherever tare states or
/// compares one.
///
/// Errors  as ModelFiles(); kNotFound: one of the files is missing.
Result<int64_t> ModelBytes(const std::string& path);

/// Returns the SHA-256 of the serialised model, tensors included.
Result<std::string> ModelDigest(const Model& model);

}  // namespace tare::graph
