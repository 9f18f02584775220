// CumulativeMoments: a Histogram as a function, "number, sum and sum of squares below t".

#pragma once

#include <vector>

#include "tare/stats/histogram.h"

namespace tare::stats {

/// Answers how many values of one side of a histogram lie between 0 and t, and what they sum to.
/// Sums run from zero outwards, so that a far outlier does not wipe out the digits of the bulk.
///
///   Below(t) = (n, sum |x|, sum x^2) over the values of the side with |x| < t
///
/// Units    |x|: the negative side is mirrored.
/// Bound    exact at bin edges. Inside a bin its values are taken as uniform on mean +- sqrt(3)
///          standard deviations, cut symmetrically to the bin: a bin of equal values is a point.
/// Edge     Below(t <= 0) is nothing, Below(t >= range) the whole side.
/// Threads  const calls may run together.
/// Cost     O(bins) to make, O(1) a call.
class CumulativeMoments {
 public:
  CumulativeMoments(const Histogram& histogram, Histogram::Side side);

  Moments Below(double magnitude) const;
  const Moments& total() const { return pieces_.back().before; }
  /// Largest |x| of the side, exact; 0 when the side is empty.
  double max() const { return max_; }
  /// Least t with Below(t).n >= n. Edge: 0 for n <= 0, max() beyond the total.
  double Quantile(double n) const;

 private:
  struct Piece {
    Moments before;  // of all bins nearer to zero
    double n = 0;
    double low = 0;  // the bin's values are uniform on [low, high]
    double high = 0;
    double inverse_width = 0;
  };
  std::size_t PieceOf(double magnitude) const;

  double range_ = 0;
  double inverse_bin_width_ = 0;
  int64_t first_step_ = 0;
  double max_ = 0;
  std::vector<Piece> pieces_;  // a bin each, and an empty one behind them
};

}  // namespace tare::stats
