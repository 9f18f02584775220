#include "cli/help/command_tree.h"

#include <algorithm>
#include <cctype>

#include "cli/help/command.h"
#include "tare/core/text.h"

namespace tare::cli {
namespace {

std::string UpperCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// CLI11 has "TYPE:CHECK:CHECK" in one string, where OneOf() and CLI::IsMember write "{a,b}".
struct TypeName {
  std::string type;
  std::vector<std::string> choices;
};

TypeName ParseTypeName(const std::string& text) {
  TypeName name{text.substr(0, text.find(':')), {}};
  const size_t open = text.find('{');
  const size_t close = text.find('}', std::min(open, text.size()));
  if (close != std::string::npos)
    name.choices = Split(text.substr(open + 1, close - open - 1), ',');
  return name;
}

ValueKind KindOf(const TypeName& name) {
  if (!name.choices.empty()) return ValueKind::kChoice;
  if (name.type == kFileType) return ValueKind::kFile;
  if (name.type == kFolderType) return ValueKind::kFolder;
  return ValueKind::kText;
}

std::string LabelOf(const CLI::Option& option, const std::string& type) {
  const bool builtin = type == "TEXT" || type == "INT" || type == "UINT" || type == "FLOAT" ||
                       type == kFileType || type == kFolderType || type.empty();
  if (option.get_positional() && builtin) return UpperCase(option.get_name());
  if (type == "INT" || type == "UINT") return "N";
  if (type == "FLOAT") return "X";
  return type.empty() ? "TEXT" : type;
}

ArgumentDoc DescribeOption(const CLI::Option& option) {
  ArgumentDoc doc;
  for (const std::string& name : option.get_snames()) doc.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) doc.names.push_back("--" + name);
  doc.description = option.get_description();
  doc.default_text = option.get_default_str();
  doc.required = option.get_required();
  doc.repeats = option.get_items_expected_max() > 1;
  if (option.get_items_expected_max() == 0) {  // a flag
    doc.kind = ValueKind::kNone;
    doc.default_text.clear();
    return doc;
  }
  const TypeName type = ParseTypeName(option.get_type_name());
  doc.choices = type.choices;
  doc.kind = KindOf(type);
  doc.label = LabelOf(option, type.type);
  if (doc.kind == ValueKind::kChoice && doc.label == "TEXT") doc.label = "NAME";
  return doc;
}

int Rank(const ArgumentDoc& argument) {
  if (argument.positional()) return 0;
  return argument.common() ? 2 : 1;
}

}  // namespace

bool ArgumentDoc::common() const {
  if (positional()) return false;
  const std::string& name = names.back();
  return name == "--help" || name == "--json" || name == "--verbose";
}

CommandDoc Describe(const CLI::App& app, const std::string& path) {
  CommandDoc doc;
  doc.path = path;
  doc.name = app.get_name();
  doc.step = app.get_group();
  const std::string text = app.get_description();
  const size_t blank = std::min(text.find("\n\n"), text.size());
  doc.summary = text.substr(0, blank);
  doc.details = text.substr(std::min(blank + 2, text.size()));
  doc.example = app.get_footer();
  for (const CLI::Option* option : app.get_options())
    doc.arguments.push_back(DescribeOption(*option));
  // Positional arguments first, then the options in the order of their declaration, and last those
  // that every command has.
  std::stable_sort(doc.arguments.begin(), doc.arguments.end(),
                   [](const ArgumentDoc& a, const ArgumentDoc& b) { return Rank(a) < Rank(b); });
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    doc.children.push_back(Describe(*child, StrCat(path, " ", child->get_name())));
  }
  return doc;
}

std::string FullDescription(const ArgumentDoc& argument) {
  std::string text = argument.description;
  const auto is_named = [&](const std::string& choice) {
    return argument.description.find(choice) != std::string::npos;
  };
  if (!std::all_of(argument.choices.begin(), argument.choices.end(), is_named)) {
    text += StrCat(": ", Join(argument.choices, ", "));
  }
  if (!argument.default_text.empty()) text += StrCat(" (default ", argument.default_text, ")");
  if (argument.repeats) text += "; may be repeated";
  return text;
}

std::string UsageLine(const CommandDoc& command) {
  if (!command.children.empty()) return command.path + " COMMAND";
  std::string line = command.path;
  bool has_optional = false;
  for (const ArgumentDoc& argument : command.arguments) {
    if (argument.positional()) {
      const std::string label = argument.label + (argument.repeats ? "..." : "");
      line += argument.required ? StrCat(" ", label) : StrCat(" [", label, "]");
    } else if (argument.required) {
      line += StrCat(" ", argument.names.back(), " ", argument.label);
    } else {
      has_optional = true;
    }
  }
  return line + (has_optional ? " [OPTIONS]" : "");
}

}  // namespace tare::cli
