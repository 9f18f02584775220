#include "tare/pipeline/report_files.h"

// The assembler copies the file into the program: no generated source, no step of its own. The
// label behind it gives the length.
__asm__(
    ".section .rodata\n"
    ".balign 16\n"
    "tare_report_page_begin:\n"
    ".incbin \"" TARE_REPORT_PAGE
    "\"\n"
    "tare_report_page_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" {
extern const char tare_report_page_begin[] __attribute__((visibility("hidden")));
extern const char tare_report_page_end[] __attribute__((visibility("hidden")));
}

namespace tare::pipeline {

std::string_view ReportPage() {
  return {tare_report_page_begin,
          static_cast<size_t>(tare_report_page_end - tare_report_page_begin)};
}

}  // namespace tare::pipeline
