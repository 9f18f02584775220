// The data of a project: which samples each split takes, and what stands for its files.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "tare/core/result.h"
#include "tare/pipeline/project.h"

namespace tare::pipeline {

/// Digests of files, each read once.
class FileDigests {
 public:
  Result<std::string> Of(const SplitSource& source);

 private:
  std::map<std::string, std::string> by_path_;
};

/// What stands for the files of each split.
struct SplitDigests {
  std::string calibration, search, test;
};
/// Errors  those of reading the files; says of which split.
Result<SplitDigests> DigestSplits(const Project& project, FileDigests& files);

/// Numbers of samples, of sources or of what splits take of them.
struct SourceSizes {
  int64_t calibration = 0, search = 0, test = 0;
};

/// Samples of the three splits, by number.
struct SplitSamples {
  std::vector<int64_t> calibration, search, test;

  SourceSizes Sizes() const {
    return {std::ssize(calibration), std::ssize(search), std::ssize(test)};
  }
};

/// Chooses the samples: a pure function of its arguments.
/// Errors  kFailedPrecondition: a source has fewer samples than its splits ask for.
Result<SplitSamples> ChooseSplits(const Project& project, const SplitDigests& digests,
                                  const SourceSizes& sizes);

/// Digest of sample numbers.
std::string SamplesDigest(const std::vector<int64_t>& samples);

/// "data/train-images-idx3-ubyte.gz", "train.npz": the file names, without folders of the machine.
std::string SourceName(const SplitSource& source);

}  // namespace tare::pipeline
