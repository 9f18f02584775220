#include "core/text_width.h"

#include <algorithm>

#include "tare/core/strcat.h"
#include "tare/core/text.h"

namespace tare {
namespace {

bool StartsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

// Length of the colour escape "ESC [ ... letter" at the start of `text`, or 0.
size_t EscapeLength(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const size_t end = text.find_first_not_of("0123456789;", 2);
  return end == std::string_view::npos ? text.size() : end + 1;
}

std::string Spaces(int64_t count) {
  return std::string(static_cast<size_t>(std::max<int64_t>(count, 0)), ' ');
}

}  // namespace

int64_t DisplayWidth(std::string_view text) {
  int64_t width = 0;
  while (!text.empty()) {
    const size_t escape = EscapeLength(text);
    if (escape == 0 && StartsCodePoint(text.front())) ++width;
    text.remove_prefix(std::max<size_t>(escape, 1));
  }
  return width;
}

std::string PadRight(std::string_view text, int64_t width) {
  return StrCat(text, Spaces(width - DisplayWidth(text)));
}

std::string PadLeft(std::string_view text, int64_t width) {
  return StrCat(Spaces(width - DisplayWidth(text)), text);
}

std::string Truncate(std::string_view text, int64_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  constexpr std::string_view kDots = "...";
  const int64_t keep = std::max<int64_t>(width - static_cast<int64_t>(kDots.size()), 0);
  size_t end = 0;
  for (int64_t columns = 0; end < text.size(); ++end) {
    if (StartsCodePoint(text[end]) && ++columns > keep) break;
  }
  return StrCat(text.substr(0, end), kDots.substr(0, static_cast<size_t>(width - keep)));
}

std::vector<std::string> Wrap(std::string_view text, int64_t width) {
  std::vector<std::string> lines;
  for (const std::string& paragraph : Split(text, '\n')) {
    std::string line;
    for (const std::string& word : Split(paragraph, ' ')) {
      if (!line.empty() && DisplayWidth(line) + 1 + DisplayWidth(word) > width) {
        lines.push_back(std::move(line));
        line.clear();
      }
      line += line.empty() ? word : " " + word;
    }
    lines.push_back(std::move(line));
  }
  if (lines.empty()) lines.emplace_back();
  return lines;
}

std::string Printable(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  unsigned char previous = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    // The second byte of U+0080 to U+009F, which hold a one-character "ESC [".
    const bool c1 = previous == 0xC2 && byte >= 0x80 && byte < 0xA0;
    if (c1) out.pop_back();
    if ((byte < 0x20 && c != '\n') || byte == 0x7F || c1) {
      out.append("\\x").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    } else {
      out.push_back(c);
    }
    previous = byte;
  }
  return out;
}

}  // namespace tare
