// The bootstrap: how much a statistic would vary if the samples were drawn again.
//
// Paired: a resample takes whole samples, each with the answers of both models, so that a
// difference of the two models varies as little as it should. Bounds are BCa: percentiles of the
// replicates, shifted for the bias of the statistic and for a spread that changes with its value.

#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "tare/core/result.h"
#include "tare/stats/interval.h"

namespace tare::stats {

struct BootstrapOptions {
  /// Replicates, at least 100. BCa bounds at 95 % need thousands.
  int64_t replicates = 10'000;
  uint64_t seed = 1;
  /// Any number gives the same replicates.
  int num_threads = 1;
};

/// Errors  kInvalidArgument: fewer than 100 replicates, or a `confidence` of two-sided intervals
///         outside (0.5, 1).
Result<void> CheckBootstrap(const BootstrapOptions& options, double confidence);

/// The replicates of one statistic and its BCa bounds.
///
///   z0 = quantile of the share of replicates below the estimate (ties count half)
///   Bound(p) = quantile of the replicates at cdf(z0 + (z0 + z_p) / (1 - a (z0 + z_p)))
///
/// Edge     all replicates equal: every bound is that value; such a bound knows nothing of events
///          that the sample happens not to hold. NaN replicates (statistic undefined on that
///          resample) are left out; with none left all bounds are NaN. |1 - a(...)| <= 0: a is 0.
/// Source   Efron, "Better bootstrap confidence intervals", JASA 82 (1987); Efron and Tibshirani,
///          An Introduction to the Bootstrap (1993), equations 14.9 to 14.15. Ties as in scipy.
class BootstrapDistribution {
 public:
  BootstrapDistribution() = default;
  BootstrapDistribution(double estimate, double acceleration, std::vector<double> replicates);

  double estimate() const { return estimate_; }
  /// The replicates, rising.
  std::span<const double> sorted() const { return sorted_; }

  /// The value below which the statistic lies with this confidence (BCa).
  double Bound(double probability) const;
  /// Two-sided: the bounds at (1 -+ confidence) / 2.
  Interval BcaInterval(double confidence) const;

 private:
  double estimate_ = 0;
  double acceleration_ = 0;
  double bias_ = 0;  // z0
  std::vector<double> sorted_;
};

/// Returns BCa's acceleration from leave-one-out values of the statistic.
///
///   sum w u^3 / (6 (sum w u^2)^1.5),  u = mean - leave_one_out
///
/// Shape    `weights` empty, or how many samples share each value.
/// Edge     no spread gives 0.
double Acceleration(std::span<const double> leave_one_out, std::span<const int64_t> weights = {});

/// Computes several statistics at once. `out` has one place a statistic.
/// Threads  called concurrently.
using CellStatistic = std::function<void(std::span<const int64_t> drawn, std::span<double> out)>;
using IndexStatistic =
    std::function<void(std::span<const uint32_t> indices, std::span<double> out)>;

/// Bootstraps statistics of cell counts; leave-one-out values are computed cell by cell.
///
/// Shape    `sizes` holds samples per cell; one distribution a statistic is returned.
/// Threads  the result does not depend on num_threads.
/// Cost     (replicates + number of cells) * (number of cells + samples outside large cells).
std::vector<BootstrapDistribution> BootstrapCells(std::span<const int64_t> sizes,
                                                  int num_statistics,
                                                  const CellStatistic& statistic,
                                                  const BootstrapOptions& options);

/// The same with accelerations that the caller knows, one a statistic: where a leave-one-out value
/// follows from the others, as with sums, so that the cost does not grow with the square of the
/// number of cells.
std::vector<BootstrapDistribution> BootstrapCells(std::span<const int64_t> sizes,
                                                  std::span<const double> accelerations,
                                                  const CellStatistic& statistic,
                                                  const BootstrapOptions& options);

/// Bootstraps statistics of sample indices 0..n-1.
/// Shape    `accelerations`: one a statistic, see Acceleration().
/// Cost     replicates * n.
std::vector<BootstrapDistribution> BootstrapIndices(int64_t n,
                                                    std::span<const double> accelerations,
                                                    const IndexStatistic& statistic,
                                                    const BootstrapOptions& options);

/// Bootstraps the means of several columns of per-sample terms, paired: a replicate takes the same
/// samples from all columns.
/// Shape    columns of equal length n >= 1 (TARE_CHECK).
std::vector<BootstrapDistribution> BootstrapMeans(std::span<const std::span<const double>> columns,
                                                  const BootstrapOptions& options);

/// Returns the options with fewer replicates where `work_per_replicate` samples would make the
/// whole longer than some 2 * 10^9 draws; never fewer than 1,000.
BootstrapOptions WithinBudget(BootstrapOptions options, int64_t work_per_replicate);

}  // namespace tare::stats
