// Fuzz target: two files of predictions, split at the first NUL byte.

#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include "tare/evaluate/predictions/predictions.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  const size_t split = std::min(text.find('\0'), text.size());
  std::istringstream baseline(text.substr(0, split));
  std::istringstream candidate(text.substr(std::min(split + 1, text.size())));
  tare::evaluate::TestOptions options;
  options.bootstrap.replicates = 100;
  const auto found =
      tare::evaluate::EvaluatePredictions({baseline, "a", candidate, "b"}, options, {}, nullptr);
  if (found) {
    TARE_CHECK(found->n > 0);
  } else {
    TARE_CHECK(!found.error().what.empty() && !found.error().next_step.empty());
  }
  return 0;
}
