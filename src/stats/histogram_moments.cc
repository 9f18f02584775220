#include "tare/stats/histogram_moments.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace tare::stats {
namespace {

// Half the width of a uniform distribution is sqrt(3) of its standard deviations.
double HalfWidth(const Moments& bin, double mean) {
  const double variance = bin.sum_squares / bin.n - mean * mean;
  // Below this the difference is rounding: the values are equal.
  return variance > 1e-13 * mean * mean ? std::sqrt(3 * variance) : 0;
}

}  // namespace

CumulativeMoments::CumulativeMoments(const Histogram& histogram, Histogram::Side side)
    : range_(histogram.range()), pieces_(Histogram::kSideBins + 1) {
  const bool positive = side == Histogram::Side::kPositive;
  max_ = std::max(0.0, positive ? double{histogram.max()} : -double{histogram.min()});
  if (range_ == 0) return;
  inverse_bin_width_ = Histogram::kLinearBins / range_;
  first_step_ = std::bit_cast<int64_t>(range_ / 32768) >> 47;

  const auto bins = histogram.bins(side);
  Moments before;
  for (int i = 0; i < Histogram::kSideBins; ++i) {
    Moments bin = bins[static_cast<size_t>(i)];
    Piece& piece = pieces_[static_cast<size_t>(i)];
    piece.before = before;
    if (bin.n == 0) continue;
    bin.sum = std::abs(bin.sum);
    const double mean = bin.sum / bin.n;
    const double low = histogram.BinEdge(i);
    const double high = std::min(histogram.BinEdge(i + 1), max_);
    const double half = std::max(0.0, std::min({HalfWidth(bin, mean), mean - low, high - mean}));
    piece.n = bin.n;
    piece.low = mean - half;
    piece.high = mean + half;
    piece.inverse_width = half > 0 ? 1 / (2 * half) : 0;
    before += bin;
  }
  pieces_.back().before = before;
}

// The same numbering as the kernel's, on doubles.
std::size_t CumulativeMoments::PieceOf(double magnitude) const {
  if (magnitude >= range_) return Histogram::kSideBins;
  const auto linear = static_cast<int64_t>(magnitude * inverse_bin_width_);
  if (linear >= 32) return static_cast<size_t>(Histogram::kLogBins + 1 - 32 + linear);
  const int64_t step = (std::bit_cast<int64_t>(magnitude) >> 47) - first_step_ + 1;
  return static_cast<size_t>(std::max<int64_t>(0, step));
}

Moments CumulativeMoments::Below(double magnitude) const {
  if (!(magnitude > 0)) return {};
  const size_t index = PieceOf(magnitude);
  const Piece& piece = pieces_[index];
  if (magnitude <= piece.low || piece.n == 0) return piece.before;
  if (magnitude >= piece.high) return pieces_[index + 1].before;
  const double n = piece.n * (magnitude - piece.low) * piece.inverse_width;
  Moments below = piece.before;
  below += {n, n * (piece.low + magnitude) / 2,
            n * (piece.low * piece.low + piece.low * magnitude + magnitude * magnitude) / 3};
  return below;
}

double CumulativeMoments::Quantile(double n) const {
  if (!(n > 0)) return 0;
  if (n >= total().n) return max_;
  const auto behind = std::partition_point(pieces_.begin(), pieces_.end(),
                                           [n](const Piece& piece) { return piece.before.n < n; });
  const Piece& piece = *(behind - 1);
  const double share = piece.n > 0 ? (n - piece.before.n) / piece.n : 0;
  return piece.low + share * (piece.high - piece.low);
}

}  // namespace tare::stats
