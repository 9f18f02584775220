// An Error as people and as programs read it.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tare/core/result.h"

namespace tare::cli {

/// Returns the name of a code in JSON: "not_found", "data_loss", ...
std::string_view CodeName(ErrorCode code);

/// Returns the lines that people see, wrapped to `width` columns, with a newline at the end:
///
///   error: no calibration range for activation 'x': ranges.json was made from
///          graph 9c1f03aa
///          while quantizing resnet18.onnx
///   next:  make a table for this graph: ...
std::string ErrorText(const Error& error, int64_t width);

/// Returns {"error": {"code", "exit_code", "what", "next_step", "context"}}, without a newline.
std::string ErrorJson(const Error& error);

}  // namespace tare::cli
