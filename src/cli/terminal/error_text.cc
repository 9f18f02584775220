#include "cli/terminal/error_text.h"

#include <nlohmann/json.hpp>

#include "cli/terminal/json.h"
#include "core/text_width.h"

namespace tare::cli {
namespace {

constexpr std::string_view kIndent = "       ";

// Appends `text` wrapped, the first line behind `head` and the others indented as far.
void AppendWrapped(std::string& out, std::string_view head, std::string_view text, int64_t width) {
  for (const std::string& line : Wrap(text, width - static_cast<int64_t>(kIndent.size()))) {
    out.append(head).append(line).append("\n");
    head = kIndent;
  }
}

}  // namespace

std::string_view CodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid_argument";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kFailedPrecondition:
      return "failed_precondition";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kDataLoss:
      return "data_loss";
    case ErrorCode::kResourceExhausted:
      return "resource_exhausted";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kInternal:
      break;
  }
  return "internal";
}

std::string ErrorText(const Error& error, int64_t width) {
  std::string out;
  AppendWrapped(out, "error: ", Printable(error.what), width);
  for (const std::string& line : error.context) {
    AppendWrapped(out, kIndent, StrCat("while ", Printable(line)), width);
  }
  if (!error.next_step.empty()) {
    AppendWrapped(out, "next:  ", Printable(error.next_step), width);
  }
  return out;
}

std::string ErrorJson(const Error& error) {
  nlohmann::ordered_json json;
  json["error"] = {{"code", CodeName(error.code)},
                   {"exit_code", static_cast<int>(error.code)},
                   {"what", error.what},
                   {"next_step", error.next_step},
                   {"context", error.context}};
  return Dump(json);
}

}  // namespace tare::cli
