// Fuzz target: `where` expressions of slices.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tare/evaluate/samples/slices.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const auto slice =
      tare::evaluate::SliceExpression::Parse({reinterpret_cast<const char*>(bytes), size});
  if (!slice) {
    TARE_CHECK(!slice.error().what.empty() && !slice.error().next_step.empty());
    return 0;
  }
  for (const double value : {-1.0, 0.0, 6.0, 1e300}) {
    const std::vector<double> values(slice->names().size(), value);
    (void)slice->Matches(values);
  }
  return 0;
}
