// Fuzz target: a truth and predictions in the files of other tools, split at the first NUL byte.

#include <cstddef>
#include <cstdint>
#include <string>

#include "tare/core/result.h"
#include "tare/evaluate/predictions/foreign_files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  const size_t split = std::min(text.find('\0'), text.size());
  const std::string first = text.substr(0, split);
  const std::string second = text.substr(std::min(split + 1, text.size()));
  const tare::evaluate::FileText truth{"truth", first};
  const tare::evaluate::FileText predictions{"predictions", second};
  const auto task = tare::evaluate::TaskOfTruth(truth);
  for (const auto convert : {&tare::evaluate::LinesOfCoco, &tare::evaluate::LinesOfSquad}) {
    const auto lines = convert(truth, predictions);
    if (lines) {
      TARE_CHECK(task.has_value());
    } else {
      TARE_CHECK(!lines.error().what.empty() && !lines.error().next_step.empty());
    }
  }
  return 0;
}
