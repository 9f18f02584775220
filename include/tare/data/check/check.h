// One look at data before it is trusted: duplicates, leaks, labels, columns, and which samples to
// calibrate with.

#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/data/check/duplicates.h"
#include "tare/data/dataset.h"
#include "tare/data/splits.h"

namespace tare::data {

/// What is checked. The first split is the one that Recommend() chooses from.
struct CheckRequest {
  /// `arrays` is filled in by CheckData() where it is empty.
  std::vector<Split> splits;
  ContentRequest content;  ///< its label is the array of labels, "" for none
  DuplicateOptions duplicates;
  int64_t recommend = 0;  ///< samples to choose for calibration; 0 for none
  uint64_t seed = 1;
};

/// How bad a finding is. kLeak: the verdict on the test cannot be trusted.
enum class Severity { kLeak, kWarning, kNote };

/// "leak", "warning", "note".
std::string_view SeverityName(Severity severity);

struct Finding {
  Severity severity = Severity::kNote;
  /// leak, shared, repeated, conflict, imbalance, missing_class, missing_label, non_finite,
  /// constant, unreadable, cut_short.
  std::string kind;
  std::string what;
  int64_t n = 0;
  std::vector<SimilarPair> examples;  ///< of two samples
  std::vector<int64_t> samples;       ///< of one; the first 10
  std::string next_step;
};

/// A split as it was found.
struct SplitSummary {
  std::string name;
  std::string source;
  int64_t num_samples = 0;
  std::map<std::string, int64_t> classes;  ///< samples by label; empty without labels
};

struct DataCheck {
  std::vector<SplitSummary> splits;
  Content content;
  DuplicateScan duplicates;
  std::vector<Finding> findings;     ///< worst first
  std::vector<int64_t> recommended;  ///< sample numbers of the first split, ascending

  bool has_leak() const { return !findings.empty() && findings[0].severity == Severity::kLeak; }
};

/// Checks named splits. A leak is content that a split named `test` shares with one named
/// `calibration` or `search`, exactly or nearly.
///
/// Edge     a split without samples is a finding; a label that one split lacks is too.
/// Cost     as ScanDuplicates(), and one more pass over numbers.
/// Errors   kInvalidArgument: no splits, or none with samples; as ContentOf() and ScanDuplicates().
Result<DataCheck> CheckData(const CheckRequest& request, Progress& progress = NoProgress());

/// Chooses up to `count` of `samples` so that the others lie near to one of them: greedy k-centre.
///
///   features  images: the 9 x 8 means; tables: standardised numbers, at most 256 of them;
///             text: counts of shingles in 64 buckets, of length 1
///
/// The first is the one nearest to the mean, each next one the farthest from all before it. At most
/// 20,000 samples, chosen by seed, are looked at.
///
/// Cost     O(looked at x count x features); 20 MB at most.
/// Source   Gonzalez, "Clustering to minimize the maximum intercluster distance", Theoretical
///          Computer Science 38, 1985: the radius is at most twice the smallest possible.
Result<std::vector<int64_t>> Recommend(const Split& split, NearMethod method,
                                       std::span<const int64_t> samples, int64_t count,
                                       uint64_t seed);

}  // namespace tare::data
