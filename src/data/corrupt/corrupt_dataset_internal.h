// Datasets whose arrays are corrupted as they are read. For corrupt_dataset.cc and its kinds only.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tare/data/corrupt/corrupt.h"

namespace tare::data {

/// Hands everything through but Read(), which each kind has its own of.
class CorruptedDataset : public Dataset {
 public:
  CorruptedDataset(std::shared_ptr<const Dataset> inner, const CorruptionSpec& spec,
                   const CorruptOptions& options)
      : inner_(std::move(inner)), spec_(spec), options_(options) {}

  const std::string& source() const override { return inner_->source(); }
  int64_t num_samples() const override { return inner_->num_samples(); }
  std::span<const ArrayInfo> arrays() const override { return inner_->arrays(); }
  std::span<const SkippedArray> skipped() const override { return inner_->skipped(); }
  std::vector<std::string> notes() const override { return inner_->notes(); }
  int64_t reordered_line() const override { return inner_->reordered_line(); }
  std::vector<std::string> text_columns() const override { return inner_->text_columns(); }
  Result<std::vector<std::string>> ReadTexts(std::string_view column,
                                             std::span<const int64_t> samples) const override {
    return inner_->ReadTexts(column, samples);
  }
  Result<std::string> Digest() const override;

 protected:
  const Dataset& inner() const { return *inner_; }
  const CorruptionSpec& spec() const { return spec_; }
  const CorruptOptions& options() const { return options_; }

 private:
  std::shared_ptr<const Dataset> inner_;
  CorruptionSpec spec_;
  CorruptOptions options_;
};

/// CorruptDataset() for corruptions of one kind; the severity was checked.
Result<std::unique_ptr<Dataset>> CorruptTables(std::shared_ptr<const Dataset> dataset,
                                               std::span<const std::string> arrays,
                                               const CorruptionSpec& spec,
                                               const CorruptOptions& options);
Result<std::unique_ptr<Dataset>> CorruptTokens(std::shared_ptr<const Dataset> dataset,
                                               std::span<const std::string> arrays,
                                               const CorruptionSpec& spec,
                                               const CorruptOptions& options);

}  // namespace tare::data
