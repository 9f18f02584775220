// Near duplicates among texts.

#include <cmath>

#include "data/check/minhash_internal.h"
#include "data/check/near_internal.h"
#include "data/check/shingles_internal.h"
#include "tare/core/parallel.h"

namespace tare::data::internal {
namespace {

constexpr double kRecallAtThreshold = 0.98;

class TextSketches final : public Sketches {
 public:
  TextSketches(const Pool& pool, std::span<const int64_t> items, const DuplicateOptions& options)
      : pool_(pool), items_(items), options_(options), bands_(ChooseBands(options.jaccard)) {
    keys_.resize(items.size() * static_cast<size_t>(bands_.count));
    is_empty_.resize(items.size());
  }

  Result<void> Read(Progress& progress) {
    return pool_.ForEachBlock(
        items_, kTextsAtATime,
        [&](const Split& split, std::span<const int64_t> samples, size_t first) -> Result<void> {
          if (progress.cancelled()) return Cancelled();
          TARE_TRY(const auto documents, ReadDocuments(split, samples));
          ParallelFor(std::ssize(documents), options_.num_threads, [&](int64_t i) {
            Sketch(documents[static_cast<size_t>(i)], first + static_cast<size_t>(i));
          });
          progress.Update(static_cast<int64_t>(first + samples.size()));
          return {};
        });
  }

  int num_keys() const override { return bands_.count; }
  uint32_t Key(int key, size_t position) const override {
    return keys_[position * static_cast<size_t>(bands_.count) + static_cast<size_t>(key)];
  }
  bool HasKeys(size_t position) const override { return is_empty_[position] == 0; }

  Result<std::optional<double>> Compare(size_t a, size_t b) override {
    TARE_TRY(const auto* first, SetOf(a, left_));
    TARE_TRY(const auto* second, SetOf(b, right_));
    const double jaccard = Jaccard(*first, *second);
    if (jaccard < options_.jaccard) return std::optional<double>();
    return std::optional(jaccard);
  }

 private:
  // The set that was made last on this side: neighbouring comparisons often share one.
  struct Last {
    size_t position = SIZE_MAX;
    std::vector<uint64_t> set;
  };

  void Sketch(std::string_view document, size_t position) {
    const auto shingles = Shingles(document, options_.shingles);
    is_empty_[position] = shingles.empty() ? 1 : 0;
    const Signature signature = MinHash(MixShingles(shingles));
    uint32_t* keys = &keys_[position * static_cast<size_t>(bands_.count)];
    for (int band = 0; band < bands_.count; ++band) {
      uint64_t key = 0;
      for (int row = 0; row < bands_.rows; ++row) {
        // A multiplicative hash; what it confuses costs one comparison.
        key = (key ^ signature[static_cast<size_t>(band * bands_.rows + row)]) *
              0x9E3779B97F4A7C15ULL;
        key ^= key >> 29;
      }
      keys[band] = static_cast<uint32_t>(key >> 32);
    }
  }

  Result<const std::vector<uint64_t>*> SetOf(size_t position, Last& last) {
    if (last.position != position) {
      const Pool::Place place = pool_.At(items_[position]);
      const int64_t samples[] = {place.sample};
      TARE_TRY(const auto documents, ReadDocuments(pool_.splits()[place.split], samples));
      last.set = Shingles(documents[0], options_.shingles);
      MakeSet(last.set);
      last.position = position;
    }
    return &last.set;
  }

  const Pool& pool_;
  std::span<const int64_t> items_;
  DuplicateOptions options_;
  Bands bands_;
  std::vector<uint32_t> keys_;  // [items, bands]
  std::vector<uint8_t> is_empty_;
  Last left_, right_;
};

}  // namespace

Bands ChooseBands(double jaccard) {
  for (int rows = 32; rows > 1; --rows) {
    const int count = static_cast<int>(kSignatureSize) / rows;
    const double missed = std::pow(1 - std::pow(jaccard, rows), count);
    if (missed <= 1 - kRecallAtThreshold) return {rows, count};
  }
  return {1, static_cast<int>(kSignatureSize)};
}

Result<std::unique_ptr<Sketches>> SketchTexts(const Pool& pool, std::span<const int64_t> items,
                                              const DuplicateOptions& options, Progress& progress) {
  auto sketches = std::make_unique<TextSketches>(pool, items, options);
  TARE_TRY_VOID(sketches->Read(progress));
  return std::unique_ptr<Sketches>(std::move(sketches));
}

}  // namespace tare::data::internal
