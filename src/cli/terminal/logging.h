// The log of --verbose, on standard error.

#pragma once

#include <string_view>

namespace tare::cli {

/// Turns the log on: nothing at 0, information at 1, details from 2.
void SetVerbosity(int level);

/// Writes one line of information. Never give it a key, a token or the environment.
void LogInfo(std::string_view text);
void LogDetail(std::string_view text);

}  // namespace tare::cli
