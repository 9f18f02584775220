// What a file is that was given in place of an ONNX model.

#pragma once

#include <optional>
#include <string_view>

namespace tare::graph::internal {

struct ForeignFile {
  std::string_view kind;       ///< "a TensorFlow Lite model"
  std::string_view next_step;  ///< how an ONNX model is made of it
};

/// Recognises a file by its first bytes: by the signature that its format defines. An ONNX model has
/// none of them.
///
/// Edge     nullopt: none of the formats that people have in place of ONNX; `bytes` may be cut off
///          anywhere.
/// Source   PyTorch serialization.cpp (zip with data.pkl) and pickle protocol 2; FlatBuffers file
///          identifiers TFL3 and ORTM; GGUF and safetensors format notes; RFC 1952; git-lfs spec v1;
///          HDF5 file format 3.0; PKWARE APPNOTE.
std::optional<ForeignFile> RecognizeForeign(std::string_view bytes);

}  // namespace tare::graph::internal
