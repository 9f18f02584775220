#include "cli/help/usage_error.h"

#include <cctype>

#include "cli/help/command_tree.h"
#include "tare/core/text.h"

namespace tare::cli {
namespace {

// The commands named on the command line, from the root down, with what the user typed for them.
struct Named {
  const CLI::App* app;
  std::string path;
};

std::vector<Named> NamedCommands(const CLI::App& root) {
  std::vector<Named> named = {{&root, root.get_name()}};
  while (!named.back().app->get_subcommands().empty()) {
    const CLI::App* child = named.back().app->get_subcommands().front();
    named.push_back({child, StrCat(named.back().path, " ", child->get_name())});
  }
  return named;
}

std::vector<std::string> OptionNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::vector<const CLI::App*> Children(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// A command with exactly this name one level further down: "ls" is "registry ls".
std::string NestedCommand(const CLI::App& app, const std::string& name) {
  for (const CLI::App* child : Children(app)) {
    for (const CLI::App* grandchild : Children(*child)) {
      if (grandchild->get_name() == name) return StrCat(child->get_name(), " ", name);
    }
  }
  return "";
}

std::string Hint(const std::string& nearest, const std::string& path) {
  const std::string see = StrCat("see: ", path, " --help");
  return nearest.empty() ? see : StrCat("did you mean '", nearest, "'? ", see);
}

Error UnknownArgument(const Named& where, const std::string& argument) {
  if (argument.starts_with("-") && argument != "-" && argument != "--") {
    const std::string name = argument.substr(0, argument.find('='));
    // Every letter is near every other.
    const bool is_letter = name.size() == 2;
    const auto nearest = is_letter ? "" : NearestName(name, OptionNames(*where.app));
    return InvalidArgument(StrCat("unknown option '", name, "' of ", where.path),
                           Hint(nearest, where.path));
  }
  const auto children = Children(*where.app);
  if (children.empty()) {
    return InvalidArgument(StrCat("unexpected argument '", argument, "' of ", where.path),
                           Hint("", where.path));
  }
  std::vector<std::string> names;
  for (const CLI::App* child : children) names.push_back(child->get_name());
  const std::string nested = NestedCommand(*where.app, argument);
  return InvalidArgument(StrCat("unknown command '", argument, "' of ", where.path),
                         Hint(nested.empty() ? NearestName(argument, names) : nested, where.path));
}

}  // namespace

Error UsageError(const CLI::App& root, const CLI::ParseError& cause) {
  const auto named = NamedCommands(root);
  for (const Named& where : named) {
    const auto unknown = where.app->remaining(false);
    if (!unknown.empty()) return UnknownArgument(where, unknown.front());
  }
  std::string what = cause.what();
  if (what.size() > 1 && std::islower(static_cast<unsigned char>(what[1])) != 0) {
    what[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(what[0])));
  }
  const auto& [app, path] = named.back();
  return InvalidArgument(
      StrCat(path, ": ", what),
      StrCat("write: ", UsageLine(Describe(*app, path)), "\nsee: ", path, " --help"));
}

}  // namespace tare::cli
