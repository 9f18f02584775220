#include "cli/terminal/invocation.h"

#include <algorithm>
#include <cctype>

namespace tare::cli {
namespace {

constexpr std::string_view kName = "tare ";

std::string_view WordAt(std::string_view text, size_t at) {
  const auto* end = std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(),
                                     [](unsigned char c) { return std::islower(c) != 0; });
  return text.substr(at, static_cast<size_t>(end - text.begin()) - at);
}

bool BeginsAWord(std::string_view text, size_t at) {
  return at == 0 || text[at - 1] == ' ' || text[at - 1] == '(' || text[at - 1] == '\n';
}

}  // namespace

std::string AsInvoked(std::string_view text, const Invocation& invocation) {
  std::string out;
  while (true) {
    const size_t at = text.find(kName);
    if (at == std::string_view::npos) return out.append(text);
    const bool is_command =
        BeginsAWord(text, at) &&
        std::ranges::find(invocation.commands, WordAt(text, at + kName.size())) !=
            invocation.commands.end();
    out.append(text.substr(0, at)).append(is_command ? invocation.program + " " : kName);
    text.remove_prefix(at + kName.size());
  }
}

}  // namespace tare::cli
