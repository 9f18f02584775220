#include "cli/help/version.h"

#include "tare/core/strcat.h"

namespace tare::cli {
namespace {

#if defined(__clang__)
constexpr const char* kCompiler = "Clang " __clang_version__;
#else
constexpr const char* kCompiler = "GCC " __VERSION__;
#endif

}  // namespace

// TARE_VERSION and TARE_BUILD_TYPE come from src/cli/CMakeLists.txt.
std::string VersionNumber() { return TARE_VERSION; }

std::string VersionText() {
  return StrCat("tare ", TARE_VERSION, "\nbuild    ", TARE_BUILD_TYPE, ", ", kCompiler);
}

}  // namespace tare::cli
