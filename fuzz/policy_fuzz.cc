// Fuzz target: a policy in YAML.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tare/verdict/gate.h"
#include "tare/verdict/policy.h"

namespace tare::verdict {
namespace {

void Fuzz(std::string_view text) {
  const auto policy = ParsePolicy(text, "fuzz");
  if (!policy) {
    TARE_CHECK(!policy.error().what.empty() && !policy.error().next_step.empty());
    return;
  }
  const auto again = ParsePolicy(CanonicalPolicy(*policy), "canonical");
  TARE_CHECK(again.has_value() && *again == *policy);
  TARE_CHECK(Gate(Evidence{}, *policy).verdict != Verdict::kPass);
}

}  // namespace
}  // namespace tare::verdict

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  tare::verdict::Fuzz({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
