#include <span>

#include "scores/code_ranges_internal.h"
#include "scores/unicode_internal.h"
#include "scores/unicode_tables_internal.h"

namespace tare::scores {
namespace {

constexpr uint32_t kNoCode = 0x110000;  // first number that is no code point
constexpr uint32_t kCapitalSigma = 0x3A3;
constexpr uint32_t kSmallSigma = 0x3C3;
constexpr uint32_t kFinalSigma = 0x3C2;
constexpr uint32_t kDottedCapitalI = 0x130;
constexpr uint32_t kDotAbove = 0x307;

uint32_t Lower(uint32_t code) {
  if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + 32 : code;
  return MovedBy(kLower, code);
}

// Unicode's Final_Sigma: a letter before, none after, whatever is case-ignorable between.
bool IsFinalSigma(std::span<const uint32_t> codes, size_t at) {
  const auto skip = [](uint32_t code) { return HoldsCode(kCaseIgnorable, code); };
  size_t before = at;
  while (before > 0 && skip(codes[before - 1])) --before;
  if (before == 0 || !HoldsCode(kCased, codes[before - 1])) return false;
  size_t after = at + 1;
  while (after < codes.size() && skip(codes[after])) ++after;
  return after == codes.size() || !HoldsCode(kCased, codes[after]);
}

struct Decoded {
  uint32_t code;
  size_t bytes;
};

// Shortest forms only, no surrogates, nothing above U+10FFFF.
Decoded Decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint32_t lead = byte(0);
  const Decoded broken = {kNoCode + lead, 1};
  if (lead < 0x80) return {lead, 1};
  const size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return broken;
  uint32_t code = lead & (0x7FU >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return broken;
    code = code << 6U | (byte(i) & 0x3FU);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[bytes] || code >= kNoCode || (code >= 0xD800 && code <= 0xDFFF)) return broken;
  return {code, bytes};
}

}  // namespace

std::vector<uint32_t> CodePoints(std::string_view text) {
  std::vector<uint32_t> codes;
  codes.reserve(text.size());
  while (!text.empty()) {
    const auto [code, bytes] = Decode(text);
    codes.push_back(code);
    text.remove_prefix(bytes);
  }
  return codes;
}

void AppendUtf8(uint32_t code, std::string& text) {
  const auto put = [&](uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  const auto tail = [&](uint32_t shift) { put(0x80U | (code >> shift & 0x3FU)); };
  if (code < 0x80) return put(code);
  if (code >= kNoCode) return put(code - kNoCode);
  if (code < 0x800) {
    put(0xC0U | code >> 6U);
  } else if (code < 0x10000) {
    put(0xE0U | code >> 12U);
    tail(6);
  } else {
    put(0xF0U | code >> 18U);
    tail(12);
    tail(6);
  }
  tail(0);
}

std::vector<uint32_t> LowerCase(std::string_view text) {
  const std::vector<uint32_t> codes = CodePoints(text);
  std::vector<uint32_t> lower;
  lower.reserve(codes.size());
  for (size_t i = 0; i < codes.size(); ++i) {
    const uint32_t code = codes[i];
    if (code == kDottedCapitalI) {
      lower.insert(lower.end(), {'i', kDotAbove});
    } else if (code == kCapitalSigma) {
      lower.push_back(IsFinalSigma(codes, i) ? kFinalSigma : kSmallSigma);
    } else {
      lower.push_back(Lower(code));
    }
  }
  return lower;
}

bool IsWordPart(uint32_t code) {
  if (code >= 0x80) return HoldsCode(kWord, code);
  return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ||
         (code >= '0' && code <= '9') || code == '_';
}

bool IsWhiteSpace(uint32_t code) { return HoldsCode(kSpace, code); }

}  // namespace tare::scores
