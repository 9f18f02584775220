// tare inspect: what a model is made of, what of it can be quantized, and why the rest cannot.

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands/candidates.h"
#include "cli/commands/commands.h"
#include "cli/commands/model_options.h"
#include "cli/terminal/json.h"
#include "core/text_width.h"
#include "tare/core/text.h"
#include "tare/pipeline/inspect.h"

namespace tare::cli {
namespace {

using nlohmann::ordered_json;

struct InspectArgs {
  std::string model_path;
  RuntimeArgs runtime;
};

std::string OperatorsText(const std::vector<pipeline::OperatorCount>& operators) {
  std::vector<std::string> parts;
  for (const auto& count : operators) {
    parts.push_back(
        StrCat(WithThousands(count.count), " ", Printable(count.op),
               count.in_bodies > 0 ? StrCat(" (", count.in_bodies, " in bodies)") : ""));
  }
  return Join(parts, ", ");
}

std::string ValueText(const ValueInfo& value) {
  return StrCat(Printable(value.name), " ", DTypeName(value.dtype), " ", ShapeText(value.shape));
}

void SayFact(Terminal& terminal, std::string_view title, const std::string& text) {
  constexpr int64_t kTitleColumns = 14;
  std::string head = PadRight(StrCat("  ", title), kTitleColumns);
  for (const std::string& line : Wrap(text, terminal.columns() - kTitleColumns)) {
    terminal.Say(head, line);
    head = std::string(static_cast<size_t>(kTitleColumns), ' ');
  }
}

std::string FateText(const pipeline::AbilityGroup& group) {
  if (group.fate == "static") return "can run in integers";
  if (group.fate == "merged") return "merges into the integer node before it";
  if (group.fate == "dynamic") return "can run in integers, ranged at each run";
  return "stays float";
}

// "MatMul, 2 Add, Relu" of MatMul Add Add Relu; the end of a long one is left out.
std::string BlockText(const std::vector<std::string>& operators) {
  constexpr size_t kMaxParts = 16;
  std::vector<std::string> parts;
  for (size_t i = 0; i < operators.size();) {
    size_t end = i;
    while (end < operators.size() && operators[end] == operators[i]) ++end;
    parts.push_back(StrCat(end - i > 1 ? StrCat(end - i, " ") : "", Printable(operators[i])));
    i = end;
  }
  if (parts.size() > kMaxParts) {
    parts.resize(kMaxParts);
    parts.emplace_back("...");
  }
  return Join(parts, ", ");
}

// Where nothing repeats the operators have said it.
void SayBlocks(const std::vector<pipeline::RepeatedBlock>& blocks, Terminal& terminal) {
  if (blocks.size() == 1 && blocks[0].times == 1) return;
  std::string title = "blocks";
  for (const auto& [times, operators] : blocks) {
    const std::string size =
        StrCat(WithThousands(std::ssize(operators)), operators.size() == 1 ? " node" : " nodes");
    SayFact(terminal, title,
            StrCat(times > 1 ? StrCat(WithThousands(times), " x ") : "", size, ": ",
                   BlockText(operators)));
    title.clear();
  }
}

// What tare quantize will measure, in the words of its table.
void SayPlans(const std::vector<pipeline::PlanSize>& plans, Terminal& terminal) {
  if (plans.empty()) return;
  terminal.Say("  plans of static int8 that tare quantize measures");
  for (const auto& [scope, num_nodes] : plans) {
    SayFact(terminal, scope,
            StrCat(WithThousands(num_nodes), num_nodes == 1 ? " node" : " nodes", ": ",
                   MeaningOf(scope)));
  }
  SayFact(terminal, "fast nodes", std::string(MeaningOf("fast nodes")));
  terminal.Say("");
}

void SayInspection(const pipeline::Inspection& model, const InspectArgs& args, Terminal& terminal) {
  terminal.Say(terminal.Paint(Colour::kStrong, Printable(args.model_path)), "  ",
               HumanBytes(model.file_bytes), ", opset ", model.opset, ", ",
               WithThousands(model.num_nodes), " nodes, ", WithThousands(model.num_parameters),
               " parameters (", HumanBytes(model.parameter_bytes), ")");
  for (const ValueInfo& input : model.inputs) SayFact(terminal, "input", ValueText(input));
  for (const ValueInfo& output : model.outputs) SayFact(terminal, "output", ValueText(output));
  SayFact(terminal, "operators", OperatorsText(model.operators));
  for (const auto& [domain, version] : model.other_domains)
    SayFact(terminal, "domain", StrCat(Printable(domain), " version ", version));
  if (!model.rewrites.empty()) SayFact(terminal, "prepared", Join(model.rewrites, ", "));
  for (const std::string& note : model.notes) SayFact(terminal, "note", Printable(note));
  SayBlocks(model.blocks, terminal);
  // Of an int8 model "stays float" would be said of nodes that are not.
  for (const auto& group : model.abilities) {
    if (model.is_quantized) break;
    terminal.Say("");
    terminal.Say(
        "  ",
        terminal.Paint(group.fate == "float" ? Colour::kFaint : Colour::kGood, FateText(group)),
        ": ", WithThousands(group.count), group.count == 1 ? " node" : " nodes",
        group.weight_elements > 0 ? StrCat(", ", WithThousands(group.weight_elements), " weights")
                                  : "");
    if (!group.reason.empty()) SayFact(terminal, "why", Printable(group.reason));
    SayFact(terminal, "operators", OperatorsText(group.operators));
    std::vector<std::string> examples;
    for (const std::string& name : group.examples) examples.push_back(Printable(name));
    SayFact(terminal, "such as", Join(examples, ", "));
  }
  terminal.Say("");
  SayPlans(model.plans, terminal);
  if (model.is_quantized) {
    terminal.Say("  ", Printable(model.decline_reason));
    terminal.Say(
        "  next: compare it with the float model that it was made from: tare evaluate "
        "FLOAT.onnx ",
        Printable(args.model_path), " --data samples.npz -o report.json");
  } else if (!model.decline_reason.empty()) {
    terminal.Say("  ", Printable(model.decline_reason));
    terminal.Say("  next: use this model as it is");
  } else {
    terminal.Say("  next: tare quantize ", Printable(args.model_path),
                 " --data samples.npz -o model.int8.onnx");
  }
}

ordered_json ValuesJson(const std::vector<ValueInfo>& values) {
  ordered_json out = ordered_json::array();
  for (const ValueInfo& value : values)
    out.push_back(
        {{"name", value.name}, {"dtype", DTypeName(value.dtype)}, {"shape", value.shape}});
  return out;
}

ordered_json OperatorsJson(const std::vector<pipeline::OperatorCount>& operators) {
  ordered_json out = ordered_json::array();
  for (const auto& count : operators)
    out.push_back({{"op", count.op}, {"count", count.count}, {"in_bodies", count.in_bodies}});
  return out;
}

ordered_json ToJson(const pipeline::Inspection& model, const std::string& path) {
  ordered_json out = {{"model", path},
                      {"bytes", model.file_bytes},
                      {"opset", model.opset},
                      {"nodes", model.num_nodes},
                      {"parameters", model.num_parameters},
                      {"parameter_bytes", model.parameter_bytes},
                      {"inputs", ValuesJson(model.inputs)},
                      {"outputs", ValuesJson(model.outputs)},
                      {"operators", OperatorsJson(model.operators)},
                      {"rewrites", model.rewrites},
                      {"notes", model.notes}};
  out["blocks"] = ordered_json::array();
  for (const auto& block : model.blocks)
    out["blocks"].push_back({{"times", block.times}, {"operators", block.operators}});
  out["plans"] = ordered_json::array();
  for (const auto& plan : model.plans)
    out["plans"].push_back({{"scope", plan.scope}, {"nodes", plan.num_nodes}});
  out["quantized"] = model.is_quantized;
  out["abilities"] = ordered_json::array();
  for (const auto& group : model.abilities) {
    out["abilities"].push_back({{"fate", group.fate},
                                {"reason", group.reason},
                                {"nodes", group.count},
                                {"weights", group.weight_elements},
                                {"operators", OperatorsJson(group.operators)},
                                {"examples", group.examples}});
  }
  out["decline_reason"] =
      model.decline_reason.empty() ? ordered_json(nullptr) : ordered_json(model.decline_reason);
  return out;
}

Result<void> RunInspect(const InspectArgs& args, Terminal& terminal) {
  TARE_TRY(const auto model, pipeline::Inspect(args.model_path, SessionOptionsOf(args.runtime),
                                               args.runtime.time_limit_s));
  if (terminal.json()) {
    terminal.PrintJson(Dump(ToJson(model, args.model_path)));
    return {};
  }
  SayInspection(model, args, terminal);
  return {};
}

}  // namespace

Command MakeInspectCommand(CLI::App& root) {
  auto args = std::make_shared<InspectArgs>();
  CLI::App* app =
      AddCommand(root, {.name = "inspect",
                        .step = Step::kTry,
                        .summary = "Show what a model is made of and what of it can be quantized",
                        .example = "tare inspect model.onnx"});
  app->add_option("model", args->model_path, "ONNX model")->required()->type_name(kFileType);
  AddRuntimeOptions(*app, args->runtime);
  return {app, [args](Terminal& terminal) { return RunInspect(*args, terminal); }};
}

}  // namespace tare::cli
