// .npz: a zip archive of .npy arrays.

#pragma once

#include <memory>

#include "data/byte_source.h"
#include "tare/core/result.h"
#include "tare/data/dataset.h"

namespace tare::data {

/// Opens an archive; `file` is what is digested. Members are named arrays ("images.npy" is
/// `images`); nothing is ever extracted to a path, so a name with ".." is only a name. A member is
/// decoded, and its CRC-32 checked, when it is first read; a stored one of more than 1 MiB stays in
/// the archive and is read in place.
///
/// Bound   at most 65,536 members.
/// Errors  kDataLoss: not a zip archive, or cut off; what MakeStoredDataset() gives.
Result<std::unique_ptr<Dataset>> OpenNpz(const ByteSourcePtr& source, ByteSourcePtr file);

}  // namespace tare::data
