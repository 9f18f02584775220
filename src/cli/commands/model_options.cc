#include "cli/commands/model_options.h"

#include <algorithm>

#include "tare/core/text.h"
#include "tare/graph/onnx.h"

namespace tare::cli {
namespace {

Result<std::vector<double>> NumbersOf(const std::string& option, const std::string& text) {
  std::vector<double> numbers;
  for (const std::string& part : Split(text, ',')) {
    double number = 0;
    if (!ParseNumber(part, &number)) {
      return InvalidArgument(
          StrCat(option, " holds '", part, "', not a number"),
          StrCat("write ", option, " 0.485,0.456,0.406; fractions such as 1/255 are fine"));
    }
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

void AddImageSizeOptions(CLI::App& app, ImageArgs& args) {
  app.add_option("--resize", args.resize,
                 "Resize image files: the shorter side to N pixels, or to exactly WxH")
      ->type_name("N|WxH");
  app.add_option("--crop", args.crop, "Then keep their centre, N or WxH pixels")
      ->type_name("N|WxH");
}

Result<data::ImageOptions> ImageOptionsOf(const ImageArgs& args, const std::string& data_path) {
  data::ImageOptions options;
  const std::pair<const char*, const std::string*> given[] = {{"resize", &args.resize},
                                                              {"crop", &args.crop},
                                                              {"layout", &args.layout},
                                                              {"channels", &args.channels}};
  for (const auto& [key, value] : given) {
    if (value->empty()) continue;
    if (auto set = data::SetImageOption(key, *value, options); !set) {
      set.error().what = StrCat("--", set.error().what);
      return std::move(set).error();
    }
    if (data_path.empty() || data::HoldsImages(data_path)) continue;
    return InvalidArgument(
        StrCat("--", key, " is for image files, and ", data_path, " is none of them"),
        StrCat("leave it out, or give --data a folder of images or a CSV file that names some"));
  }
  return options;
}

void AddDataOptions(CLI::App& app, DataArgs& args) {
  app.add_option("--data", args.data_path,
                 "Samples: .npz, .npy, IDX, CSV, JSON Lines, Parquet, or a folder of images")
      ->type_name(kFileType);
  app.add_option("--label", args.label, "Array of class labels in the data")->type_name("NAME");
  app.add_option("--columns", args.columns,
                 "Columns or array that feed the model, in its order: a,b,c; of a model of several "
                 "inputs INPUT=a,b,c; may be given again")
      ->type_name("NAME,...")
      ->expected(1)
      ->take_all();
  app.add_option("--scale", args.scale, "Multiply integer images, e.g. 1/255")->type_name("X");
  app.add_option("--mean", args.mean, "Then subtract, by channel, e.g. 0.485,0.456,0.406")
      ->type_name("X,...");
  app.add_option("--std", args.std, "Then divide, by channel")->type_name("X,...");
  AddImageSizeOptions(app, args.images);
  app.add_option("--layout", args.images.layout,
                 "Of image files, where the model's shape does not say: nchw or nhwc")
      ->type_name("NAME");
  app.add_option("--channels", args.images.channels, "Of image files: rgb (default) or bgr")
      ->type_name("NAME");
}

Result<std::vector<data::InputBinding>> BindingsOf(const DataArgs& args) {
  std::vector<data::InputBinding> bindings;
  for (const std::string& text : args.columns) {
    const size_t sign = text.find('=');
    data::InputBinding& binding = bindings.emplace_back();
    if (sign != std::string::npos) binding.input = text.substr(0, sign);
    binding.columns = Split(text.substr(sign == std::string::npos ? 0 : sign + 1), ',');
    if (sign == 0 || std::ranges::find(binding.columns, "") != binding.columns.end()) {
      return InvalidArgument(StrCat("--columns '", text, "' lacks a name"),
                             "write --columns a,b,c or --columns INPUT=a,b,c");
    }
  }
  TARE_TRY(const auto images, ImageOptionsOf(args.images, args.data_path));
  if (!(images == data::ImageOptions())) bindings.emplace_back().images = images;
  if (args.scale.empty() && args.mean.empty() && args.std.empty()) return bindings;
  data::InputBinding binding;
  TARE_TRY(const auto scale, NumbersOf("--scale", args.scale));
  if (!scale.empty()) binding.preprocessing.scale = scale[0];
  TARE_TRY(binding.preprocessing.mean, NumbersOf("--mean", args.mean));
  TARE_TRY(binding.preprocessing.std, NumbersOf("--std", args.std));
  bindings.push_back(std::move(binding));
  return bindings;
}

std::string FlagsOf(const DataArgs& args) {
  std::string text;
  const std::pair<const char*, const std::string*> flags[] = {
      {" --label ", &args.label},
      {" --scale ", &args.scale},
      {" --mean ", &args.mean},
      {" --std ", &args.std},
      {" --resize ", &args.images.resize},
      {" --crop ", &args.images.crop},
      {" --layout ", &args.images.layout},
      {" --channels ", &args.images.channels}};
  for (const auto& [flag, value] : flags) {
    if (!value->empty()) text += StrCat(flag, *value);
  }
  return text;
}

std::vector<std::string> FilesRead(std::initializer_list<std::string> models,
                                   std::initializer_list<std::string> others) {
  std::vector<std::string> all(others);
  for (const std::string& model : models) {
    const auto files = graph::ModelFiles(model);
    if (files)
      all.insert(all.end(), files->begin(), files->end());
    else
      all.push_back(model);
  }
  return all;
}

void AddRuntimeOptions(CLI::App& app, RuntimeArgs& args) {
  app.add_option("--threads", args.num_threads, "Intra-op threads of the runtime")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--custom-ops", args.custom_ops, "Shared library with custom operators")
      ->type_name(kFileType);
  app.add_option("--time-limit", args.time_limit_s, "Seconds for the model's first load and run")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
}

runtime::SessionOptions SessionOptionsOf(const RuntimeArgs& args) {
  runtime::SessionOptions options;
  options.num_threads = args.num_threads;
  options.custom_op_libraries = args.custom_ops;
  return options;
}

}  // namespace tare::cli
