#include "tare/core/bytes.h"

#include <cstring>

namespace tare {

int64_t ByteReader::Number() {
  int64_t value = 0;
  ok_ = ok_ && left_.size() >= sizeof(value);
  if (!ok_) return 0;
  std::memcpy(&value, left_.data(), sizeof(value));
  left_.remove_prefix(sizeof(value));
  return value;
}

std::string_view ByteReader::Text() {
  const int64_t size = Number();
  ok_ = ok_ && size >= 0 && static_cast<uint64_t>(size) <= left_.size();
  if (!ok_) return {};
  const auto text = left_.substr(0, static_cast<size_t>(size));
  left_.remove_prefix(text.size());
  return text;
}

}  // namespace tare
