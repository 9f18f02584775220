// Commands of `next:` lines, for the scripts.
//   tare-test-next list         prints each command of the text on standard input
//   tare-test-next check        ends with 1 when one of them is not taken, and says why

#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>

#include "cli/commands_in_text_for_test.h"
#include "tare/core/text.h"

namespace {

// What follows "next:", with the lines that an error is wrapped over.
std::string NextLines(const std::string& text) {
  constexpr std::string_view kIndent = "       ";
  std::string out;
  bool continues = false;
  for (const std::string& line : tare::Split(text, '\n')) {
    const size_t at = line.find("next: ");
    const bool begins = at != std::string::npos && line.find_first_not_of(' ') == at;
    if (begins) {
      out += (out.empty() ? "" : "\n") + line.substr(at + 6);
    } else if (continues && line.starts_with(kIndent)) {
      out += " " + line.substr(kIndent.size());
    }
    continues = begins ? at == 0 : continues && line.starts_with(kIndent);
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const bool check = std::string_view(argv[1]) == "check";
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  int code = 0;
  for (const std::string& command : tare::cli::CommandsIn(NextLines(text))) {
    if (!check) std::printf("%s\n", command.c_str());
    const std::string reason = check ? tare::cli::WhyNotTaken(command) : "";
    if (reason.empty()) continue;
    std::fprintf(stderr, "a next: line names '%s': %s\n", command.c_str(), reason.c_str());
    code = 1;
  }
  return code;
}
