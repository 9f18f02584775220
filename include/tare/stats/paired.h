// Tests and intervals for two yes-or-no answers to the same questions.
//
// Two models answer n questions. Only the questions on which exactly one is right tell them apart:
// `harmful` of them the baseline had right and the candidate has wrong, `helpful` the reverse.
// The difference (candidate - baseline) of the two shares of right answers is
// (helpful - harmful) / n, whatever the other n - harmful - helpful answers are: with few flips it
// is known far more exactly than either share. An unpaired test throws that away: the variance of
// its difference is p (1 - p) from each model instead of the share of flips, so at an accuracy of
// 75 % and 2 % of flips it needs some twenty times the samples.

#pragma once

#include <cstdint>
#include <optional>

#include "tare/stats/interval.h"

namespace tare::stats {

/// Counts of a paired comparison. 0 <= harmful, helpful and harmful + helpful <= n.
struct PairedCounts {
  int64_t n = 0;
  int64_t harmful = 0;
  int64_t helpful = 0;
  friend bool operator==(const PairedCounts&, const PairedCounts&) = default;
};

enum class Tail { kTwoSided, kCandidateWorse };
enum class TailMass { kExact, kMidP };

/// Returns the p-value of the exact McNemar test of equal shares.
///
///   kCandidateWorse  P[X >= harmful]
///   kTwoSided        min(1, 2 P[X <= min(harmful, helpful)])
///   kMidP            the same with half of P[X == observed] taken away
///
/// where X ~ Binomial(harmful + helpful, 1/2).
///
/// Edge     no discordant pair gives 1 (mid-p, one-sided: 1/2).
/// Source   McNemar, Psychometrika 12 (1947); exact form and mid-p: Fagerland, Lydersen, Laake,
///          BMC Medical Research Methodology 13:91 (2013), equations (3) to (5).
double McNemar(const PairedCounts& counts, Tail tail, TailMass mass = TailMass::kExact);

/// Returns Tango's score statistic of the hypothesis that the share of right answers drops by
/// `drop`.
///
///   T = (harmful - helpful - n drop) / sqrt(n (2 q + drop (1 - drop)))
///   q = (sqrt(B^2 - 4AC) - B) / 2A
///   A = 2n,  B = -harmful - helpful + (2n - harmful + helpful) drop,  C = -helpful drop (1 - drop)
///
/// q estimates the share of helpful pairs under the hypothesis. Asymptotically standard normal;
/// falls as `drop` grows. Counts are real so that rates can be scaled to other n.
///
/// Edge     0/0 (no discordant pair and drop 0, n == 0) gives 0. At drop 0 this is McNemar's z.
/// Source   Tango, "Equivalence test and confidence interval for the difference in proportions for
///          the paired-sample design", Statistics in Medicine 17 (1998) 891, equations (7), (8).
double TangoStatistic(double harmful, double helpful, double n, double drop);

/// Returns the p-value of "the share drops by `margin` or more" against "it drops by less":
/// NormalCdf(T). Below 1 - confidence the candidate is not inferior.
/// Bound    false acceptance at a true drop of exactly `margin` is near 1 - confidence from n of
///          about 100 on (simulated in paired_test.cc), for few discordant pairs too.
double TangoNonInferiorityP(const PairedCounts& counts, double margin);

/// Returns the one-sided lower confidence bound of the difference candidate - baseline: the largest
/// margin that would just fail, negated. -1 for n == 0.
double TangoLower(const PairedCounts& counts, double confidence);
/// The upper bound; 1 for n == 0.
double TangoUpper(const PairedCounts& counts, double confidence);
/// The two-sided interval, each end at (1 + confidence) / 2.
Interval Tango(const PairedCounts& counts, double confidence);

/// Returns the n at which a difference with the observed rates would be shown to be on its side of
/// -margin at `confidence`, with power kPlannedPower.
///
///   ((z_confidence s0 + z_power s1) / (d + margin))^2
///
/// s0 is the deviation of one pair that the score test takes, s1 the observed one; both near
/// sqrt(psi), the root of the share of discordant pairs.
/// Edge     nullopt when the observed difference stands so close to -margin that 10^9 samples
///          would not do, and for n == 0.
std::optional<int64_t> TangoSettlingSize(const PairedCounts& counts, double margin,
                                         double confidence);

}  // namespace tare::stats
