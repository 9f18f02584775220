#include "tare/data/corrupt/corrupt_text.h"

#include <array>
#include <vector>

#include "data/corrupt/corrupt_internal.h"
#include "tare/core/text.h"
#include "tare/data/corrupt/corrupt.h"

namespace tare::data {
namespace {

constexpr double kTypoShare[5] = {0.01, 0.02, 0.05, 0.1, 0.2};
constexpr double kCasedShare[5] = {0.1, 0.2, 0.4, 0.7, 1};
constexpr double kKeptShare[5] = {0.9, 0.75, 0.6, 0.45, 0.3};

bool IsCapital(char c) { return c >= 'A' && c <= 'Z'; }
bool IsSmall(char c) { return c >= 'a' && c <= 'z'; }
char Capital(char c) { return IsSmall(c) ? static_cast<char>(c - 'a' + 'A') : c; }
char Small(char c) { return IsCapital(c) ? static_cast<char>(c - 'A' + 'a') : c; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Keys beside each letter in its row and in the rows above and below.
constexpr std::array<std::string_view, 26> kNeighbours = {
    "qwsz",   "vghn",  "xdfv", "serfcx", "wsdr", "drtgvc", "ftyhbv", "gyujnb", "ujko",
    "huikmn", "jiolm", "kop",  "njk",    "bhjm", "iklp",   "ol",     "wa",     "edft",
    "awedxz", "rfgy",  "yhji", "cfgb",   "qase", "zsdc",   "tghu",   "asx"};

// Code points; a byte that begins none is a unit of its own.
std::vector<std::string_view> UnitsOf(std::string_view text) {
  std::vector<std::string_view> units;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i]);
    size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    for (size_t k = 1; k < size; ++k) {
      if (i + k >= text.size() || (static_cast<uint8_t>(text[i + k]) & 0xC0) != 0x80) size = 1;
    }
    units.push_back(text.substr(i, size));
    i += size;
  }
  return units;
}

bool IsLetter(std::string_view unit) {
  return unit.size() == 1 && (IsCapital(unit[0]) || IsSmall(unit[0]));
}

char NeighbourOf(char letter, Draws& draws) {
  const std::string_view keys = kNeighbours[static_cast<size_t>(Small(letter) - 'a')];
  const char key = keys[static_cast<size_t>(draws.Below(static_cast<int>(keys.size())))];
  return IsCapital(letter) ? Capital(key) : key;
}

std::string WithTypos(double share, Draws& draws, std::string_view text) {
  const auto units = UnitsOf(text);
  std::string out;
  for (size_t i = 0; i < units.size(); ++i) {
    if (!IsLetter(units[i]) || draws.Uniform(0, 1) >= share) {
      out += units[i];
      continue;
    }
    switch (draws.Below(4)) {
      case 0:  // swapped with the next; the last one stays
        if (i + 1 < units.size()) out += units[i + 1];
        out += units[i];
        ++i;
        break;
      case 1:  // left out
        break;
      case 2:
        out += units[i];
        out += units[i];
        break;
      default:
        out += NeighbourOf(units[i][0], draws);
    }
  }
  return out;
}

std::string WithCasing(double share, Draws& draws, std::string_view text) {
  std::string out(text);
  for (size_t i = 0; i < out.size();) {
    size_t end = i;
    while (end < out.size() && !IsSpace(out[end])) ++end;
    if (end > i && draws.Uniform(0, 1) < share) {
      const bool capitals = draws.Below(2) == 0;
      for (size_t k = i; k < end; ++k) out[k] = capitals ? Capital(out[k]) : Small(out[k]);
    }
    i = end + 1;
  }
  return out;
}

std::string Truncated(double share, std::string_view text) {
  const auto units = UnitsOf(text);
  const auto kept =
      std::max<size_t>(1, static_cast<size_t>(share * static_cast<double>(units.size())));
  std::string out;
  for (size_t i = 0; i < std::min(kept, units.size()); ++i) out += units[i];
  return out;
}

}  // namespace

Result<TextCorruption> FindTextCorruption(std::string_view name) {
  const std::vector<std::string> names = {"typos", "casing", "truncation"};
  for (size_t i = 0; i < names.size(); ++i) {
    if (name == names[i]) return static_cast<TextCorruption>(i);
  }
  const std::string nearest = NearestName(name, names);
  return InvalidArgument(StrCat("unknown corruption of text '", name, "'"),
                         nearest.empty() ? StrCat("choose of ", Join(names, ", "))
                                         : StrCat("did you mean '", nearest, "'?"));
}

double KeptShare(int64_t severity) {
  TARE_CHECK(severity >= 1 && severity <= 5);
  return kKeptShare[severity - 1];
}

Result<std::string> CorruptText(const CorruptTextOptions& options, int64_t sample,
                                std::string_view text) {
  if (options.severity < 1 || options.severity > 5) {
    return InvalidArgument(StrCat("severity is ", options.severity), "give 1 to 5");
  }
  const auto level = static_cast<size_t>(options.severity - 1);
  // Beyond the numbers of images and tables: no stream serves two purposes.
  Draws draws(SampleSeed(options.seed, sample,
                         kNumImageCorruptions + 8 + static_cast<int>(options.corruption),
                         options.severity));
  switch (options.corruption) {
    case TextCorruption::kTypos:
      return WithTypos(kTypoShare[level], draws, text);
    case TextCorruption::kCasing:
      return WithCasing(kCasedShare[level], draws, text);
    case TextCorruption::kTruncation:
      return Truncated(KeptShare(options.severity), text);
  }
  return std::string(text);
}

}  // namespace tare::data
