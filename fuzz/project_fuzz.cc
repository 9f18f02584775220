// Fuzz target: tare.yaml.

#include <cstddef>
#include <cstdint>

#include "tare/pipeline/project.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const auto project =
      tare::pipeline::ParseProject({reinterpret_cast<const char*>(bytes), size}, "tare.yaml");
  if (!project) {
    TARE_CHECK(!project.error().what.empty() && !project.error().next_step.empty());
    return 0;
  }
  TARE_CHECK(!project->name.empty() && !project->calibration.empty() && !project->test.empty());
  return 0;
}
