#include <span>

#include "scores/code_ranges_internal.h"
#include "scores/unicode_internal.h"
#include "scores/unicode_tables_internal.h"

namespace tare::scores {
namespace {

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

bool IsOfUnspacedScript(uint32_t code) {
  static constexpr CodeRange kScripts[] = {
      {0x0E00, 0x0EFF},    // Thai, Lao
      {0x0F00, 0x0FFF},    // Tibetan
      {0x1000, 0x109F},    // Burmese
      {0x1780, 0x17FF},    // Khmer
      {0x3005, 0x3007},    // Han: iteration, zero
      {0x3041, 0x30FF},    // kana
      {0x31F0, 0x31FF},    // kana, small
      {0x3400, 0x4DBF},    // Han
      {0x4E00, 0x9FFF},    // Han
      {0xF900, 0xFAFF},    // Han
      {0xFF66, 0xFF9F},    // kana, half width
      {0x20000, 0x3FFFF},  // Han
  };
  return HoldsCode(kScripts, code) && (IsWordPart(code) || IsMark(code));
}

bool IsMark(uint32_t code) {
  static constexpr CodeRange kMarks[] = {
      {0x0300, 0x036F}, {0x0591, 0x05BD}, {0x05BF, 0x05BF}, {0x05C1, 0x05C2}, {0x05C4, 0x05C5},
      {0x0610, 0x061A}, {0x064B, 0x065F}, {0x0670, 0x0670}, {0x0900, 0x0963}, {0x0981, 0x09CD},
      {0x0A01, 0x0A4D}, {0x0A81, 0x0ACD}, {0x0B01, 0x0B4D}, {0x0B82, 0x0BCD}, {0x0C00, 0x0C4D},
      {0x0C81, 0x0CCD}, {0x0D00, 0x0D4D}, {0x0D81, 0x0DDF}, {0x0E31, 0x0E3A}, {0x0E47, 0x0E4E},
      {0x0EB1, 0x0EBC}, {0x0EC8, 0x0ECD}, {0x0F71, 0x0F84}, {0x0F90, 0x0FBC}, {0x102B, 0x103E},
      {0x1056, 0x1059}, {0x105E, 0x1060}, {0x17B4, 0x17D3}, {0x1DC0, 0x1DFF}, {0x3099, 0x309A},
  };
  return !IsWordPart(code) && HoldsCode(kMarks, code);
}

bool IsWhiteSpace(uint32_t code) { return HoldsCode(kSpace, code); }

}  // namespace tare::scores
