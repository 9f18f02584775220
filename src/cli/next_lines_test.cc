// Every command that tare's messages and its documentation name is one that tare takes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/commands_in_text_for_test.h"
#include "tare/core/file.h"
#include "tare/core/text.h"

namespace tare::cli {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

// What stands between a literal and the next one, as arguments of the call around them.
struct Between {
  int num_computed = 0;  // whole arguments that are no literals
  bool goes_on = false;  // the next literal is an argument of the same call, or the same literal
};

Between Read(std::string_view text) {
  const size_t first = text.find_first_not_of(" \n\t");
  if (first == std::string_view::npos) return {0, true};
  if (text[first] != ',') return {};
  Between out;
  int depth = 0;
  bool is_empty = true;
  for (const char c : text.substr(first + 1)) {
    depth += c == '(' || c == '[' || c == '{' ? 1 : 0;
    depth -= c == ')' || c == ']' || c == '}' ? 1 : 0;
    const bool ends = depth < 0 || (depth == 0 && c == ',');
    if (ends && !is_empty) ++out.num_computed;
    if (depth < 0) return out;
    is_empty = ends || (is_empty && std::isspace(static_cast<unsigned char>(c)) != 0);
  }
  // Two literals side by side are what is wrong and the next step.
  out.goes_on = is_empty && out.num_computed > 0;
  return out;
}

// The messages of a source: the literals of one call as one text, "X" for each computed argument.
std::vector<std::string> MessagesOf(std::string_view source) {
  std::vector<std::string> messages;
  std::string between = ";";
  const auto finish = [&] {
    const Between read = Read(between);
    if (!messages.empty())
      messages.back() += std::string(static_cast<size_t>(read.num_computed), 'X');
    between.clear();
    return read.goes_on;
  };
  for (size_t i = 0; i < source.size(); ++i) {
    if (source.substr(i, 2) == "//") {
      i = std::min(source.find('\n', i), source.size());
      continue;
    }
    if (source[i] == '\'' && i + 2 < source.size()) {  // a character, perhaps a quote
      const size_t end = source.find('\'', i + (source[i + 1] == '\\' ? 3 : 2));
      if (end != std::string_view::npos && end - i <= 4) i = end;
      between += 'c';
      continue;
    }
    if (source[i] != '"') {
      between += source[i];
      continue;
    }
    std::string literal;
    for (++i; i < source.size() && source[i] != '"'; ++i) {
      if (source[i] == '\\') {
        ++i;
        literal += source[i] == 'n' ? '\n' : source[i];
      } else {
        literal += source[i];
      }
    }
    if (finish() && !messages.empty()) {
      messages.back() += literal;
    } else {
      messages.push_back(literal);
    }
  }
  finish();
  return messages;
}

std::vector<std::string> FilesUnder(const std::string& folder, const std::string& extension) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == extension) files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  return files;
}

TEST(NextLinesTest, FindsCommandsInMessages) {
  EXPECT_THAT(CommandsIn("measure again: tare run --again evaluate, or tare evaluate once; hectare "
                         "run; tare is; see (build/tare registry ls)"),
              ElementsAre("tare run --again evaluate", "tare evaluate once", "tare registry ls"));
  EXPECT_THAT(MessagesOf(R"(f(StrCat("a: tare run ", path, " -o ", out), "b" "c"); g("d"))"),
              ElementsAre("a: tare run X -o X", "bc", "d"));
}

TEST(NextLinesTest, KnowsWhatIsNotTaken) {
  EXPECT_EQ(WhyNotTaken("tare registry ls"), "");
  EXPECT_EQ(WhyNotTaken("tare gate r.json --policy p.yaml"), "");
  EXPECT_NE(WhyNotTaken("tare gate r.json --polcy p.yaml"), "");
  EXPECT_NE(WhyNotTaken("tare registry list x"), "");
  EXPECT_NE(WhyNotTaken("tare quantize m.onnx --data d.npz"), "") << "-o is missing";
}

TEST(NextLinesTest, NamesOnlyCommandsThatAreTaken) {
  int num_commands = 0;
  for (const std::string& path : FilesUnder("src", ".cc")) {
    if (path.ends_with("_test.cc")) continue;
    const auto source = ReadFile(path, 1 << 24);
    ASSERT_TRUE(source);
    for (const std::string& message : MessagesOf(*source)) {
      for (const std::string& command : CommandsIn(message)) {
        ++num_commands;
        EXPECT_EQ(WhyNotTaken(command), "") << path << ": " << command;
      }
    }
  }
  EXPECT_GT(num_commands, 40) << "they are no longer found";
}

TEST(NextLinesTest, DocumentsOnlyCommandsThatAreTaken) {
  std::vector<std::string> pages = FilesUnder("docs", ".md");
  // These are made from the command line.
  std::erase_if(pages, [](const std::string& path) { return path.starts_with("docs/cli/"); });
  std::ranges::copy(FilesUnder("examples", ".md"), std::back_inserter(pages));
  pages.emplace_back("README.md");
  int num_commands = 0;
  for (const std::string& path : pages) {
    auto text = ReadFile(path, 1 << 24);
    ASSERT_TRUE(text);
    for (size_t at = text->find("\\\n"); at != std::string::npos; at = text->find("\\\n"))
      text->replace(at, 2, " ");
    bool in_block = false;
    for (const std::string& line : Split(*text, '\n')) {
      if (line.starts_with("```")) in_block = !in_block;
      const size_t first = line.find_first_not_of(" $");
      if (!in_block || first == std::string::npos || line.compare(first, 5, "tare ") != 0) continue;
      const std::string command = line.substr(first);
      ++num_commands;
      EXPECT_EQ(WhyNotTaken(command), "") << path << ": " << command;
    }
  }
  EXPECT_GT(num_commands, 10) << "they are no longer found";
}

}  // namespace
}  // namespace tare::cli
