// The pages of docs/cli say what the program says.

#include "cli/help/markdown_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/commands/commands.h"
#include "tare/core/file.h"
#include "tare/core/text.h"

namespace tare::cli {
namespace {

using testing::HasSubstr;

// Relative to the source folder, where tests run.
constexpr const char* kFolder = "docs/cli";

TEST(MarkdownPagesTest, DocsSayWhatTheProgramSays) {
  const Program program = MakeProgram();
  const auto pages = MarkdownPages(Describe(*program.root, "tare"));
  for (const auto& [name, text] : pages) {
    const auto stored = ReadFile(StrCat(kFolder, "/", name));
    ASSERT_TRUE(stored) << stored.error().what << "\nnext:  make docs";
    EXPECT_TRUE(*stored == text) << kFolder << "/" << name
                                 << " is not what the command line says today\nnext:  make docs";
  }
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    EXPECT_TRUE(pages.contains(entry.path().filename().string()))
        << entry.path() << " describes no command\nnext:  git rm it";
  }
}

TEST(MarkdownPagesTest, WritesUsageArgumentsAndExample) {
  CommandDoc shrink{.path = "tare shrink", .name = "shrink", .summary = "Make it <much> smaller"};
  shrink.example = "tare shrink m.onnx --method mse";
  shrink.arguments.push_back({.label = "MODEL", .description = "Float32 model", .required = true});
  shrink.arguments.push_back({.names = {"-m", "--method"},
                              .label = "NAME",
                              .description = "Range | method",
                              .default_text = "mse",
                              .choices = {"mse", "minmax"}});
  const CommandDoc root{.path = "tare", .name = "tare", .children = {shrink}};
  const std::string page = MarkdownPages(root).at("shrink.md");
  EXPECT_THAT(page, HasSubstr("# tare shrink\n\nMake it \\<much\\> smaller.\n\n"
                              "```sh\ntare shrink MODEL [OPTIONS]\n```\n"));
  EXPECT_THAT(page, HasSubstr("| `MODEL` | Float32 model; required |\n"));
  EXPECT_THAT(page,
              HasSubstr("| `-m, --method NAME` | Range \\| method: mse, minmax (default mse) |\n"));
  EXPECT_THAT(page, HasSubstr("Example:\n\n```sh\ntare shrink m.onnx --method mse\n```\n"));
}

TEST(MarkdownPagesTest, PutsTheCommandsOfAGroupOnItsPage) {
  const CommandDoc get{.path = "tare registry get", .name = "get", .summary = "Fetch a version"};
  const CommandDoc registry{.path = "tare registry",
                            .name = "registry",
                            .step = "Ship",
                            .summary = "Versions",
                            .children = {get}};
  const CommandDoc root{.path = "tare", .name = "tare", .children = {registry}};
  const auto pages = MarkdownPages(root);
  EXPECT_EQ(pages.size(), 2U);
  EXPECT_THAT(pages.at("registry.md"), HasSubstr("## tare registry get\n\nFetch a version.\n"));
  EXPECT_THAT(pages.at("README.md"),
              HasSubstr("| Ship | [tare registry](registry.md) | Versions |\n"));
}

}  // namespace
}  // namespace tare::cli
