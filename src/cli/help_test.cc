// Help, usage, completion and the manual page of a command line made for the test.

#include "cli/help/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/commands/commands.h"
#include "cli/help/command.h"
#include "cli/help/completion.h"
#include "cli/help/man_page.h"

namespace tare::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Shrink {
  std::string model;
  std::string method = "mse";
  std::string out;
  std::vector<std::string> tags;
  int samples = 512;
};

class HelpTest : public testing::Test {
 protected:
  HelpTest() : root_(MakeRoot()) {
    app_ = AddCommand(*root_, {.name = "shrink",
                               .step = Step::kMake,
                               .summary = "Make it 'smaller': [much]",
                               .example = "tare shrink m.onnx -o out"});
    app_->add_option("model", args_.model, "Float32 model")->required()->type_name(kFileType);
    app_->add_option("--method", args_.method, "Range method")
        ->check(OneOf({"mse", "minmax"}))
        ->capture_default_str();
    app_->add_option("--samples", args_.samples, "Samples")->check(CLI::Range(1, 1000));
    app_->add_option("-o,--out", args_.out, "Output folder")->required()->type_name(kFolderType);
    app_->add_option("--tag", args_.tags, "Tag")->allow_extra_args(false);
  }

  CommandDoc Doc() const { return Describe(*root_, "tare"); }

  Shrink args_;
  std::unique_ptr<CLI::App> root_;
  CLI::App* app_ = nullptr;
};

TEST_F(HelpTest, DescribesArguments) {
  const CommandDoc doc = Doc().children.at(0);
  EXPECT_EQ(UsageLine(doc), "tare shrink MODEL --out FOLDER [OPTIONS]");
  EXPECT_EQ(doc.arguments.at(0).kind, ValueKind::kFile);
  EXPECT_EQ(doc.arguments.at(1).kind, ValueKind::kChoice);
  EXPECT_THAT(doc.arguments.at(1).choices, ElementsAre("mse", "minmax"));
  EXPECT_EQ(doc.arguments.at(1).default_text, "mse");
  EXPECT_EQ(doc.arguments.at(2).label, "N");
  EXPECT_EQ(doc.arguments.at(3).kind, ValueKind::kFolder);
  EXPECT_TRUE(doc.arguments.at(4).repeats);
  EXPECT_EQ(doc.arguments.back().kind, ValueKind::kNone);
}

TEST_F(HelpTest, ShowsUsageOptionsAndAnExample) {
  EXPECT_EQ(CommandHelp(Doc().children.at(0)),
            "tare shrink: Make it 'smaller': [much]\n\n"
            "usage: tare shrink MODEL --out FOLDER [OPTIONS]\n\n"
            "  MODEL             Float32 model\n"
            "  --method NAME     Range method: mse, minmax (default mse)\n"
            "  --samples N       Samples\n"
            "  -o, --out FOLDER  Output folder\n"
            "  --tag TEXT        Tag; may be repeated\n"
            "  -h, --help        Print this help\n"
            "  --json            Print one JSON document on standard output\n"
            "  -v, --verbose     Log to standard error; twice for more\n\n"
            "example:\n"
            "  tare shrink m.onnx -o out\n");
}

TEST_F(HelpTest, DoesNotRepeatChoicesThatTheDescriptionNames) {
  EXPECT_EQ(
      FullDescription({.description = "speed, or size: smaller", .choices = {"speed", "size"}}),
      "speed, or size: smaller");
  EXPECT_EQ(FullDescription({.description = "Goal", .choices = {"speed", "size"}}),
            "Goal: speed, size");
}

TEST_F(HelpTest, FitsAScreenHoweverManyCommandsThereAre) {
  for (int i = 0; i < 30; ++i) {
    const std::string help = GroupHelp(Doc());
    EXPECT_LE(std::count(help.begin(), help.end(), '\n'), 24) << i;
    EXPECT_THAT(help, HasSubstr("Make"));
    EXPECT_THAT(help, HasSubstr("shrink"));
    AddCommand(*root_, {.name = StrCat("c", i), .step = static_cast<Step>(i % 7), .summary = "x"});
  }
}

TEST_F(HelpTest, EscapesWhatShellsAndRoffWouldRead) {
  EXPECT_THAT(ZshCompletion(Doc()), HasSubstr("'shrink:Make it '\\''smaller'\\'': [much]'"));
  EXPECT_THAT(FishCompletion(Doc()), HasSubstr("-d 'Make it \\'smaller\\': [much]'"));
  EXPECT_THAT(BashCompletion(Doc()), HasSubstr("'tare shrink --method')"));
  EXPECT_THAT(ManPage(Doc(), "0"), HasSubstr("\\fB\\-\\-method\\fR \\fINAME\\fR"));
  app_->description(".start of a line \\ and more");
  EXPECT_THAT(ManPage(Doc(), "0"), HasSubstr("\n\\&.start of a line \\e and more.\n"));
}

TEST_F(HelpTest, OneOfNamesTheNearestChoice) {
  const CLI::Validator validator = OneOf({"mse", "minmax"});
  std::string good = "mse";
  std::string bad = "minmx";
  EXPECT_EQ(validator(good), "");
  EXPECT_EQ(validator(bad), "'minmx' is not one of mse, minmax (did you mean 'minmax'?)");
}

TEST(ProgramTest, EveryCommandHasASummaryAndAnExample) {
  const Program program = MakeProgram();
  ForEachCommand(Describe(*program.root, "tare"), [](const CommandDoc& command) {
    EXPECT_FALSE(command.summary.empty()) << command.path;
    EXPECT_FALSE(command.example.empty()) << command.path;
    if (command.children.empty()) {
      EXPECT_THAT(command.example, HasSubstr(command.path));
      EXPECT_THAT(command.summary, Not(testing::EndsWith("."))) << command.path;
      for (const ArgumentDoc& argument : command.arguments) {
        EXPECT_FALSE(argument.description.empty()) << command.path;
      }
    }
  });
}

}  // namespace
}  // namespace tare::cli
