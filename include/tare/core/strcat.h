// StrCat: joins strings and numbers into one string, for messages.

#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace tare {
namespace internal {

inline void AppendPiece(std::string& out, std::string_view text) { out.append(text); }
inline void AppendPiece(std::string& out, char c) { out.push_back(c); }
// A template: an overload for plain bool would be preferred for char arrays.
template <std::same_as<bool> T>
void AppendPiece(std::string& out, T value) {
  out.append(value ? "true" : "false");
}

template <std::integral T>
requires(!std::same_as<T, bool>) void AppendPiece(std::string& out, T value) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  out.append(buffer, end);
}

// Six significant digits: enough to recognise a value in a message.
template <std::floating_point T>
void AppendPiece(std::string& out, T value) {
  char buffer[40];
  const auto end =
      std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::general, 6).ptr;
  out.append(buffer, end);
}

}  // namespace internal

/// Returns the pieces joined: strings, characters, integers, floating-point numbers (six digits).
template <class... Pieces>
std::string StrCat(const Pieces&... pieces) {
  std::string out;
  (internal::AppendPiece(out, pieces), ...);
  return out;
}

}  // namespace tare
