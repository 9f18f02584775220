// Fuzz target: two files of predictions of a task, which the first byte chooses; split at the first
// NUL byte.

#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include "tare/evaluate/predictions/detection_predictions.h"
#include "tare/evaluate/predictions/task_predictions.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const size_t split = std::min(text.find('\0'), text.size());
  std::istringstream baseline(text.substr(0, split));
  std::istringstream candidate(text.substr(std::min(split + 1, text.size())));
  tare::evaluate::TestOptions options;
  options.bootstrap.replicates = 100;
  const auto tasks = tare::evaluate::PredictionTasks();
  const size_t task = bytes[0] % (tasks.size() + 1);
  const tare::evaluate::PredictionStreams streams{baseline, "a", candidate, "b"};
  const auto found = task < tasks.size()
                         ? tare::evaluate::EvaluateTaskPredictions(tasks[task], streams, options)
                         : tare::evaluate::EvaluateDetectionPredictions(streams, options);
  if (found) {
    TARE_CHECK(found->n > 0);
  } else {
    TARE_CHECK(!found.error().what.empty() && !found.error().next_step.empty());
  }
  return 0;
}
