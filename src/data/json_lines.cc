#include "data/json_lines.h"

namespace tare::data {

Result<std::unique_ptr<Dataset>> OpenJsonLines(ByteSourcePtr source, ByteSourcePtr) {
  return Unsupported(StrCat(source->name(), " is not yet read"), "convert it to .npz");
}

}  // namespace tare::data
