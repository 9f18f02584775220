// The codecs, each behind one function. For decode.cc only.

#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "data/images/decode.h"

namespace tare::data {

/// The file is broken: "x.png is corrupt: ...".
inline Error BrokenImage(const std::string& name, std::string_view why) {
  return DataLoss(StrCat(name, " is cut off or corrupt: ", why), "replace the file, or remove it");
}
/// It is sound, and tare does not read it.
inline Error UnreadImage(const std::string& name, std::string_view what) {
  return Unsupported(StrCat(name, " ", what), "save it as PNG with 8 bits a channel, or remove it");
}

/// Each decodes a whole file into its own number of channels, 1 or 3. `head` was checked.
Result<Pixels> DecodeJpeg(std::span<const std::byte> bytes, const std::string& name);
Result<Pixels> DecodePng(std::span<const std::byte> bytes, const std::string& name);
Result<Pixels> DecodeWebp(std::span<const std::byte> bytes, const std::string& name);
Result<Pixels> DecodeBmp(std::span<const std::byte> bytes, const std::string& name);

/// Reads the heads.
Result<ImageHead> ReadJpegHead(const ByteSource& file);
Result<ImageHead> ReadPngHead(const ByteSource& file);
Result<ImageHead> ReadWebpHead(const ByteSource& file);
Result<ImageHead> ReadBmpHead(const ByteSource& file);

/// Unsigned integers in a buffer that is long enough.
inline uint32_t Byte(std::string_view bytes, size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}
inline uint32_t Little16(std::string_view bytes, size_t at) {
  return Byte(bytes, at) | Byte(bytes, at + 1) << 8;
}
inline uint32_t Little32(std::string_view bytes, size_t at) {
  return Little16(bytes, at) | Little16(bytes, at + 2) << 16;
}
inline uint32_t Big16(std::string_view bytes, size_t at) {
  return Byte(bytes, at) << 8 | Byte(bytes, at + 1);
}
inline uint32_t Big32(std::string_view bytes, size_t at) {
  return Big16(bytes, at) << 16 | Big16(bytes, at + 2);
}

}  // namespace tare::data
