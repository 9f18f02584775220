// TensorProto to Tensor and back. Included by the adapter sources of this module only.

#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "tare/core/file.h"
#include "tare/core/result.h"
#include "tare/tensor/tensor.h"

namespace tare::graph::internal {

/// The files beside a model that its tensors have their bytes in, each mapped once.
///
/// A location is relative and goes down from the model's folder. The file that it leads to, links
/// followed, lies in that folder too, or in the folder where the model file itself lies when links
/// are followed: the cache of a model hub keeps links in its snapshots and all files in one folder.
/// The model is what a stranger wrote, the links are not; this is also what ONNX Runtime opens,
/// where ONNX's own checker refuses every link and with it each such cache.
class DataFiles {
 public:
  /// `path` is the model's file.
  static DataFiles Beside(const std::string& path);
  /// `folder` stands for the place of a model that is no file.
  static DataFiles In(std::string folder);

  /// Where `location` leads to, links followed.
  /// Errors  kInvalidArgument: outside; kNotFound: there is no such file.
  Result<std::string> Resolve(const std::string& location) const;

  /// Errors  those of Resolve() and of mapping it.
  Result<std::shared_ptr<const MappedFile>> Open(const std::string& location);

 private:
  DataFiles(std::string folder, std::string home)
      : folder_(std::move(folder)), home_(std::move(home)) {}

  std::string folder_;  // as it was given
  std::string home_;    // of the model's file when links are followed
  std::map<std::string, std::shared_ptr<const MappedFile>> open_;  // by location
};

/// What a tensor says of bytes that are elsewhere.
struct ExternalPlace {
  std::string location;
  int64_t offset = 0;
  int64_t length = -1;  ///< -1: as many as type and shape ask for
};
/// Errors  kDataLoss: a number is none.
Result<ExternalPlace> PlaceOf(const onnx::TensorProto& proto);

/// True when Tensor holds this ONNX element type.
bool IsNumeric(int32_t data_type);

/// Whether a tensor in `message`, or that tensor itself, has its bytes in another file.
bool NamesFile(const google::protobuf::Message& message);

/// Reads a numeric tensor; bytes that are elsewhere stay there, mapped. What `proto` holds itself
/// is gone from it afterwards, so that weights are held once.
/// Errors  kDataLoss: the bytes do not match the shape; those of DataFiles.
Result<Tensor> TakeTensor(onnx::TensorProto& proto, DataFiles& files);

/// Writes dtype and shape, without bytes.
void WriteType(const Tensor& tensor, onnx::TensorProto* proto);
/// Writes dtype, shape and raw data.
void WriteTensor(const Tensor& tensor, onnx::TensorProto* proto);

}  // namespace tare::graph::internal
