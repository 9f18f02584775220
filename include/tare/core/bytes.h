// Values as bytes, for the two ends of a pipe between processes of this very program.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tare {

/// Puts values one behind the other, numbers as they are in memory: not for files.
///
///   Number  8 bytes, in this machine's order
///   Text    Number(size), then its bytes
class ByteWriter {
 public:
  void Number(int64_t value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void Text(std::string_view text) {
    Number(static_cast<int64_t>(text.size()));
    bytes_.append(text);
  }
  std::string Take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Takes them out again in the same order.
/// Edge    what is not there, because the bytes end early, reads as 0 and "", and so does all
///         behind it.
class ByteReader {
 public:
  /// `bytes` must outlive the reader and the texts that it gives.
  explicit ByteReader(std::string_view bytes) : left_(bytes) {}
  int64_t Number();
  std::string_view Text();
  /// False once something was not there.
  bool ok() const { return ok_; }

 private:
  std::string_view left_;
  bool ok_ = true;
};

}  // namespace tare
