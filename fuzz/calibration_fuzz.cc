// Fuzz target: calibration.json. What is read must be written and read back the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tare/calibrate/calibration_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace tare::calibrate;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto table = ParseCalibration(text, "calibration.json");
  if (!table) {
    if (table.error().what.empty() || table.error().next_step.empty()) std::abort();
    return 0;
  }
  const auto written = CalibrationJson(*table);
  if (!written) std::abort();
  const auto again = ParseCalibration(*written, "calibration.json");
  if (!again || !(*again == *table)) std::abort();
  return 0;
}
