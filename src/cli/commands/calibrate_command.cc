// tare calibrate: the activation ranges of a model, by every method.

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/commands/model_options.h"
#include "cli/help/version.h"
#include "cli/terminal/json.h"
#include "core/text_width.h"
#include "tare/core/file.h"
#include "tare/core/text.h"
#include "tare/pipeline/calibrate_model.h"

namespace tare::cli {
namespace {

struct CalibrateArgs {
  pipeline::CalibrateRequest request;
  std::string out_path;
  DataArgs data;
  RuntimeArgs runtime;
};

Result<void> RunCalibrate(const CalibrateArgs& args, Terminal& terminal) {
  pipeline::CalibrateRequest request = args.request;
  request.data_path = args.data.data_path;
  if (request.data_path.empty())
    return InvalidArgument("--data is missing", "give samples: --data samples.npz");
  request.label = args.data.label;
  TARE_TRY(request.bindings, BindingsOf(args.data));
  request.session = SessionOptionsOf(args.runtime);
  request.time_limit_s = args.runtime.time_limit_s;
  request.tare_version = VersionNumber();
  TARE_TRY_VOID(CheckOutput(args.out_path, FilesRead({request.model_path}, {request.data_path})));
  TARE_TRY(const auto table, pipeline::CalibrateModel(request, terminal.progress()));
  TARE_TRY_VOID(calibrate::WriteCalibration(table, args.out_path));
  terminal.Say("wrote ", Printable(args.out_path), ": ranges of ", table.tensors.size(),
               " tensors from ", WithThousands(table.num_samples), " samples");
  terminal.Say("next: tare quantize ", Printable(request.model_path), " --ranges ",
               Printable(args.out_path), " -o model.int8.onnx");
  if (terminal.json()) {
    terminal.PrintJson(Dump({{"written", args.out_path},
                             {"tensors", table.tensors.size()},
                             {"samples", table.num_samples}}));
  }
  return {};
}

}  // namespace

Command MakeCalibrateCommand(CLI::App& root) {
  auto args = std::make_shared<CalibrateArgs>();
  CLI::App* app =
      AddCommand(root, {.name = "calibrate",
                        .step = Step::kMake,
                        .summary = "Estimate activation ranges from sample data",
                        .example = "tare calibrate model.onnx --data samples.npz -o ranges.json"});
  app->add_option("model", args->request.model_path, "Float ONNX model")
      ->required()
      ->type_name(kFileType);
  AddDataOptions(*app, args->data);
  app->add_option("-o,--out", args->out_path, "Ranges to write (JSON)")
      ->required()
      ->type_name(kFileType);
  app->add_option("--samples", args->request.num_samples, "Samples to read")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app->add_option("--seed", args->request.seed, "Chooses the samples")->capture_default_str();
  app->add_flag("--trust-data", args->request.trust_data, "Calibrate with data that look wrong");
  AddRuntimeOptions(*app, args->runtime);
  return {app, [args](Terminal& terminal) { return RunCalibrate(*args, terminal); }};
}

}  // namespace tare::cli
