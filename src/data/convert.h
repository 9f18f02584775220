// Conversion of tensors between element types, with an affine map on the way.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tare/core/result.h"
#include "tare/tensor/tensor.h"

namespace tare::data {

/// to = from * factor[c] + offset[c], in double, with c the index on one axis.
struct Affine {
  std::vector<double> factor;  ///< empty: identity
  std::vector<double> offset;  ///< as many as factor
  int64_t inner = 1;           ///< elements behind the channel axis; channel = i / inner % size
};

/// Says where an element is, for messages: "sample 7 of array 'x'".
using DescribeElement = std::function<std::string(int64_t element)>;

/// True when values of `from` can become `to` in kind: anything to float; integers and bool to
/// integers and bool. Never float to integer, strings, or 4-bit types.
bool CanConvert(DType from, DType to);

/// Returns the tensor with elements of type `to`.
///
/// Edge    float to narrower float rounds half to even; NaN and infinity stay.
/// Errors  kInvalidArgument: CanConvert() is false, or a value does not fit: an integer outside the
///         range of `to`, other than 0 and 1 for bool, a finite value that float cannot hold.
Result<Tensor> ConvertTensor(const Tensor& from, DType to, const Affine& affine,
                             const DescribeElement& describe);

/// Returns the tensor with its axes in the order `axes`: axis i of the result is axes[i] of `from`.
Tensor Transposed(const Tensor& from, const std::vector<int64_t>& axes);

}  // namespace tare::data
