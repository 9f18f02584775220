// The data of a project: datasets opened, samples chosen, labels read.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tare/data/corrupt/corrupt.h"
#include "tare/data/dataset.h"
#include "tare/data/feed.h"
#include "tare/data/splits.h"
#include "tare/evaluate/models/evaluate.h"
#include "tare/pipeline/project.h"

namespace tare::pipeline {

/// A source of samples that is open.
struct OpenSource {
  std::shared_ptr<const data::Dataset> dataset;  ///< shared by splits of the same files
  std::unique_ptr<data::Feed> feed;
};

/// Opens each set of files once.
class SourceOpener {
 public:
  SourceOpener(const Project& project, std::vector<ValueInfo> inputs)
      : project_(project), inputs_(std::move(inputs)) {}
  Result<OpenSource> Open(const SplitSource& source);
  /// The images that feed the model corrupted as they are read.
  /// Errors  as Open() and data::CorruptDataset().
  Result<OpenSource> OpenCorrupted(const SplitSource& source, const data::CorruptionSpec& spec);
  const std::vector<ValueInfo>& inputs() const { return inputs_; }

 private:
  Result<OpenSource> Bound(std::shared_ptr<const data::Dataset> dataset) const;

  const Project& project_;
  std::vector<ValueInfo> inputs_;
  std::map<std::string, std::shared_ptr<const data::Dataset>> open_;
};

/// Digests of files, each read once.
class FileDigests {
 public:
  Result<std::string> Of(const SplitSource& source);

 private:
  std::map<std::string, std::string> by_path_;
};

/// Samples of the three splits, by number.
struct SplitSamples {
  std::vector<int64_t> calibration, search, test;
};

/// How many samples the sources have.
struct SourceSizes {
  int64_t calibration = 0, search = 0, test = 0;
};

/// Chooses the samples: a pure function of its arguments.
/// Errors  kFailedPrecondition: a source has fewer samples than its splits ask for.
Result<SplitSamples> ChooseSplits(const Project& project, const std::vector<std::string>& digests,
                                  const SourceSizes& sizes);

/// Digest of sample numbers.
std::string SamplesDigest(const std::vector<int64_t>& samples);

/// "data/train-images-idx3-ubyte.gz", "train.npz": the file names, without folders of the machine.
std::string SourceName(const SplitSource& source);

/// Labels of samples as class numbers of the project: text labels by the order of its classes.
/// Errors  as data::ReadLabels; kInvalidArgument: a text that is not among the classes.
Result<std::vector<int64_t>> ClassLabels(const Project& project, const data::Dataset& dataset,
                                         std::span<const int64_t> samples, int64_t num_classes);

/// Yields the samples of a split in order, with labels and the columns that slices compare.
class SplitBatches final : public evaluate::BatchSource {
 public:
  SplitBatches(const Project& project, const OpenSource& source, std::vector<int64_t> samples);
  Result<std::optional<evaluate::EvaluationBatch>> Next() override;
  int64_t num_samples() const override { return std::ssize(samples_); }

 private:
  const Project& project_;
  const OpenSource& source_;
  std::vector<int64_t> samples_;
  std::vector<std::string> columns_;
  size_t next_ = 0;
};

/// Columns that the slices of a project compare, without `label`, each once.
std::vector<std::string> SliceColumns(const Project& project);
/// Of the names that its KPIs read, those that are columns of the data and not the label, each once. The others
/// are measured by the task, or unknown, which the evaluation says.
std::vector<std::string> KpiColumns(const Project& project, const data::Dataset& dataset);

}  // namespace tare::pipeline
