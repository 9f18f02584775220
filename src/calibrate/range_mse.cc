// The MSE range. Zero is on the grid, so the grid of step s is {k s}, whatever the zero point: the
// zero point only says where it ends. So for each s the error is a function of the positive side
// and the number of codes there, plus the same for the negative side, and one sweep over the cells
// of both gives it for every zero point. Larger steps round worse, smaller ones clip more: the
// search starts at the step of min-max and stops when clipping alone costs more than the best so
// far.

#include <algorithm>
#include <cmath>
#include <vector>

#include "calibrate/range_internal.h"

namespace tare::calibrate::internal {
namespace {

using stats::CumulativeMoments;
using stats::Moments;

// Steps tried: 2^(-i/8) of the largest, then a sixteenth of an octave to both sides of the best,
// half of that about the new best, and so on down to 2^(1/256).
constexpr int kStepsPerOctave = 8;
constexpr int kMaxOctaves = 40;
constexpr int kHalvings = 5;

double ErrorAbout(const Moments& moments, double centre) {
  return std::max(0.0,
                  moments.sum_squares - 2 * centre * moments.sum + centre * centre * moments.n);
}

// What clipping at `limit` costs on one side.
double ClipError(const CumulativeMoments& side, double limit) {
  return ErrorAbout(side.total() - side.Below(limit), limit);
}

// errors[k]: the squared error of a side when k codes are there, for k = 0..num_codes.
void SideErrors(const CumulativeMoments& side, double step, std::vector<double>& errors) {
  const int num_codes = static_cast<int>(errors.size()) - 1;
  Moments below = side.Below(step / 2);
  double inner = below.sum_squares;  // of the cells that are closed on both ends
  errors[0] = side.total().sum_squares;
  for (int k = 1; k <= num_codes; ++k) {
    const double centre = k * step;
    if (centre - step / 2 > side.max()) {
      std::fill(errors.begin() + k, errors.end(), inner);
      return;
    }
    errors[static_cast<size_t>(k)] = inner + ErrorAbout(side.total() - below, centre);
    const Moments next = side.Below(centre + step / 2);
    inner += ErrorAbout(next - below, centre);
    below = next;
  }
}

class MseSearch {
 public:
  MseSearch(const Distribution& distribution, const RangeOptions& options)
      : distribution_(distribution), num_levels_(options.grid.quant_max - options.grid.quant_min) {
    if (options.zero_point == ZeroPoint::kCentre) {
      least_positive_ = num_levels_ / 2;
      most_positive_ = least_positive_;
    } else {
      // No code is spent on a side without values.
      least_positive_ = distribution.min < 0 ? 0 : num_levels_;
      most_positive_ = distribution.max > 0 ? num_levels_ : 0;
    }
    positive_.resize(static_cast<size_t>(num_levels_) + 1);
    negative_.resize(static_cast<size_t>(num_levels_) + 1);
  }

  ValueRange Run() {
    const double largest = LargestStep();
    for (int i = 0; i < kStepsPerOctave * kMaxOctaves; ++i) {
      const double step = largest * std::exp2(-static_cast<double>(i) / kStepsPerOctave);
      if (i > 0 && LeastClipError(step) >= best_error_) break;
      Try(step);
    }
    for (int i = 1; i <= kHalvings; ++i) {
      const double factor = std::exp2(std::ldexp(1.0 / kStepsPerOctave, -i));
      const double centre = best_step_;
      if (centre * factor <= largest) Try(centre * factor);
      Try(centre / factor);
    }
    const double low = -best_step_ * (num_levels_ - best_positive_);
    const double high = best_step_ * best_positive_;
    constexpr double kLargest = 0x1.fffffep127;
    return {static_cast<float>(std::max(low, -kLargest)),
            static_cast<float>(std::min(high, kLargest))};
  }

 private:
  // The step that reaches both extremes.
  double LargestStep() const {
    if (least_positive_ < most_positive_) {
      return (distribution_.max - distribution_.min) / num_levels_;
    }
    const int num_negative = num_levels_ - least_positive_;
    return std::max(least_positive_ > 0 ? distribution_.max / least_positive_ : 0.0,
                    num_negative > 0 ? -distribution_.min / num_negative : 0.0);
  }

  double ClipErrorAt(double step, int num_positive) const {
    return ClipError(distribution_.positive, step * num_positive) +
           ClipError(distribution_.negative, step * (num_levels_ - num_positive));
  }

  // The clipping cost of the best zero point. Convex in the number of positive codes, since each
  // side's is convex in its limit: bisection on the slope.
  double LeastClipError(double step) const {
    int low = least_positive_;
    int high = most_positive_;
    while (low < high) {
      const int middle = (low + high) / 2;
      if (ClipErrorAt(step, middle) <= ClipErrorAt(step, middle + 1)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return ClipErrorAt(step, low);
  }

  void Try(double step) {
    SideErrors(distribution_.positive, step, positive_);
    SideErrors(distribution_.negative, step, negative_);
    for (int k = least_positive_; k <= most_positive_; ++k) {
      const double error =
          positive_[static_cast<size_t>(k)] + negative_[static_cast<size_t>(num_levels_ - k)];
      if (error < best_error_) {
        best_error_ = error;
        best_step_ = step;
        best_positive_ = k;
      }
    }
  }

  const Distribution& distribution_;
  int num_levels_;
  int least_positive_ = 0;
  int most_positive_ = 0;
  std::vector<double> positive_;
  std::vector<double> negative_;
  double best_error_ = HUGE_VAL;
  double best_step_ = 0;
  int best_positive_ = 0;
};

}  // namespace

double SquaredError(const Distribution& distribution, double step, Levels levels) {
  std::vector<double> positive(static_cast<size_t>(levels.num_positive) + 1);
  std::vector<double> negative(static_cast<size_t>(levels.num_negative) + 1);
  SideErrors(distribution.positive, step, positive);
  SideErrors(distribution.negative, step, negative);
  return positive.back() + negative.back();
}

ValueRange MseRange(const Distribution& distribution, const RangeOptions& options) {
  return MseSearch(distribution, options).Run();
}

}  // namespace tare::calibrate::internal
