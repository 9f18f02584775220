// Decoding of gzip files.

#pragma once

#include "data/byte_source.h"

namespace tare::data {

/// True when `prefix` begins as gzip does.
bool LooksLikeGzip(std::string_view prefix);

/// Returns the decoded bytes of all gzip members of `source`, in memory or a temporary file. The
/// name stays that of the file.
/// Errors  kDataLoss: corrupt (CRC-32 and length are checked), cut off, or followed by other bytes;
///         kResourceExhausted: no room, or a decompression bomb (CheckExpansion).
Result<ByteSourcePtr> DecodeGzip(const ByteSource& source);

}  // namespace tare::data
