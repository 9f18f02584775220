// Wrong command lines, as an Error with the nearest name.

#pragma once

#include <CLI/CLI.hpp>

#include "tare/core/result.h"

namespace tare::cli {

/// Returns the error of a command line that the parser refused. An argument that nobody knows
/// comes before anything else that is wrong: a misspelt option is also a missing one.
Error UsageError(const CLI::App& root, const CLI::ParseError& cause);

}  // namespace tare::cli
