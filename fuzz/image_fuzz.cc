// Fuzz target: image files.

#include "data/images/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace tare::data;
  const auto file =
      MakeMemorySource("fuzz", std::string(reinterpret_cast<const char*>(bytes), size));
  const auto head = ReadImageHead(*file);
  // What a head may promise takes a second to decode, and is no news.
  if (head && head->height * head->width > 1'000'000) return 0;
  for (const int64_t channels : {1, 3}) {
    const auto pixels = DecodeImage(*file, channels);
    if (!pixels) {
      TARE_CHECK(!pixels.error().what.empty() && !pixels.error().next_step.empty());
      continue;
    }
    TARE_CHECK(head.has_value() && pixels->height == head->height && pixels->width == head->width);
    TARE_CHECK(static_cast<int64_t>(pixels->values.size()) ==
               pixels->height * pixels->width * channels);
  }
  return 0;
}
