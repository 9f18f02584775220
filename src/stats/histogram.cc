#include "tare/stats/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "stats/histogram_kernels_internal.h"
#include "tare/core/random.h"
#include "tare/core/result.h"

namespace tare::stats {
namespace {

using internal::SelectOptions;

// Below 2^-96 all values share the innermost bin: keeps every power of two here a normal float.
constexpr int kMinExponent = -96;
// A tail holds at most this share of the ordinary values, on each side.
constexpr double kTailShare = 1.0 / 2000;
constexpr uint32_t kLargestFinite = 0x7F7FFFFF;
constexpr float kNoLimit = std::numeric_limits<float>::infinity();

constexpr int kSide = Histogram::kSideBins;
constexpr int kFirstLinear = 1 + Histogram::kLogBins;  // the bin of [R/32, R/32 + R/1024)

// Of 31 tensors' bins in turn most are out of the cache when their turn comes: asked for this many
// elements ahead.
constexpr size_t kPrefetchAhead = 256;

// Which of the lines of group number `group` is binned: uniform, and the same on every machine.
size_t ChosenLine(uint64_t group, size_t num_lines) {
  return static_cast<size_t>(Random(group * 0x9E3779B97F4A7C15ULL).Below(num_lines));
}

// R doubles: each bin of the result is one old bin or the sum of two neighbours.
void DoubleSide(std::span<Moments> bins) {
  std::vector<Moments> old(bins.begin(), bins.end());
  std::fill(bins.begin(), bins.end(), Moments{});
  // The lowest octave joins the innermost bin; the others move down by one, and so do the 32
  // linear bins of [R/32, R/16), which have the width of the new uppermost octave.
  for (int i = 0; i <= 32; ++i) bins[0] += old[static_cast<size_t>(i)];
  for (int i = 1; i < kFirstLinear; ++i)
    bins[static_cast<size_t>(i)] = old[static_cast<size_t>(i) + 32];
  for (int i = kFirstLinear; i < kFirstLinear + 512 - 32; ++i) {
    const int pair = kFirstLinear + 32 + 2 * (i - kFirstLinear);
    bins[static_cast<size_t>(i)] = old[static_cast<size_t>(pair)];
    bins[static_cast<size_t>(i)] += old[static_cast<size_t>(pair) + 1];
  }
}

}  // namespace

Histogram::Histogram() : bins_(size_t{2} * kSide) {}

void Histogram::Add(std::span<const float> values) {
  while (!values.empty()) {
    size_t length = std::min(values.size(), internal::kChunkLength);
    if (counts_.num_values < kExactValues) {
      length = std::min(length, static_cast<size_t>(kExactValues - counts_.num_values));
    }
    AddChunk(values.first(length));
    values = values.subspan(length);
  }
}

void Histogram::AddChunk(std::span<const float> chunk) {
  const bool sampling = counts_.num_values >= kExactValues;
  const internal::ScanOptions options{.tail_min = sampling ? tail_min_ : -kNoLimit,
                                      .tail_max = sampling ? tail_max_ : kNoLimit};
  const internal::ScanResult found = internal::Scan(chunk.data(), chunk.size(), options);
  if (found.max_magnitude_bits > kLargestFinite || found.min <= kMaskLimit) {
    AddWithSpecials(chunk);
    return;
  }
  const bool first = counts_.num_ordinary() == 0;
  min_ = first ? found.min : std::min(min_, found.min);
  max_ = first ? found.max : std::max(max_, found.max);
  counts_.num_values += static_cast<int64_t>(chunk.size());
  counts_.num_zeros += found.num_zeros;
  Grow(std::bit_cast<float>(found.max_magnitude_bits));
  if (sampling) {
    BinSample(chunk);
    BinTails(chunk, found.tail_blocks);
  } else {
    BinAll(chunk);
  }
  const int64_t since = counts_.num_values - last_tail_update_;
  const bool due = counts_.num_values >= kExactValues && since >= last_tail_update_;
  if (due || num_tail_binned_ > std::max<int64_t>(4096, since / 8)) UpdateTails();
}

// Counts NaN, infinities and masks, and adds the others as a shorter chunk. Rare, so not tuned.
void Histogram::AddWithSpecials(std::span<const float> chunk) {
  std::vector<float> ordinary;
  ordinary.reserve(chunk.size());
  for (const float x : chunk) {
    if (std::isnan(x)) {
      ++counts_.num_nan;
    } else if (std::isinf(x)) {
      ++(x > 0 ? counts_.num_positive_infinity : counts_.num_negative_infinity);
    } else if (x <= kMaskLimit) {
      ++counts_.num_masked;
    } else {
      ordinary.push_back(x);
    }
  }
  counts_.num_values += static_cast<int64_t>(chunk.size() - ordinary.size());
  if (!ordinary.empty()) AddChunk(ordinary);
}

void Histogram::BinAll(std::span<const float> chunk) {
  internal::Selection selection;
  while (!chunk.empty()) {
    const auto part = chunk.first(std::min(chunk.size(), internal::kSelectLength));
    const uint32_t start = 0;
    internal::Select(part.data(), part.size(),
                     {.starts = &start,
                      .num_stretches = 1,
                      .length = part.size(),
                      .min = -kNoLimit,
                      .max = kNoLimit,
                      .take = SelectOptions::Take::kInside,
                      .exponent = exponent_},
                     &selection);
    Accumulate(selection, 1);
    chunk = chunk.subspan(part.size());
  }
}

void Histogram::BinSample(std::span<const float> chunk) {
  constexpr size_t kFewestLines = 8;
  const size_t num_lines = counts_.num_values <= kDenseValues    ? kFewestLines
                           : counts_.num_values <= kSparseValues ? 32
                                                                 : 128;
  const size_t group_length = num_lines * kLineLength;
  uint32_t starts[internal::kChunkLength / (kFewestLines * kLineLength)];
  size_t num_starts = 0;
  // A group cut short by the end of the chunk keeps its odds: no line when the choice is past it.
  for (size_t group = 0; group < chunk.size(); group += group_length) {
    const size_t start = group + ChosenLine(num_groups_++, num_lines) * kLineLength;
    if (start < chunk.size()) starts[num_starts++] = static_cast<uint32_t>(start);
  }
  internal::Selection selection;
  internal::Select(chunk.data(), chunk.size(),
                   {.starts = starts,
                    .num_stretches = num_starts,
                    .length = kLineLength,
                    .min = tail_min_,
                    .max = tail_max_,
                    .take = SelectOptions::Take::kInside,
                    .exponent = exponent_},
                   &selection);
  Accumulate(selection, static_cast<double>(num_lines));
}

void Histogram::BinTails(std::span<const float> chunk, uint64_t tail_blocks) {
  internal::Selection selection;
  for (; tail_blocks != 0; tail_blocks &= tail_blocks - 1) {
    const uint32_t start = static_cast<uint32_t>(std::countr_zero(tail_blocks)) *
                           static_cast<uint32_t>(internal::kBlockLength);
    internal::Select(chunk.data(), chunk.size(),
                     {.starts = &start,
                      .num_stretches = 1,
                      .length = internal::kBlockLength,
                      .min = tail_min_,
                      .max = tail_max_,
                      .take = SelectOptions::Take::kOutside,
                      .exponent = exponent_},
                     &selection);
    Accumulate(selection, 1);
    num_tail_binned_ += static_cast<int64_t>(selection.size);
  }
}

void Histogram::Accumulate(const internal::Selection& selection, double weight) {
  const auto bin_of = [&](size_t i) { return &bins_[static_cast<size_t>(selection.bins[i])]; };
  for (size_t i = 0; i < std::min(selection.size, kPrefetchAhead); ++i) {
    __builtin_prefetch(bin_of(i), 1);
  }
  for (size_t i = 0; i < selection.size; ++i) {
    if (i + kPrefetchAhead < selection.size) __builtin_prefetch(bin_of(i + kPrefetchAhead), 1);
    const double value = selection.values[i];
    const double weighted = weight * value;
    *bin_of(i) += {weight, weighted, weighted * value};
  }
  num_binned_ += static_cast<int64_t>(selection.size);
  total_weight_ += weight * static_cast<double>(selection.size);
  squared_weight_ += weight * weight * static_cast<double>(selection.size);
}

void Histogram::Grow(float magnitude) {
  if (magnitude == 0) return;
  const int needed = std::max(kMinExponent, std::ilogb(magnitude) + 1);
  if (exponent_ == kNoRange) exponent_ = needed;
  while (exponent_ < needed) DoubleRange();
}

void Histogram::DoubleRange() {
  const std::span<Moments> bins(bins_);
  DoubleSide(bins.first(kSide));
  DoubleSide(bins.last(kSide));
  ++exponent_;
}

// The limits move to the outermost bin edges that leave at most kTailShare outside.
void Histogram::UpdateTails() {
  const double limit = kTailShare * static_cast<double>(counts_.num_ordinary());
  const auto edge = [&](Side side) {
    const auto side_bins = bins(side);
    double outside = 0;
    for (int i = kSide - 1; i >= 0; --i) {
      outside += side_bins[static_cast<size_t>(i)].n;
      if (outside > limit) return static_cast<float>(std::min(BinEdge(i + 1), 0x1.fffffep127));
    }
    return 0.0F;
  };
  tail_min_ = -edge(Side::kNegative);
  tail_max_ = edge(Side::kPositive);
  last_tail_update_ = counts_.num_values;
  num_tail_binned_ = 0;
}

void Histogram::Merge(const Histogram& other) {
  if (other.counts_.num_ordinary() > 0) {
    const bool first = counts_.num_ordinary() == 0;
    min_ = first ? other.min_ : std::min(min_, other.min_);
    max_ = first ? other.max_ : std::max(max_, other.max_);
  }
  counts_.num_values += other.counts_.num_values;
  counts_.num_zeros += other.counts_.num_zeros;
  counts_.num_nan += other.counts_.num_nan;
  counts_.num_positive_infinity += other.counts_.num_positive_infinity;
  counts_.num_negative_infinity += other.counts_.num_negative_infinity;
  counts_.num_masked += other.counts_.num_masked;
  num_binned_ += other.num_binned_;
  total_weight_ += other.total_weight_;
  squared_weight_ += other.squared_weight_;
  num_groups_ += other.num_groups_;
  if (other.exponent_ != kNoRange) {
    if (exponent_ == kNoRange) exponent_ = other.exponent_;
    Histogram aligned = other;
    while (aligned.exponent_ < exponent_) aligned.DoubleRange();
    while (exponent_ < aligned.exponent_) DoubleRange();
    for (size_t i = 0; i < bins_.size(); ++i) bins_[i] += aligned.bins_[i];
  }
  if (counts_.num_values >= kExactValues) UpdateTails();
}

double Histogram::range() const { return exponent_ == kNoRange ? 0 : std::ldexp(1.0, exponent_); }

std::span<const Moments> Histogram::bins(Side side) const {
  const std::span<const Moments> all(bins_);
  return side == Side::kPositive ? all.first(kSide) : all.last(kSide);
}

double Histogram::BinEdge(int bin) const {
  TARE_CHECK(bin >= 0 && bin <= kSide);
  if (bin == 0) return 0;
  if (bin >= kFirstLinear) return range() * (bin - kFirstLinear + 32) / kLinearBins;
  const int octave = (bin - 1) / 32;
  return std::ldexp(range(), octave - 15) * (1.0 + (bin - 1) % 32 / 32.0);
}

}  // namespace tare::stats
