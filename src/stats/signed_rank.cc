#include "tare/stats/signed_rank.h"

#include <algorithm>
#include <cmath>

#include "tare/core/result.h"
#include "tare/stats/quantile.h"

namespace tare::stats {
namespace {

// The largest k whose k-th Walsh average from an end is a bound; 0 when there is none.
int64_t BoundRank(int64_t n, double confidence) {
  // 1 - confidence is a hair less than the tail that it stands for where that is a power of two.
  constexpr double kRounding = 1e-12;
  const int64_t most = n * (n + 1) / 2;
  int64_t k = 0;
  while (k < most && SignedRankBelow(k, n) <= 1 - confidence + kRounding) ++k;
  return k;
}

}  // namespace

std::vector<double> WalshAverages(std::span<const double> values) {
  std::vector<double> averages;
  averages.reserve(values.size() * (values.size() + 1) / 2);
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t j = i; j < values.size(); ++j) averages.push_back((values[i] + values[j]) / 2);
  }
  std::sort(averages.begin(), averages.end());
  return averages;
}

double SignedRankBelow(int64_t w, int64_t n) {
  TARE_CHECK(n >= 0 && n <= 60);
  if (w < 0) return 0;
  // ways[s]: subsets of the ranks so far whose sum is s.
  std::vector<double> ways(static_cast<size_t>(n * (n + 1) / 2 + 1), 0.0);
  ways[0] = 1;
  int64_t reach = 0;
  for (int64_t rank = 1; rank <= n; ++rank) {
    reach += rank;
    for (int64_t sum = reach; sum >= rank; --sum)
      ways[static_cast<size_t>(sum)] += ways[static_cast<size_t>(sum - rank)];
  }
  double below = 0;
  for (int64_t sum = 0; sum <= std::min(w, reach); ++sum) below += ways[static_cast<size_t>(sum)];
  return std::ldexp(below, -static_cast<int>(n));
}

double HodgesLehmann(std::span<const double> walsh) { return Quantile(walsh, 0.5); }

std::optional<double> CentreLower(std::span<const double> walsh, int64_t n, double confidence) {
  const int64_t k = BoundRank(n, confidence);
  if (k < 1) return std::nullopt;
  return walsh[static_cast<size_t>(k - 1)];
}

std::optional<double> CentreUpper(std::span<const double> walsh, int64_t n, double confidence) {
  const int64_t k = BoundRank(n, confidence);
  if (k < 1) return std::nullopt;
  return walsh[walsh.size() - static_cast<size_t>(k)];
}

}  // namespace tare::stats
