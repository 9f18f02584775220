// Samples that occur twice, exactly or nearly, inside a split and across splits.
//
// Every sample is hashed; equal hashes are exact duplicates. What is left is looked at by the
// method of its kind: samples that share one of several keys are candidates, and a candidate counts
// once it is verified on the content itself. No method compares all pairs.
//
//   kText    candidates: 128 MinHash components in bands; verified: the exact Jaccard index of the
//            shingles. Catches edits, reordering, other case and white space.
//   kImage   candidates: 64-bit dHash, at most 4 bits apart; verified: the correlation of the
//            pixels. Catches re-encoding, noise, other brightness or contrast; not other crops.
//   kTable   candidates: rows rounded to a grid; verified: every number within a tolerance.
//            Catches other precision of the same rows. Rows of fewer than 4 numbers are near each
//            other by chance, so they are compared exactly only.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/data/dataset.h"
#include "tare/data/splits.h"

namespace tare::data {

/// What is compared, and how near duplicates are found.
enum class NearMethod { kText, kImage, kTable };

/// "text", "image", "table".
std::string_view NearMethodName(NearMethod method);

/// What a set of shingles is made of.
struct ShingleOptions {
  enum class Unit { kCharacters, kWords };
  Unit unit = Unit::kCharacters;
  int64_t size = 5;  ///< in bytes, [1, 8], or in words, [1, 64]
};

struct DuplicateOptions {
  /// Text: least Jaccard index of near duplicates, in [0.3, 1].
  double jaccard = 0.8;
  ShingleOptions shingles;
  /// Images: least correlation of the pixels of near duplicates, in [0.5, 1].
  double correlation = 0.99;
  /// Tables: most difference in each column, as a share of its standard deviation, in (0, 1]. Whole
  /// numbers must be equal.
  double tolerance = 0.001;
  bool only_exact = false;
  /// Sketches are made in parallel. Reading and sorting are not: of texts and small images those
  /// are most of the time, and more threads gain nothing.
  int num_threads = 1;
};

/// What of a dataset's samples is compared.
struct Content {
  NearMethod method = NearMethod::kTable;
  /// Names of arrays and of columns of text; those that the method looks at, in one order.
  std::vector<std::string> arrays;
  /// "text of 'question', 'context'", for messages.
  std::string description;
  /// Arrays that are not compared, each with its reason: "id counts the samples".
  std::vector<std::string> left_out;
};

/// Chooses what to compare and how. Of the first of these that a dataset has:
///
///   text     columns of text of 16 bytes a text or more on average
///   image    arrays of sample shape [H, W], [C, H, W] or [H, W, C] with C of 1, 3 or 4, and H and
///            W of 8 or more
///   table    all numbers, side by side; other text as class numbers
///
/// Errors    kNotFound: an array or column that the dataset lacks; kInvalidArgument: nothing is
///           left to compare, or the wanted method cannot look at the arrays.
struct ContentRequest {
  std::vector<std::string> arrays;   ///< only these; empty for all
  std::string label;                 ///< never compared
  std::optional<NearMethod> method;  ///< in place of the choice above
};
Result<Content> ContentOf(const Dataset& dataset, const ContentRequest& request);

/// The same for a split. When it names its arrays all of them are compared: as text or images when
/// all are, else as a table.
Result<Content> ContentOfSplit(const Split& split, const ContentRequest& request);

/// Two samples with the same or nearly the same content.
struct SimilarPair {
  std::string split;
  int64_t sample = 0;
  std::string earlier_split;
  int64_t earlier_sample = 0;
  bool is_exact = false;
  double similarity = 1;  ///< Jaccard index, correlation, or largest difference (0: none) in
                          ///< tolerances taken from 1
};

/// What one split has in common with an earlier one, or with itself.
struct SharedSamples {
  std::string split;
  std::string earlier_split;
  int64_t num_exact = 0;              ///< samples of `split` with the content of an earlier sample
  int64_t num_near = 0;               ///< of the others, those with nearly the content of one
  std::vector<SimilarPair> examples;  ///< the first 10, exact ones first
};

/// What ScanDuplicates() found.
struct DuplicateScan {
  int64_t num_samples = 0;  ///< compared
  std::vector<SharedSamples> shared;
  /// By split: its samples that repeat one before them in the same split, ascending.
  std::vector<std::vector<int64_t>> repeated;
  /// By split: its samples that a later split shares, ascending.
  std::vector<std::vector<int64_t>> shared_later;
  /// Samples with the same or nearly the same content and another label than the one before.
  int64_t num_conflicts = 0;
  std::vector<SimilarPair> conflicts;  ///< the first 10
  /// Samples whose comparisons ended at the bound: duplicates of theirs may be missing.
  int64_t num_cut_short = 0;
};

/// Looks for samples with equal or nearly equal content. The splits' `arrays` are what is compared,
/// by position. `labels` are class numbers in the order of the splits' samples, one list a split;
/// empty for none, -1 for an unknown one.
///
/// Bound    exact: 128-bit hashes, as FindDuplicates(). Text: a pair at the threshold is found with
///          probability 0.98 or more; no pair below it is ever reported. A sample is compared with
///          at most 2,048 others under one key, and with at most 64 that turn out different.
/// Cost     two passes over the data and single reads of candidates. Memory a sample: some 80
///          bytes, and 76 (text), 88 (image) or at most 64 (table).
/// Edge     a split without samples has no duplicates. Two samples without any text are equal.
/// Errors   kInvalidArgument: splits with different numbers of arrays, an option outside its range,
///          images of different shapes; more than 32 splits; kCancelled; what Read() gives.
Result<DuplicateScan> ScanDuplicates(std::span<const Split> splits, NearMethod method,
                                     std::span<const std::vector<int64_t>> labels,
                                     const DuplicateOptions& options,
                                     Progress& progress = NoProgress());

}  // namespace tare::data
