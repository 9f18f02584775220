// One dense array inside a byte source: the common end of .npy, .npz and IDX.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/byte_source.h"
#include "tare/data/dataset.h"

namespace tare::data {

/// Where an array's elements lie and how they are written.
struct ArrayLayout {
  DType dtype = DType::kUndefined;
  Shape shape;
  int64_t offset = 0;  ///< of the first element, in bytes
  bool is_big_endian = false;
  bool is_fortran_order = false;

  bool operator==(const ArrayLayout&) const = default;
};

/// An array with samples on its first axis.
class StoredArray {
 public:
  /// Errors  kInvalidArgument: an impossible shape; kDataLoss: the elements do not fill `source`
  ///         from the layout's offset to its end exactly.
  static Result<StoredArray> Create(std::string name, const ArrayLayout& layout,
                                    ByteSourcePtr source);

  const ArrayInfo& info() const { return info_; }
  /// Extent of the first axis; -1 for a scalar, which is the same in every sample.
  int64_t num_rows() const { return num_rows_; }
  int64_t row_bytes() const { return row_bytes_; }
  /// `samples` must be valid (TARE_CHECK is the dataset's business).
  Result<Tensor> Read(std::span<const int64_t> samples) const;

 private:
  ArrayInfo info_;
  int64_t num_rows_ = -1;
  int64_t row_bytes_ = 0;
  int64_t offset_ = 0;
  bool is_big_endian_ = false;
  ByteSourcePtr source_;
};

/// Returns the arrays as one dataset. `file` is digested.
///
/// The number of samples is that of most arrays (of the first, when equally many differ); arrays
/// with another are skipped, with the reason. Arrays without elements do not vote.
/// Errors  kInvalidArgument: no array is left, or there are no samples; the reason of the first
///         skipped array when there is one.
Result<std::unique_ptr<Dataset>> MakeStoredDataset(std::vector<StoredArray> arrays,
                                                   std::vector<SkippedArray> skipped,
                                                   ByteSourcePtr file);

/// Errors  kInvalidArgument: a number outside [0, num_samples), or so many that the shape is not
///         possible.
Result<void> CheckSamples(const Dataset& dataset, std::span<const int64_t> samples);

/// Reverses the bytes of each element of `width` bytes.
void SwapBytes(std::span<std::byte> bytes, int width);

}  // namespace tare::data
