// What `tare --version` prints.

#pragma once

#include <string>

namespace tare::cli {

/// Returns "tare 0.1.0" and a line on the build, without a newline at the end.
std::string VersionText();

/// Returns "0.1.0".
std::string VersionNumber();

}  // namespace tare::cli
