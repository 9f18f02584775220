// Where the registry is.

#pragma once

#include <string>

namespace tare::cli {

/// Returns `option` (of --registry), else $TARE_REGISTRY, else "tare-registry" here.
std::string RegistryRoot(const std::string& option);

}  // namespace tare::cli
