#include "data/csv.h"

namespace tare::data {

Result<std::unique_ptr<Dataset>> OpenCsv(ByteSourcePtr source, ByteSourcePtr) {
  return Unsupported(StrCat(source->name(), " is not yet read"), "convert it to .npz");
}

}  // namespace tare::data
