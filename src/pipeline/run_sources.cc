#include <filesystem>

#include "pipeline/run_sources_internal.h"
#include "pipeline/step_cache_internal.h"
#include "pipeline/test_plan_internal.h"
#include "tare/core/file.h"
#include "tare/core/text.h"
#include "tare/graph/onnx.h"
#include "tare/runtime/host.h"

namespace tare::pipeline {
namespace {

constexpr int64_t kMaxSearchedForLocation = int64_t{64} << 20;

std::string HostKey() {
  const runtime::Host host = runtime::DescribeHost();
  return StrCat(host.cpu, "|", Join(host.isa, ","), "|", host.num_processors, "|", host.runtime);
}

// A small file may keep its weights elsewhere ("location" is the key of ONNX external data): then
// the digest is that of the whole model.
Result<std::string> DigestOfModel(const std::string& path) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  if (!error && static_cast<int64_t>(bytes) <= kMaxSearchedForLocation) {
    TARE_TRY(const std::string text, ReadFile(path, kMaxSearchedForLocation));
    if (text.find("location") != std::string::npos) {
      if (const auto model = graph::ReadOnnx(path)) {
        TARE_TRY(const std::string tensors, graph::ModelDigest(*model));
        return Sha256Hex(Sha256Hex(text) + tensors);
      }
    }
    return Sha256Hex(text);
  }
  return Sha256File(path);
}

void AddInputs(const Project& project, StepKey& key) {
  for (const data::InputBinding& binding : project.bindings) {
    key.Add("input", binding.input)
        .Add("array", binding.array)
        .Add("scale", binding.preprocessing.scale);
    for (const std::string& column : binding.columns) key.Add("columns", column);
    for (const double mean : binding.preprocessing.mean) key.Add("mean", mean);
    for (const double std : binding.preprocessing.std) key.Add("std", std);
    for (const auto& [name, value] : data::ImageOptionTexts(binding.images)) key.Add(name, value);
  }
  key.Add("label", project.label).Add("task", TaskName(project.task)).Add("output", project.output);
  for (const std::string& name : project.classes) key.Add("class", name);
  for (const std::string& column : SliceColumns(PlanOf(project))) key.Add("column", column);
}

}  // namespace

Result<RunIdentity> IdentifyRun(const Project& project, const RunOptions& options,
                                FileDigests& files) {
  RunIdentity identity;
  identity.host = HostKey();
  TARE_TRY(identity.model_digest, DigestOfModel(project.model_path));
  TARE_TRY(identity.model_bytes, graph::ModelBytes(project.model_path));
  TARE_TRY(identity.splits, DigestSplits(project, files));
  StepKey feed("feed");
  AddInputs(project, feed);
  feed.Add("tare", options.tare_version)
      .Add("program", options.program_stamp)
      .Add("model", identity.model_digest);
  identity.feed_key = feed.Digest();
  return identity;
}

Result<OpenedModel*> RunSources::Model() {
  if (!model_) {
    TARE_TRY(model_, OpenedModel::Open(ModelOf(project_, time_limit_s_)));
  }
  return &*model_;
}

Result<const ProjectSets*> RunSources::Sets() {
  if (!sets_) {
    TARE_TRY(auto* const model, Model());
    TARE_TRY(sets_, OpenSets(project_, *model));
  }
  return &*sets_;
}

}  // namespace tare::pipeline
