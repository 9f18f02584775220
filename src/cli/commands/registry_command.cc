// tare registry: the versions on the record, and their files.

#include <cstdlib>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/commands/registry_root.h"
#include "cli/commands/verdict.h"
#include "cli/terminal/json.h"
#include "core/text_width.h"
#include "tare/core/text.h"
#include "tare/registry/registry.h"

namespace tare::cli {
namespace {

using nlohmann::ordered_json;
using registry::Artifact;
using registry::Version;

struct RegistryArgs {
  std::string root;
  std::string name;
  std::string role;
  std::string out_folder = ".";
  bool overwrite = false;
};

// "2024-01-31 09:30:05", UTC.
std::string UtcTime(int64_t ms, const char* format) {
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  char text[64];
  if (::gmtime_r(&seconds, &parts) == nullptr) return "?";
  return {text, std::strftime(text, sizeof(text), format, &parts)};
}

ordered_json ToJson(const Version& version) {
  ordered_json json;
  json["name"] = version.name;
  json["number"] = version.number;
  json["ref"] = version.Ref();
  json["created_at"] = UtcTime(version.created_at_ms, "%Y-%m-%dT%H:%M:%SZ");
  json["verdict"] = version.verdict;
  json["summary"] = version.summary;
  json["files"] = ordered_json::object();
  for (const Artifact& artifact : version.artifacts) {
    json["files"][artifact.role] = {{"file_name", artifact.file_name},
                                    {"sha256", artifact.digest},
                                    {"bytes", artifact.num_bytes}};
  }
  json["digests"] = version.digests;
  json["metadata"] = version.metadata;
  return json;
}

Result<void> RunList(const RegistryArgs& args, Terminal& terminal) {
  TARE_TRY(const auto registry, registry::Registry::Open(RegistryRoot(args.root)));
  TARE_TRY(const auto versions, registry.List(args.name));
  if (terminal.json()) {
    ordered_json json = {{"registry", registry.root()}, {"versions", ordered_json::array()}};
    for (const Version& version : versions) json["versions"].push_back(ToJson(version));
    terminal.PrintJson(Dump(json));
    return {};
  }
  if (versions.empty()) {
    terminal.Say("no versions ", args.name.empty() ? "" : StrCat("of ", args.name, " "), "in ",
                 registry.root());
    terminal.Say("next: tare run registers a version when it passes");
    return {};
  }
  TextTable table(
      {{"version"}, {"verdict"}, {"registered (UTC)"}, {"model", Align::kPoint}, {"summary"}});
  for (const Version& version : versions) {
    const int64_t bytes = version.ModelBytes();
    table.AddRow({version.Ref(), PaintVerdict(terminal, Printable(version.verdict)),
                  UtcTime(version.created_at_ms, "%Y-%m-%d %H:%M"),
                  bytes == 0 ? "-" : HumanBytes(bytes), Printable(version.summary)});
  }
  terminal.Say(table);
  return {};
}

Result<void> RunShow(const RegistryArgs& args, Terminal& terminal) {
  TARE_TRY(const auto registry, registry::Registry::Open(RegistryRoot(args.root)));
  TARE_TRY(const auto version, registry.Show(args.name));
  if (terminal.json()) {
    terminal.PrintJson(Dump(ToJson(version)));
    return {};
  }
  terminal.Say(terminal.Paint(Colour::kStrong, version.Ref()), "  ",
               PaintVerdict(terminal, Printable(version.verdict)), "  registered ",
               UtcTime(version.created_at_ms, "%Y-%m-%d %H:%M:%S UTC"));
  if (!version.summary.empty()) terminal.Say(Printable(version.summary));
  TextTable files({{"file"}, {"name"}, {"size", Align::kPoint}, {"sha256"}});
  for (const Artifact& artifact : version.artifacts) {
    files.AddRow({artifact.role, Printable(artifact.file_name), HumanBytes(artifact.num_bytes),
                  artifact.digest});
  }
  terminal.Say("");
  terminal.Say(files);
  for (const auto& [title, map] :
       {std::pair("digest of", &version.digests), std::pair("about", &version.metadata)}) {
    if (map->empty()) continue;
    TextTable table({{title}, {""}});
    for (const auto& [key, value] : *map) table.AddRow({Printable(key), Printable(value)});
    terminal.Say("");
    terminal.Say(table);
  }
  terminal.Say("");
  terminal.Say("next: tare registry get ", version.Ref(),
               args.root.empty() ? "" : StrCat(" --registry ", args.root), " --role model");
  return {};
}

Result<void> RunGet(const RegistryArgs& args, Terminal& terminal) {
  TARE_TRY(const auto registry, registry::Registry::Open(RegistryRoot(args.root)));
  TARE_TRY(const auto version, registry.Show(args.name));
  TARE_TRY(const auto paths, registry.Get(version.Ref(), {.role = args.role,
                                                          .out_folder = args.out_folder,
                                                          .overwrite = args.overwrite}));
  if (terminal.json()) {
    terminal.PrintJson(Dump(ordered_json{{"ref", version.Ref()}, {"paths", paths}}));
    return {};
  }
  for (const std::string& path : paths) terminal.Say("wrote ", path);
  terminal.Say(version.Ref(), ": ", paths.size(),
               paths.size() == 1 ? " file, with" : " files, each with",
               " the digest on the record");
  return {};
}

// Every subcommand takes the place of the registry.
std::shared_ptr<RegistryArgs> AddArgs(CLI::App* app) {
  auto args = std::make_shared<RegistryArgs>();
  app->add_option("--registry", args->root,
                  "Folder of the registry (default $TARE_REGISTRY, else tare-registry)")
      ->type_name(kFolderType);
  return args;
}

Command MakeListCommand(CLI::App& group) {
  CLI::App* app = AddCommand(group, {.name = "ls",
                                     .step = Step::kShip,
                                     .summary = "List the versions, of all models or of one",
                                     .example = "tare registry ls fashion"});
  auto args = AddArgs(app);
  app->add_option("name", args->name, "Only versions of this name");
  return {app, [args](Terminal& terminal) { return RunList(*args, terminal); }};
}

Command MakeShowCommand(CLI::App& group) {
  CLI::App* app =
      AddCommand(group, {.name = "show",
                         .step = Step::kShip,
                         .summary = "Show one version: verdict, files, digests",
                         .example = "tare registry show fashion@3\ntare registry show fashion"});
  auto args = AddArgs(app);
  app->add_option("version", args->name, "Version; without @N the latest")
      ->required()
      ->type_name("NAME[@N]");
  return {app, [args](Terminal& terminal) { return RunShow(*args, terminal); }};
}

Command MakeGetCommand(CLI::App& group) {
  CLI::App* app = AddCommand(
      group, {.name = "get",
              .step = Step::kShip,
              .summary = "Copy the files of a version out, checking every digest",
              .example = "tare registry get fashion@3 --role model --out deploy",
              .details = "Nothing is written when a stored file does not have the digest on the "
                         "record (exit code 6)."});
  auto args = AddArgs(app);
  app->add_option("version", args->name, "Version; without @N the latest")
      ->required()
      ->type_name("NAME[@N]");
  app->add_option("--role", args->role,
                  "One file only: model, recipe, report_json, report_html, calibration, ...")
      ->type_name("ROLE");
  app->add_option("-o,--out", args->out_folder, "Folder to write to")
      ->type_name(kFolderType)
      ->capture_default_str();
  app->add_flag("--force", args->overwrite, "Replace files that have other content");
  return {app, [args](Terminal& terminal) { return RunGet(*args, terminal); }};
}

}  // namespace

std::string RegistryRoot(const std::string& option) {
  if (!option.empty()) return option;
  const char* variable = std::getenv("TARE_REGISTRY");
  return variable != nullptr && *variable != '\0' ? variable : "tare-registry";
}

Command MakeRegistryCommand(CLI::App& root) {
  CLI::App* app = AddCommandGroup(root, {.name = "registry",
                                         .step = Step::kShip,
                                         .summary = "List, show and fetch registered versions",
                                         .example = "example: tare registry show fashion@3"});
  return {app, {}, {MakeListCommand(*app), MakeShowCommand(*app), MakeGetCommand(*app)}};
}

}  // namespace tare::cli
