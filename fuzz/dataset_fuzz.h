// What the fuzz targets of the data formats share.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tare/data/dataset.h"

namespace tare::data {

/// Opens `bytes` and reads the first and the last sample of every array.
inline void FuzzDataset(Format format, const uint8_t* bytes, size_t size) {
  const auto dataset =
      OpenBytes(format, std::string(reinterpret_cast<const char*>(bytes), size), "fuzz");
  if (!dataset) {
    TARE_CHECK(!dataset.error().what.empty() && !dataset.error().next_step.empty());
    return;
  }
  const int64_t samples[] = {0, (*dataset)->num_samples() - 1};
  for (const ArrayInfo& info : (*dataset)->arrays()) {
    const auto tensor = (*dataset)->Read(info.name, samples);
    if (!tensor) continue;
    TARE_CHECK(tensor->dtype() == info.dtype && tensor->shape()[0] == 2);
  }
  TARE_CHECK((*dataset)->Digest().has_value());
}

}  // namespace tare::data
