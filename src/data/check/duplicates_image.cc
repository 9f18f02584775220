// Near duplicates among images.
//
// Candidates differ in at most 4 of 64 bits of a perceptual hash. Of the hash's 8 bytes those bits
// can touch 4, so that 4 bytes at least are equal. A key of 3 bytes for each of Turan's 20 triples,
// of which every 4 of 8 bytes hold one, misses no such pair; keys of one 16-bit chunk would find 3
// bits, and pile up tens of thousands of images of one class under one key. The bits are spread
// over the bytes first: neighbouring bits of images with plain borders are alike everywhere.
//
// Candidates count when their pixels correlate. Correlation and not the mean absolute difference:
// re-encoding, exposure and contrast change the values of all pixels and leave the correlation,
// and the same threshold serves bytes of 0 to 255 and numbers of 0 to 1.

#include <algorithm>
#include <bit>
#include <cmath>

#include "data/check/image_hash_internal.h"
#include "data/check/near_internal.h"
#include "tare/core/parallel.h"

namespace tare::data::internal {
namespace {

constexpr int kMostBits = 4;
// Averages of nearly equal images are more alike than their pixels, but for those of pure noise.
constexpr int64_t kThumbnailCorrelation = 97;  // %
constexpr float kThumbnailScale = 127;
constexpr int64_t kBytesAtATime = int64_t{4} << 20;

// Bit i goes to 37 i mod 64: 37 is odd, so no two meet, and neighbours are 4 to 5 bytes apart.
uint64_t SpreadBits(uint64_t hash) {
  uint64_t spread = 0;
  for (unsigned i = 0; i < 64; ++i) spread |= ((hash >> i) & 1U) << (37 * i % 64);
  return spread;
}

// Bytes in the groups 012, 345, 67: a group, or two of one and one of the next.
// Source  Turan, "Research problems", 1961: T(8, 4, 3) = 20.
constexpr std::array<std::array<int, 3>, 20> kTriples = {
    {{0, 1, 2}, {3, 4, 5}, {0, 1, 3}, {0, 1, 4}, {0, 1, 5}, {0, 2, 3}, {0, 2, 4},
     {0, 2, 5}, {1, 2, 3}, {1, 2, 4}, {1, 2, 5}, {3, 4, 6}, {3, 4, 7}, {3, 5, 6},
     {3, 5, 7}, {4, 5, 6}, {4, 5, 7}, {6, 7, 0}, {6, 7, 1}, {6, 7, 2}}};

struct ImageSketch {
  std::array<int8_t, kThumbnailWidth * kThumbnailHeight> cells{};
  bool is_flat = false;
};

ImageSketch SketchOf(std::span<const float> pixels, const ImageLayout& layout, uint64_t& hash) {
  Thumbnail thumbnail = Reduce(pixels, layout);
  Normalise(thumbnail);
  ImageSketch sketch;
  hash = SpreadBits(DifferenceHash(thumbnail));
  sketch.is_flat = std::ranges::all_of(thumbnail, [](float value) { return value == 0; });
  for (size_t i = 0; i < thumbnail.size(); ++i) {
    sketch.cells[i] = static_cast<int8_t>(std::lround(kThumbnailScale * thumbnail[i]));
  }
  return sketch;
}

Result<Tensor> ReadPixels(const Split& split, size_t array, std::span<const int64_t> samples) {
  TARE_TRY(const Tensor values, split.dataset->Read(split.arrays[array], samples));
  return values.ToFloat32();
}

class ImageSketches final : public Sketches {
 public:
  ImageSketches(const Pool& pool, std::span<const int64_t> items, const DuplicateOptions& options)
      : pool_(pool),
        items_(items),
        options_(options),
        hashes_(items.size()),
        sketches_(items.size()) {}

  Result<void> Read(const ImageLayout& layout, Progress& progress) {
    const int64_t image_bytes = layout.channels * layout.height * layout.width * 4;
    const int64_t most = std::clamp<int64_t>(kBytesAtATime / image_bytes, 1, 4096);
    return pool_.ForEachBlock(
        items_, most,
        [&](const Split& split, std::span<const int64_t> samples, size_t first) -> Result<void> {
          if (progress.cancelled()) return Cancelled();
          TARE_TRY(const Tensor images, ReadPixels(split, 0, samples));
          const auto pixels = images.data<float>();
          const size_t size = pixels.size() / samples.size();
          ParallelFor(std::ssize(samples), options_.num_threads, [&](int64_t i) {
            const auto at = static_cast<size_t>(i);
            sketches_[first + at] =
                SketchOf(pixels.subspan(at * size, size), layout, hashes_[first + at]);
          });
          progress.Update(static_cast<int64_t>(first + samples.size()));
          return {};
        });
  }

