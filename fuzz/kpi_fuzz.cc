// Fuzz target: expressions of KPIs.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tare/evaluate/samples/kpi.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const auto kpi =
      tare::evaluate::KpiExpression::Parse({reinterpret_cast<const char*>(bytes), size});
  if (!kpi) {
    TARE_CHECK(!kpi.error().what.empty() && !kpi.error().next_step.empty());
    return 0;
  }
  for (const double value : {-1.0, 0.0, 6.0, 1e300}) {
    const std::vector<double> values(kpi->names().size(), value);
    (void)kpi->Evaluate(values);
  }
  return 0;
}
