#include <algorithm>
#include <cmath>
#include <filesystem>

#include "pipeline/project_data_internal.h"
#include "tare/core/hash.h"
#include "tare/core/parallel.h"
#include "tare/core/text.h"
#include "tare/data/labels.h"

namespace tare::pipeline {
namespace {

constexpr int64_t kEvaluationBatch = 32;
constexpr int64_t kCalibrationSamples = 300;
constexpr int64_t kSearchSamples = 2000;

// Of a file that all three splits draw from, the two that are not named leave half for the test.
int64_t DefaultCount(int64_t wanted, int64_t available, const SplitSource& source,
                     const SplitSource& test) {
  const bool shares_test = source.Files() == test.Files();
  return std::clamp<int64_t>(shares_test ? available / 4 : available / 2, 1, wanted);
}

// NaN and infinity in data would pass for a property of the models.
Result<void> CheckFinite(const data::FeedBatch& batch, std::span<const int64_t> samples) {
  for (const NamedTensor& input : batch.inputs) {
    if (input.value.dtype() != DType::kFloat32 || input.value.num_elements() == 0) continue;
    const auto values = input.value.data<float>();
    const auto bad = std::find_if(values.begin(), values.end(),
                                  [](float value) { return !std::isfinite(value); });
    if (bad == values.end()) continue;
    const auto rows = input.value.rank() == 0
                          ? size_t{1}
                          : static_cast<size_t>(std::max<int64_t>(1, input.value.shape()[0]));
    const auto row =
        static_cast<size_t>(bad - values.begin()) / std::max<size_t>(1, values.size() / rows);
    return FailedPrecondition(StrCat("input '", input.name, "' holds ", *bad, " in sample ",
                                     samples[std::min(row, samples.size() - 1)]),
                              "repair or leave out that sample");
  }
  return {};
}

// Large numbers keep the digits that a float32 would lose.
Result<std::vector<double>> Doubles(const Tensor& values) {
  const auto copy = [](const auto& span) { return std::vector<double>(span.begin(), span.end()); };
  if (values.dtype() == DType::kFloat64) return copy(values.data<double>());
  if (values.dtype() == DType::kInt64) return copy(values.data<int64_t>());
  if (values.dtype() == DType::kInt32) return copy(values.data<int32_t>());
  TARE_TRY(const Tensor floats, values.ToFloat32());
  return copy(floats.data<float>());
}

}  // namespace

Result<OpenSource> SourceOpener::Open(const SplitSource& source) {
  std::string key;
  for (const data::ArrayFile& array : source.arrays)
    key += StrCat(array.name, "=", array.path, "\n");
  auto& shared = open_[source.path + "\n" + key];
  if (!shared) {
    TARE_TRY(auto dataset, source.path.empty() ? data::OpenArrays(source.arrays)
                                               : data::OpenDataset(source.path));
    shared = std::move(dataset);
  }
  return Bound(shared);
}

Result<OpenSource> SourceOpener::OpenCorrupted(const SplitSource& source,
                                               const data::CorruptionSpec& spec) {
  TARE_TRY(const OpenSource clean, Open(source));
  // The number of threads of the project is that of the models; images are made before they run.
  const data::CorruptOptions options{project_.seed, NumProcessors()};
  TARE_TRY(auto corrupted, data::CorruptDataset(clean.dataset, clean.feed->arrays(), spec, options)
                               .While(StrCat("reading ", clean.dataset->source())));
  return Bound(std::move(corrupted));
}

Result<OpenSource> SourceOpener::Bound(std::shared_ptr<const data::Dataset> dataset) const {
  OpenSource opened;
  TARE_TRY(auto feed, data::Feed::Bind(*dataset, inputs_, project_.bindings, project_.label)
                          .While(StrCat("reading ", dataset->source())));
  opened.dataset = std::move(dataset);
  opened.feed = std::make_unique<data::Feed>(std::move(feed));
  return opened;
}

Result<std::string> FileDigests::Of(const SplitSource& source) {
  const auto files = source.Files();
  std::string all;
  for (const std::string& path : files) {
    auto& digest = by_path_[path];
    if (digest.empty()) {
      TARE_TRY(digest, Sha256File(path));
    }
    all += digest;
  }
  if (files.size() == 1) return all;
  for (const data::ArrayFile& array : source.arrays) all += StrCat(" ", array.name);
  return Sha256Hex(all);
}

Result<SplitSamples> ChooseSplits(const Project& project, const std::vector<std::string>& digests,
                                  const SourceSizes& sizes) {
  const auto count = [&](const SplitSource& source, int64_t wanted, int64_t available) {
    return source.num_samples > 0 ? source.num_samples
                                  : DefaultCount(wanted, available, source, project.test);
  };
  const data::SplitRequest requests[] = {
      {"calibration", digests[0], SourceName(project.calibration), sizes.calibration,
       count(project.calibration, kCalibrationSamples, sizes.calibration)},
      {"search", digests[1], SourceName(project.search), sizes.search,
       count(project.search, kSearchSamples, sizes.search)},
      {"test", digests[2], SourceName(project.test), sizes.test, project.test.num_samples}};
  TARE_TRY(auto chosen, data::ChooseDisjoint(requests, project.seed));
  return SplitSamples{std::move(chosen[0]), std::move(chosen[1]), std::move(chosen[2])};
}

std::string SamplesDigest(const std::vector<int64_t>& samples) {
  return Sha256().Update(std::as_bytes(std::span(samples))).HexDigest();
}

std::string SourceName(const SplitSource& source) {
  std::vector<std::string> names;
  for (const std::string& path : source.Files())
    names.push_back(std::filesystem::path(path).filename().string());
  return Join(names, ", ");
}

Result<std::vector<int64_t>> ClassLabels(const Project& project, const data::Dataset& dataset,
                                         std::span<const int64_t> samples, int64_t num_classes) {
  TARE_TRY(const data::ArrayInfo info, dataset.Find(project.label));
  const bool named = !info.classes.empty() && !project.classes.empty();
  TARE_TRY(auto labels, data::ReadLabels(dataset, project.label, samples, named ? 0 : num_classes)
                            .While(StrCat("reading labels of ", dataset.source())));
  if (!named) return labels;
  std::vector<int64_t> numbers;
  for (const std::string& name : info.classes) {
    const auto found = std::find(project.classes.begin(), project.classes.end(), name);
    if (found == project.classes.end()) {
      return InvalidArgument(StrCat("label '", name, "' of ", dataset.source(),
                                    " is not among the classes of ", project.file),
                             StrCat("add it to 'classes', in the model's order; there are ",
                                    Join(project.classes, ", ")));
    }
    numbers.push_back(found - project.classes.begin());
  }
  for (int64_t& label : labels) label = numbers[static_cast<size_t>(label)];
  return labels;
}

std::vector<std::string> SliceColumns(const Project& project) {
  std::vector<std::string> columns;
  for (const auto& slice : project.slices) {
    const auto parsed = evaluate::SliceExpression::Parse(slice.where);
    if (!parsed) continue;  // the project was checked
    for (const std::string& name : parsed->names()) {
      const bool known = name == "label" || name == "confidence" ||
                         std::find(columns.begin(), columns.end(), name) != columns.end();
      if (!known) columns.push_back(name);
    }
  }
  return columns;
}

std::vector<std::string> KpiColumns(const Project& project, const data::Dataset& dataset) {
  std::vector<std::string> columns;
  for (const evaluate::KpiSpec& kpi : project.kpis) {
    const auto parsed = evaluate::KpiExpression::Parse(kpi.expression);
    if (!parsed) continue;  // the project was checked
    for (const std::string& name : parsed->names()) {
      const auto info = dataset.Find(name);
      const bool is_column =
          info && info->sample_shape.empty() && name != project.label && name != "label";
      if (is_column && std::ranges::find(columns, name) == columns.end()) columns.push_back(name);
    }
  }
  return columns;
}

SplitBatches::SplitBatches(const Project& project, const OpenSource& source,
                           std::vector<int64_t> samples)
    : project_(project),
      source_(source),
      samples_(std::move(samples)),
      columns_(SliceColumns(project)) {
  for (std::string& column : KpiColumns(project, *source.dataset)) {
    if (std::ranges::find(columns_, column) == columns_.end())
      columns_.push_back(std::move(column));
  }
}

Result<std::optional<evaluate::EvaluationBatch>> SplitBatches::Next() {
  if (next_ >= samples_.size()) return std::optional<evaluate::EvaluationBatch>();
  const auto size = static_cast<size_t>(source_.feed->BatchOf(kEvaluationBatch));
  const auto part = std::span(samples_).subspan(next_, std::min(size, samples_.size() - next_));
  next_ += part.size();
  TARE_TRY(auto batch, source_.feed->Read(part));
  TARE_TRY_VOID(CheckFinite(batch, part).While(StrCat("reading ", source_.dataset->source())));
  evaluate::EvaluationBatch out;
  out.inputs = std::move(batch.inputs);
  out.num_valid = batch.num_valid;
  if (project_.task == "classification" || project_.task == "embedding") {
    TARE_TRY(out.labels, ClassLabels(project_, *source_.dataset, part, 0));
  } else if (project_.task != "outputs") {
    TARE_TRY(const Tensor labels, source_.dataset->Read(project_.label, part));
    TARE_TRY(out.targets, Doubles(labels).While(StrCat("reading '", project_.label, "' of ",
                                                       source_.dataset->source())));
  }
  for (const std::string& column : columns_) {
    const std::string names[] = {column};
    TARE_TRY(const Tensor values, source_.dataset->ReadColumns(names, part));
    evaluate::NamedColumn& named = out.columns.emplace_back();
    named.name = column;
    TARE_TRY(named.values, Doubles(values));
  }
  return std::optional(std::move(out));
}

}  // namespace tare::pipeline
