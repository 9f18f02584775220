#include "tare/runtime/profile.h"

#include <nlohmann/json.hpp>

#include "tare/core/file.h"
#include "tare/runtime/analysis.h"
#include "tare/stats/quantile.h"

namespace tare::runtime {
namespace {

constexpr std::string_view kKernelSuffix = "_kernel_time";

bool TakeSuffix(std::string& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.resize(name.size() - suffix.size());
  return true;
}

std::string PlainName(std::string name) {
  if (const size_t token = name.rfind("_token_"); token != std::string::npos) name.resize(token);
  TakeSuffix(name, "_nchwc");
  TakeSuffix(name, "/MatMulAddFusion");
  return name.starts_with("fused ") ? name.substr(6) : name;
}

}  // namespace

Result<KernelTimes> ProfileKernels(const graph::Model& model, std::span<const NamedTensor> inputs,
                                   const SessionOptions& options, int num_runs) {
  TARE_TRY(const auto folder, TemporaryFolder::Create());
  SessionOptions profiling = options;
  profiling.profile_prefix = folder.path() + "/profile";
  TARE_TRY(auto session, MakeSession(model, profiling));
  for (int run = 0; run < num_runs; ++run) {
    TARE_TRY_VOID(
        session.RunViews(inputs, [](std::span<const TensorView>) -> Result<void> { return {}; }));
  }
  TARE_TRY(const std::string path, session.EndProfiling());
  TARE_TRY(const std::string text, ReadFile(path));
  const auto trace = nlohmann::json::parse(text, nullptr, false);
  if (!trace.is_array()) return DataLoss("the runtime's profile is not readable", "run again");
  std::map<std::string, std::vector<double>> durations;
  for (const auto& event : trace) {
    std::string name = event.value("name", "");
    if (event.value("cat", "") != "Node" || !TakeSuffix(name, kKernelSuffix)) continue;
    durations[PlainName(std::move(name))].push_back(event.value("dur", 0.0));
  }
  KernelTimes times;
  for (auto& [name, values] : durations) times[name] = stats::MedianOf(values);
  return times;
}

}  // namespace tare::runtime
