// Fuzz target: vocabularies and texts, split at the first byte 0.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tare/scores/wordpiece.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using tare::scores::LetterCase;
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  const size_t split = std::min(input.find('\0'), size);
  const std::string_view text = input.substr(std::min(split + 1, size));
  for (const LetterCase letters : {LetterCase::kLowered, LetterCase::kKept}) {
    const auto tokens = tare::scores::WordPiece::Parse(input.substr(0, split), "vocab", letters);
    if (!tokens) {
      TARE_CHECK(!tokens.error().what.empty() && !tokens.error().next_step.empty());
      return 0;
    }
    for (const int64_t id : tokens->Encode(text, 1000)) TARE_CHECK(id >= 0 && id < tokens->size());
    const auto pair = tare::scores::EncodePair(*tokens, text, text.substr(0, 8), 16);
    if (pair)
      TARE_CHECK(pair->ids.size() <= 16 && pair->premise_size >= 2 &&
                 pair->premise_size < pair->ids.size());
  }
  return 0;
}
