// The header of a .npy array.

#pragma once

#include <string>
#include <string_view>

#include "data/stored_array.h"

namespace tare::data {

/// Longest .npy header that is read, the 10 to 12 bytes before it included. numpy's own limit for
/// files it trusts is of the same size.
inline constexpr int64_t kMaxNpyHeaderBytes = 65536;

/// Parses the magic, version and header of .npy versions 1 to 3. `prefix` is the start of the
/// file, at least min(file size, kMaxNpyHeaderBytes) bytes; `name` stands for it in messages.
///
/// Errors  kDataLoss: not .npy, cut off, or a header that numpy does not write; kUnsupported: an
///         element type that is not a number (objects are never unpickled), or a newer version.
/// Source  numpy/lib/format.py, "Format Version 1.0" to "3.0".
Result<ArrayLayout> ParseNpyHeader(std::string_view prefix, const std::string& name);

/// Opens a .npy file as a dataset of one array. `file` is what is digested: `source` undecoded.
Result<std::unique_ptr<Dataset>> OpenNpy(const ByteSourcePtr& source, ByteSourcePtr file,
                                         const std::string& array_name);

}  // namespace tare::data