  int num_keys() const override { return static_cast<int>(kTriples.size()); }

  uint32_t Key(int key, size_t position) const override {
    uint32_t bytes = 0;
    for (const int byte : kTriples[static_cast<size_t>(key)]) {
      bytes = bytes << 8 | static_cast<uint32_t>((hashes_[position] >> (8 * byte)) & 0xFF);
    }
    return bytes;
  }

  bool MayBeNear(size_t a, size_t b) const override {
    if (std::popcount(hashes_[a] ^ hashes_[b]) > kMostBits) return false;
    const ImageSketch& x = sketches_[a];
    const ImageSketch& y = sketches_[b];
    if (x.is_flat != y.is_flat) return false;
    if (x.is_flat) return true;
    int64_t dot = 0;
    for (size_t i = 0; i < x.cells.size(); ++i) dot += int{x.cells[i]} * int{y.cells[i]};
    return dot * 100 >= kThumbnailCorrelation * 127 * 127;
  }

  // All arrays of images of the two samples must correlate.
  Result<std::optional<double>> Compare(size_t a, size_t b) override {
    const Pool::Place first = pool_.At(items_[a]);
    const Pool::Place second = pool_.At(items_[b]);
    double least = 1;
    for (size_t array = 0; array < pool_.splits()[0].arrays.size(); ++array) {
      TARE_TRY(const Tensor x,
               ReadPixels(pool_.splits()[first.split], array, std::span(&first.sample, 1)));
      TARE_TRY(const Tensor y,
               ReadPixels(pool_.splits()[second.split], array, std::span(&second.sample, 1)));
      least = std::min(least, Correlation(x.data<float>(), y.data<float>()));
      if (least < options_.correlation) return std::optional<double>();
    }
    return std::optional(least);
  }

 private:
  const Pool& pool_;
  std::span<const int64_t> items_;
  DuplicateOptions options_;
  std::vector<uint64_t> hashes_;  // their bits spread
  std::vector<ImageSketch> sketches_;
};

// The shape of each array of images, the same in all splits.
Result<Shape> CommonShape(std::span<const Split> splits, size_t array) {
  TARE_TRY(const ArrayInfo first, splits[0].dataset->Find(splits[0].arrays[array]));
  for (const Split& split : splits) {
    TARE_TRY(const ArrayInfo info, split.dataset->Find(split.arrays[array]));
    if (info.sample_shape != first.sample_shape) {
      return InvalidArgument(
          StrCat("array '", info.name, "' of ", split.dataset->source(), " has images of ",
                 ShapeText(info.sample_shape), ", '", first.name, "' of ",
                 splits[0].dataset->source(), " of ", ShapeText(first.sample_shape)),
          "bring the images of all sets to one shape first");
    }
  }
  return first.sample_shape;
}

}  // namespace

Result<std::unique_ptr<Sketches>> SketchImages(const Pool& pool, std::span<const int64_t> items,
                                               const DuplicateOptions& options,
                                               Progress& progress) {
  std::optional<ImageLayout> layout;
  for (size_t a = 0; a < pool.splits()[0].arrays.size(); ++a) {
    TARE_TRY(const Shape shape, CommonShape(pool.splits(), a));
    if (a == 0) layout = LayoutOf(shape);
    if (!LayoutOf(shape)) {
      return InvalidArgument(StrCat("array '", pool.splits()[0].arrays[a], "' has ",
                                    ShapeText(shape), " a sample: not an image"),
                             "give [H, W], [C, H, W] or [H, W, C], or compare it as a table");
    }
  }
  auto sketches = std::make_unique<ImageSketches>(pool, items, options);
  TARE_TRY_VOID(sketches->Read(*layout, progress));
  return std::unique_ptr<Sketches>(std::move(sketches));
}

}  // namespace tare::data::internal
