#pragma once

#include "data/byte_source.h"
#include "tare/data/dataset.h"

namespace tare::data {

Result<std::unique_ptr<Dataset>> OpenCsv(ByteSourcePtr source, ByteSourcePtr file);

}  // namespace tare::data
