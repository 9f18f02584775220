// Fuzz target: report.json, from its bytes to a decision and all that is written from it.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "tare/verdict/gate.h"
#include "tare/verdict/render.h"
#include "tare/verdict/report.h"

namespace tare::verdict {
namespace {

void Fuzz(std::string_view text) {
  auto report = ReadReportJson(text, "fuzz");
  if (!report) {
    TARE_CHECK(!report.error().what.empty() && !report.error().next_step.empty());
    return;
  }
  const auto declared = DeclaredPolicy(*report);
  const Policy policy =
      declared ? *declared : DefaultPolicy(report->evidence.task.value_or(Task::kClassification));
  report->decision = Gate(report->evidence, policy);
  // What is written can be read again, and is judged alike.
  const auto again = ReadReportJson(WriteReportJson(*report), "again");
  if (!again) std::fprintf(stderr, "%s\n", again.error().what.c_str());
  TARE_CHECK(again.has_value());
  TARE_CHECK(Gate(again->evidence, policy).verdict == report->decision->verdict);
  TARE_CHECK(!TableLines(*report).empty());
  TARE_CHECK(!WriteReportMarkdown(*report).empty());
  TARE_CHECK(!WriteJunit(*report).empty());
  TARE_CHECK(!WriteSarif(*report, "fuzz").empty());
}

}  // namespace
}  // namespace tare::verdict

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  tare::verdict::Fuzz({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
