// Calibration, search and test samples: chosen by seed, disjoint by number and by content.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tare/core/result.h"
#include "tare/data/dataset.h"

namespace tare::data {

/// Returns `count` different numbers of [0, num_samples), ascending; the same for the same
/// arguments in every version and on every machine.
///
/// Edge     count >= num_samples gives all of them; count <= 0 gives none.
/// Cost     O(num_samples) time.
/// Source   Knuth, TAOCP vol. 2, 3.4.2, Algorithm S (selection sampling).
std::vector<int64_t> ChooseSamples(int64_t num_samples, int64_t count, uint64_t seed);

/// Wish for one split.
struct SplitRequest {
  std::string name;         ///< "calibration", "search", "test", for messages
  std::string data;         ///< Dataset::Digest(): splits of equal data get different samples
  std::string source;       ///< the file, for messages
  int64_t num_samples = 0;  ///< of the dataset
  int64_t count = 0;        ///< samples wanted; 0 asks for all that the others leave
};

/// Returns the samples of each split, ascending. Splits of the same `data` share none. A split with
/// a count is chosen in the order of the requests, so that the first one's samples do not depend on
/// the others.
///
/// Errors  kInvalidArgument: a negative count; kFailedPrecondition: splits of one dataset ask for
///         more samples than it has, or leave none for one that asks for all.
Result<std::vector<std::vector<int64_t>>> ChooseDisjoint(std::span<const SplitRequest> requests,
                                                         uint64_t seed);

/// A chosen split and where its content is.
struct Split {
  std::string name;
  const Dataset* dataset = nullptr;
  /// Arrays that feed the model, in the order of its inputs; one order in all splits.
  std::vector<std::string> arrays;
  std::vector<int64_t> samples;
};

/// A sample that occurs in two splits.
struct Duplicate {
  std::string split;  ///< of the later split
  int64_t sample = 0;
  std::string earlier_split;
  int64_t earlier_sample = 0;
};

/// What CheckDisjoint() found.
struct DisjointReport {
  int64_t num_compared = 0;         ///< samples of all splits
  int64_t num_duplicates = 0;       ///< samples of a split whose content an earlier split has too
  std::vector<Duplicate> examples;  ///< the first 10
};

/// Looks for equal content across splits: every sample of a split against all splits before it.
/// Samples that repeat inside one split are not counted. Equal content: the same bytes in all
/// arrays; the same numbers where the splits' types differ.
///
/// Bound    compares 128-bit hashes: a false alarm among 10^6 samples has probability < 10^-26.
/// Cost     one pass over the data; 24 bytes a sample of every split but the last; reads some
///          1 MiB at a time.
/// Source   hash: MurmurHash3_x64_128, Austin Appleby, public domain (smhasher).
/// Errors   kInvalidArgument: splits with different numbers of arrays; what Read() gives.
Result<DisjointReport> FindDuplicates(std::span<const Split> splits);

enum class OnDuplicate { kFail, kReport };

/// FindDuplicates() as a gate.
/// Errors  kFailedPrecondition: there are duplicates and `on_duplicate` is kFail; names both sample
///         numbers and files of the first, and how many there are.
Result<DisjointReport> CheckDisjoint(std::span<const Split> splits,
                                     OnDuplicate on_duplicate = OnDuplicate::kFail);

}  // namespace tare::data
