// Element types.

#pragma once

#include <cstdint>
#include <string_view>

namespace tare {

/// Element type of a tensor. The values are those of ONNX TensorProto.DataType, so that a model's
/// own number survives: kInt4 and kUint4 are newer than the protobuf classes that read it.
enum class DType : int32_t {
  kUndefined = 0,
  kFloat32 = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kFloat64 = 11,
  kUint32 = 12,
  kUint64 = 13,
  kBfloat16 = 16,
  kUint4 = 21,
  kInt4 = 22,
};

/// Bits of one element; 0 for strings and types that tare does not compute with.
int BitWidth(DType dtype);

/// Name as in numpy: "float32", "uint8", "bool", "string", "type 17" for unknown numbers.
std::string_view DTypeName(DType dtype);

/// True for float16, bfloat16, float32, float64.
bool IsFloat(DType dtype);

/// IEEE 754 binary16 to binary32, exact.
float HalfToFloat(uint16_t bits);
/// binary32 to binary16, rounding half to even; overflow gives infinity.
uint16_t FloatToHalf(float value);

}  // namespace tare
