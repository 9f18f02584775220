// Options that every command with a model and data has, declared once.

#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "cli/help/command.h"
#include "tare/data/feed.h"
#include "tare/runtime/session.h"

namespace tare::cli {

/// --resize, --crop, --layout, --channels as given.
struct ImageArgs {
  std::string resize, crop, layout, channels;
};
/// `data_path`: what they are for.
/// Errors  kInvalidArgument: a value that is none, or options for what holds no image files.
Result<data::ImageOptions> ImageOptionsOf(const ImageArgs& args, const std::string& data_path);
/// --resize and --crop alone.
void AddImageSizeOptions(CLI::App& app, ImageArgs& args);

/// --columns, --scale, --mean, --std, --label, and what becomes of images in files, as given.
struct DataArgs {
  std::string data_path;
  std::string label;
  std::vector<std::string> columns;
  std::string scale;
  std::string mean;
  std::string std;
  ImageArgs images;
};
void AddDataOptions(CLI::App& app, DataArgs& args);

/// Errors  kInvalidArgument: a number that is none.
Result<std::vector<data::InputBinding>> BindingsOf(const DataArgs& args);

/// The options but --data, as they were given: " --label label --scale 1/255"; for `next:` lines.
std::string FlagsOf(const DataArgs& args);

/// What a command reads, for CheckOutput(): the `models` with the files that hold their weights, and
/// the `others`. A model that cannot be read counts as its own file: opening it says what is wrong.
std::vector<std::string> FilesRead(std::initializer_list<std::string> models,
                                   std::initializer_list<std::string> others);

/// --threads, --custom-ops, --time-limit.
struct RuntimeArgs {
  int num_threads = 1;
  std::vector<std::string> custom_ops;
  double time_limit_s = 120;
};
void AddRuntimeOptions(CLI::App& app, RuntimeArgs& args);
runtime::SessionOptions SessionOptionsOf(const RuntimeArgs& args);

}  // namespace tare::cli
