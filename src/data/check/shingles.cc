#include <algorithm>

#include "data/check/shingles_internal.h"
#include "data/sample_hash.h"

namespace tare::data::internal {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }

// A window of bytes as one number, the last byte lowest.
std::vector<uint64_t> ByteWindows(std::string_view text, size_t size) {
  std::vector<uint64_t> windows;
  windows.reserve(text.size());
  const uint64_t keep = size >= 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * size)) - 1;
  uint64_t window = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    window = ((window << 8) | static_cast<uint8_t>(text[i])) & keep;
    if (i + 1 >= size) windows.push_back(window);
  }
  if (windows.empty() && !text.empty()) windows.push_back(window);
  return windows;
}

uint64_t HashText(std::string_view text) { return HashBytes(std::as_bytes(std::span(text))).low; }

std::vector<uint64_t> WordWindows(std::string_view text, size_t size) {
  std::vector<std::string_view> words;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  std::vector<uint64_t> windows;
  if (words.empty()) return windows;
  if (words.size() < size) return {HashText(text)};
  for (size_t i = 0; i + size <= words.size(); ++i) {
    // The words of a window lie behind each other in the text, one space between.
    const char* begin = words[i].data();
    const std::string_view last = words[i + size - 1];
    windows.push_back(HashText({begin, static_cast<size_t>(last.data() + last.size() - begin)}));
  }
  return windows;
}

}  // namespace

std::string NormaliseText(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (IsSpace(c)) {
      if (!out.empty() && out.back() != ' ') out.push_back(' ');
    } else {
      out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::vector<uint64_t> Shingles(std::string_view text, const ShingleOptions& options) {
  const std::string normal = NormaliseText(text);
  const auto size = static_cast<size_t>(options.size);
  return options.unit == ShingleOptions::Unit::kCharacters ? ByteWindows(normal, size)
                                                           : WordWindows(normal, size);
}

void MakeSet(std::vector<uint64_t>& shingles) {
  std::ranges::sort(shingles);
  shingles.erase(std::unique(shingles.begin(), shingles.end()), shingles.end());
}

double Jaccard(std::span<const uint64_t> a, std::span<const uint64_t> b) {
  if (a.empty() && b.empty()) return 1;
  size_t common = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    common += a[i] == b[j] ? 1 : 0;
    const bool step_a = a[i] <= b[j];
    const bool step_b = b[j] <= a[i];
    i += step_a ? 1 : 0;
    j += step_b ? 1 : 0;
  }
  return static_cast<double>(common) / static_cast<double>(a.size() + b.size() - common);
}

std::vector<uint32_t> MixShingles(std::span<const uint64_t> shingles) {
  std::vector<uint32_t> hashes;
  hashes.reserve(shingles.size());
  for (uint64_t x : shingles) {
    // The finish of SplitMix64 (Steele, Lea, Flood 2014), as in tare/core/random.h.
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    hashes.push_back(static_cast<uint32_t>((x ^ (x >> 31)) >> 32));
  }
  return hashes;
}

}  // namespace tare::data::internal
