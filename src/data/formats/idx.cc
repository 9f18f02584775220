#include "data/formats/idx.h"

namespace tare::data {
namespace {

constexpr int64_t kMaxRank = 8;

DType IdxType(uint8_t code) {
  switch (code) {
    case 0x08:
      return DType::kUint8;
    case 0x09:
      return DType::kInt8;
    case 0x0B:
      return DType::kInt16;
    case 0x0C:
      return DType::kInt32;
    case 0x0D:
      return DType::kFloat32;
    case 0x0E:
      return DType::kFloat64;
    default:
      return DType::kUndefined;
  }
}

}  // namespace

bool LooksLikeIdx(std::string_view prefix) {
  return prefix.size() >= 4 && prefix[0] == 0 && prefix[1] == 0 &&
         IdxType(static_cast<uint8_t>(prefix[2])) != DType::kUndefined && prefix[3] >= 1 &&
         prefix[3] <= kMaxRank;
}

Result<StoredArray> ReadIdx(ByteSourcePtr source, const std::string& array_name) {
  TARE_TRY(const std::string prefix, ReadPrefix(*source, 4 + 4 * kMaxRank));
  if (!LooksLikeIdx(prefix)) {
    return DataLoss(StrCat(source->name(),
                           " is not IDX: it must begin with 0, 0, a type of 8, 9, "
                           "11 to 14, and 1 to 8 axes"),
                    "make or download the file again");
  }
  ArrayLayout layout;
  layout.dtype = IdxType(static_cast<uint8_t>(prefix[2]));
  layout.is_big_endian = true;
  const auto rank = static_cast<size_t>(prefix[3]);
  layout.offset = static_cast<int64_t>(4 + 4 * rank);
  if (prefix.size() < 4 + 4 * rank) {
    return DataLoss(StrCat("the IDX header of ", source->name(), " is cut off"),
                    "make or download the file again");
  }
  for (size_t axis = 0; axis < rank; ++axis) {
    uint32_t extent = 0;
    for (size_t i = 0; i < 4; ++i) {
      extent = extent << 8 | static_cast<uint8_t>(prefix[4 + 4 * axis + i]);
    }
    layout.shape.push_back(extent);
  }
  return StoredArray::Create(array_name, layout, std::move(source));
}

}  // namespace tare::data
