#include "tare/stats/multiplicity.h"

#include <algorithm>
#include <numeric>

namespace tare::stats {

std::vector<double> AdjustByHolm(std::span<const double> p) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t i) { return p[i]; });
  std::vector<double> adjusted(p.size());
  double most = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const auto left = static_cast<double>(order.size() - rank);
    most = std::max(most, std::min(1.0, p[order[rank]] * left));
    adjusted[order[rank]] = most;
  }
  return adjusted;
}

}  // namespace tare::stats
