#include <algorithm>
#include <utility>

#include "pipeline/opened_model_internal.h"
#include "tare/core/parallel.h"
#include "tare/core/text.h"
#include "tare/data/labels.h"
#include "tare/graph/onnx.h"
#include "tare/runtime/probe.h"

namespace tare::pipeline {
namespace {

// An initializer that is listed as an input too has a value already.
std::vector<ValueInfo> FedInputs(const graph::Graph& graph) {
  std::vector<ValueInfo> inputs;
  for (const graph::Value& input : graph.inputs) {
    if (graph.FindInitializer(input.info.name) == nullptr) inputs.push_back(input.info);
  }
  return inputs;
}

std::string KeyOf(const SplitSource& source) {
  std::string key = source.path + "\n";
  for (const data::ArrayFile& array : source.arrays)
    key += StrCat(array.name, "=", array.path, "\n");
  return key;
}

}  // namespace

Result<runtime::Probes> ReadProbes(const data::Feed& feed, std::span<const int64_t> samples,
                                   size_t count) {
  runtime::Probes probes;
  for (size_t i = 0; i < std::min(count, samples.size()); ++i) {
    TARE_TRY(auto batch, feed.Read(samples.subspan(i, 1)));
    probes.single.push_back(std::move(batch.inputs));
  }
  if (feed.natural_batch() == 0 && samples.size() > 1) {
    TARE_TRY(auto batch, feed.Read(samples.first(2)));
    probes.pair = std::move(batch.inputs);
  }
  return probes;
}

Result<runtime::Probes> OpenSource::Probes(std::span<const int64_t> samples, size_t count) const {
  return ReadProbes(*feed, samples, count);
}

Result<void> CheckSameColumns(const OpenSource& first, const OpenSource& other) {
  if (!first.feed->has_columns() || first.feed->arrays() == other.feed->arrays()) return {};
  return InvalidArgument(
      StrCat(first.dataset->source(), " feeds the model the columns ",
             Join(first.feed->arrays(), ", "), ", and ", other.dataset->source(), " the columns ",
             Join(other.feed->arrays(), ", ")),
      "name the columns that the model takes, in its order: data: inputs: {INPUT: {columns: [NAME, "
      "...]}}");
}

SplitSource FileSource(std::string path) {
  SplitSource source;
  source.path = std::move(path);
  return source;
}

OpenedModel::OpenedModel(ModelRequest request, graph::Model source)
    : request_(std::move(request)), source_(std::move(source)), inputs_(FedInputs(source_.graph)) {}

Result<OpenedModel> OpenedModel::Open(ModelRequest request) {
  TARE_TRY(auto source, graph::ReadOnnx(request.path));
  return OpenedModel(std::move(request), std::move(source));
}

Result<std::shared_ptr<const data::Dataset>> OpenedModel::Dataset(const SplitSource& source) {
  auto& shared = open_[KeyOf(source)];
  if (!shared) {
    data::ImageForm form;
    if (std::ranges::any_of(source.Files(), data::HoldsImages)) {
      TARE_TRY(form, data::ImageFormOf(inputs_, request_.bindings));
    }
    TARE_TRY(auto dataset, source.path.empty() ? data::OpenArrays(source.arrays, form)
                                               : data::OpenDataset(source.path, form));
    shared = std::move(dataset);
  }
  return shared;
}

Result<OpenSource> OpenedModel::Bind(const SplitSource& source) {
  TARE_TRY(auto dataset, Dataset(source));
  return Bound(std::move(dataset));
}

Result<OpenSource> OpenedModel::BindCorrupted(const SplitSource& source,
                                              const data::CorruptionSpec& spec, uint64_t seed) {
  TARE_TRY(const OpenSource clean, Bind(source));
  // The number of threads of the request is that of the model; images are made before it runs.
  const data::CorruptOptions options{seed, NumProcessors()};
  TARE_TRY(auto corrupted, data::CorruptDataset(clean.dataset, clean.feed->arrays(), spec, options)
                               .While(StrCat("reading ", clean.dataset->source())));
  return Bound(std::move(corrupted));
}

Result<OpenSource> OpenedModel::Bound(std::shared_ptr<const data::Dataset> dataset) const {
  OpenSource opened;
  auto bound = data::Feed::Bind(*dataset, inputs_, request_.bindings, request_.label);
  if (!bound) {
    // Labels by a wrong name look like one column too many.
    TARE_TRY_VOID(data::CheckLabelsExist(*dataset, request_.label));
    return std::move(bound).error().While(StrCat("reading ", dataset->source()));
  }
  data::Feed feed = *std::move(bound);
  opened.dataset = std::move(dataset);
  feed.Obey(limit_);
  opened.feed = std::make_unique<data::Feed>(std::move(feed));
  return opened;
}

Result<void> OpenedModel::Try(const runtime::Probes& probes, const Progress& progress) {
  if (tried_) return {};
  const bool runs = !probes.single.empty();
  TARE_TRY(const auto tried, runtime::TryInChild(request_.path, probes, request_.session,
                                                 request_.time_limit_s, progress)
                                 .While(StrCat(runs ? "running " : "loading ", request_.path,
                                               runs ? " on the first sample" : "")));
  tried_ = true;
  if (tried.had_pair && !tried.pair_error.empty()) {
    LimitToOneRow("two in one run fail");
  } else if (tried.had_pair && !tried.follows) {
    LimitToOneRow("no output of a run of two has an axis for them");
  }
  return {};
}

void OpenedModel::LimitToOneRow(const std::string& reason) {
  if (takes_one_row()) return;
  limit_->rows = 1;
  notes_.push_back(
      StrCat("the model runs one sample at a time, whatever its inputs say: ", reason));
}

Result<quantize::Prepared> OpenedModel::Prepare(const runtime::Probes& probes,
                                                const Progress& progress,
                                                std::span<const std::string> left_out) {
  TARE_TRY_VOID(Try(probes, progress));
  TARE_TRY(auto prepared, quantize::Prepare(source_, probes.single, request_.session, left_out));
  prepared.notes.insert(prepared.notes.begin(), notes_.begin(), notes_.end());
  return prepared;
}

}  // namespace tare::pipeline
