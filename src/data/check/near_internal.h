// Finding pairs of items that are nearly equal, without comparing all pairs.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "data/sample_hash.h"
#include "tare/core/result.h"
#include "tare/data/check/duplicates.h"

namespace tare::data::internal {

/// The samples of all splits, numbered through.
class Pool {
 public:
  explicit Pool(std::span<const Split> splits);

  struct Place {
    size_t split = 0;
    int64_t sample = 0;
  };
  int64_t size() const { return begins_.back(); }
  int64_t Begin(size_t split) const { return begins_[split]; }
  Place At(int64_t item) const;
  std::span<const Split> splits() const { return splits_; }

  /// Calls use(split, samples, items) for stretches of neighbouring items of one split with at most
  /// `most` samples; items are the same numbers through the pool.
  Result<void> ForEachBlock(
      std::span<const int64_t> items, int64_t most,
      const std::function<Result<void>(const Split&, std::span<const int64_t> samples,
                                       size_t first)>& use) const;

 private:
  std::span<const Split> splits_;
  std::vector<int64_t> begins_;  // of each split, and the end
};

/// What one method knows of the items. Positions count in the list of items that it was made of.
class Sketches {
 public:
  virtual ~Sketches() = default;
  virtual int num_keys() const = 0;
  /// Items that are near each other share at least one key, nearly always.
  virtual uint32_t Key(int key, size_t position) const = 0;
  /// False for an item that is near to no other.
  virtual bool HasKeys(size_t) const { return true; }
  /// A quick look: false when the two cannot be near.
  virtual bool MayBeNear(size_t, size_t) const { return true; }
  /// Returns the similarity when the two are near, verified on their content.
  virtual Result<std::optional<double>> Compare(size_t a, size_t b) = 0;
};

/// Returns the texts of samples, each as one document. The separator is white space to shingles.
Result<std::vector<std::string>> ReadDocuments(const Split& split,
                                               std::span<const int64_t> samples);
/// Of a split that is looked through: what is held of it is that much text.
inline constexpr int64_t kTextsAtATime = 256;

/// Returns a hash of each item's content. Texts are hashed as texts, also those that are classes:
/// every file numbers them anew.
/// Errors  kInvalidArgument: splits with different numbers of arrays; what Read() gives.
Result<std::vector<Hash128>> HashContent(const Pool& pool, NearMethod method);

Result<std::unique_ptr<Sketches>> SketchTexts(const Pool& pool, std::span<const int64_t> items,
                                              const DuplicateOptions& options, Progress& progress);
Result<std::unique_ptr<Sketches>> SketchImages(const Pool& pool, std::span<const int64_t> items,
                                               const DuplicateOptions& options, Progress& progress);
Result<std::unique_ptr<Sketches>> SketchRows(const Pool& pool, std::span<const int64_t> items,
                                             const DuplicateOptions& options, Progress& progress);

/// Bands of MinHash components.
struct Bands {
  int rows = 1;   ///< components a band
  int count = 1;  ///< bands
};

/// Returns the longest bands that find a pair at the threshold with probability of at least 0.98:
///
///   P(found) = 1 - (1 - jaccard^rows)^count,   count = floor(128 / rows)
///
/// Source  Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", section 3.4.2.
Bands ChooseBands(double jaccard);

/// Bounds of FindNear(), for data in which everything resembles everything.
inline constexpr int64_t kMostUnderAKey = 2048;
inline constexpr int64_t kMostDifferent = 64;

/// Who needs no comparison any more, and who hears of a pair.
struct PairSink {
  std::function<bool(size_t earlier, size_t later)> is_wanted;
  std::function<void(size_t earlier, size_t later, double similarity)> found;
};

/// Finds pairs. Returns the number of items whose comparisons ended at a bound.
Result<int64_t> FindNear(Sketches& sketches, size_t num_items, const PairSink& sink,
                         Progress& progress);

}  // namespace tare::data::internal
