// For `make docs`: writes the pages of docs/cli.
//   tare-test-pages FOLDER      FOLDER is there, and empty but for pages

#include <cstdio>

#include "cli/commands/commands.h"
#include "cli/help/markdown_pages.h"
#include "tare/core/file.h"
#include "tare/core/text.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto program = tare::cli::MakeProgram();
  for (const auto& [name, text] :
       tare::cli::MarkdownPages(tare::cli::Describe(*program.root, "tare"))) {
    const auto written = tare::WriteFileAtomic(tare::StrCat(argv[1], "/", name), text);
    if (!written) {
      std::fprintf(stderr, "error: %s\nnext:  %s\n", written.error().what.c_str(),
                   written.error().next_step.c_str());
      return static_cast<int>(written.error().code);
    }
  }
  return 0;
}
