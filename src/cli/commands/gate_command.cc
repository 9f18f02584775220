// tare gate: judges a report, by its own policy or another; the verdict is the exit code.

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/commands/verdict.h"
#include "cli/terminal/json.h"
#include "core/text_width.h"
#include "tare/core/file.h"
#include "tare/verdict/render.h"

namespace tare::cli {
namespace {

constexpr int64_t kMaxReportBytes = int64_t{128} << 20;

struct GateArgs {
  std::string report_path;
  std::string policy_path;
  std::string junit_path;
  std::string sarif_path;
  std::string markdown_path;
  std::string badge_path;
};

Result<verdict::Policy> PolicyOf(const GateArgs& args, const verdict::Report& report) {
  if (args.policy_path.empty()) return verdict::DeclaredPolicy(report);
  TARE_TRY(const std::string text, ReadFile(args.policy_path, 1 << 20));
  return verdict::ParsePolicy(text, args.policy_path);
}

void SaySource(const GateArgs& args, const verdict::Report& report, const std::string& declared,
               Terminal& terminal) {
  const bool has_own = !declared.empty();
  if (args.policy_path.empty()) {
    terminal.Say("  policy    ",
                 has_own ? "as declared in the report" : "none declared: the default of this task");
    return;
  }
  const bool same = declared == report.decision->policy_digest;
  terminal.Say("  policy    ", Printable(args.policy_path),
               same      ? ", as declared in the report"
               : has_own ? ", NOT the one declared before the evaluation"
                         : "; the report declares none");
}

Result<void> WriteOthers(const GateArgs& args, const verdict::Report& report, Terminal& terminal) {
  const auto write = [&](const std::string& path, const std::string& text) -> Result<void> {
    if (path.empty()) return {};
    TARE_TRY_VOID(WriteFileAtomic(path, text));
    terminal.Say("  wrote     ", Printable(path));
    return {};
  };
  TARE_TRY_VOID(write(args.junit_path, verdict::WriteJunit(report)));
  TARE_TRY_VOID(write(args.sarif_path, verdict::WriteSarif(report, args.report_path)));
  TARE_TRY_VOID(write(args.badge_path, verdict::WriteBadge(report)));
  return write(args.markdown_path, verdict::WriteReportMarkdown(report));
}

Result<void> CheckOutputs(const GateArgs& args) {
  const std::string read[] = {args.report_path, args.policy_path};
  for (const std::string* path :
       {&args.junit_path, &args.sarif_path, &args.badge_path, &args.markdown_path}) {
    if (!path->empty()) TARE_TRY_VOID(CheckOutput(*path, read));
  }
  return {};
}

Result<int> RunGate(const GateArgs& args, Terminal& terminal) {
  TARE_TRY_VOID(CheckOutputs(args));
  TARE_TRY(const std::string text, ReadFile(args.report_path, kMaxReportBytes));
  TARE_TRY(auto report, verdict::ReadReportJson(text, args.report_path));
  const std::string declared = report.decision ? report.decision->policy_digest : "";
  TARE_TRY(const auto policy, PolicyOf(args, report));
  report.decision = verdict::Gate(report.evidence, policy);
  SaySource(args, report, declared, terminal);
  SayReport(report, terminal);
  TARE_TRY_VOID(WriteOthers(args, report, terminal));
  if (terminal.json()) {
    const auto whole = nlohmann::ordered_json::parse(verdict::WriteReportJson(report));
    terminal.PrintJson(Dump({{"verdict", whole["verdict"]},
                             {"summary", whole["summary"]},
                             {"n", whole["n"]},
                             {"warnings", whole["warnings"]},
                             {"gate", whole["gate"]}}));
  }
  return ExitCodeOf(report);
}

}  // namespace

Command MakeGateCommand(CLI::App& root) {
  auto args = std::make_shared<GateArgs>();
  CLI::App* app =
      AddCommand(root, {.name = "gate",
                        .step = Step::kJudge,
                        .summary = "Judge a report: PASS, FAIL or INCONCLUSIVE as the exit code",
                        .example = "tare gate report.json --policy policy.yaml --junit gate.xml",
                        .details = "Without --policy the one declared in the report judges again. "
                                   "Ends with 0 for PASS, 20 for FAIL, "
                                   "21 for INCONCLUSIVE: too little data to tell, with the number "
                                   "of samples that would settle it."});
  app->add_option("report", args->report_path, "report.json of tare run or tare evaluate")
      ->required()
      ->type_name(kFileType);
  app->add_option("--policy", args->policy_path,
                  "Policy (YAML), or a tare.yaml's part under policy:")
      ->type_name(kFileType);
  app->add_option("--junit", args->junit_path, "Write the decision as JUnit XML")
      ->type_name(kFileType);
  app->add_option("--sarif", args->sarif_path, "Write it as SARIF 2.1.0")->type_name(kFileType);
  app->add_option("--markdown", args->markdown_path, "Write it as Markdown, for a pull request")
      ->type_name(kFileType);
  app->add_option("--badge", args->badge_path, "Write the verdict as an SVG badge")
      ->type_name(kFileType);
  return {app, [args](Terminal& terminal) { return RunGate(*args, terminal); }};
}

}  // namespace tare::cli
