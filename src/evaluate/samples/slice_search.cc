#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>

#include "evaluate/samples/slice_search_internal.h"
#include "tare/core/result.h"
#include "tare/core/strcat.h"

namespace tare::evaluate {
namespace {

constexpr size_t kMaxValues = 50;
constexpr size_t kMaxNames = 1'000;
constexpr double kQuantiles[] = {0.1, 0.25, 0.75, 0.9};
constexpr double kSameSlice = 0.8;

using Bits = std::vector<uint64_t>;

// Samples whose bit is set; each bit stands for one, or for its size.
int64_t CountMembers(const Bits& bits, std::span<const int64_t> sizes) {
  int64_t count = 0;
  for (size_t w = 0; w < bits.size(); ++w) {
    if (sizes.empty()) count += std::popcount(bits[w]);
    for (uint64_t rest = sizes.empty() ? 0 : bits[w]; rest != 0; rest &= rest - 1) {
      count += sizes[64 * w + static_cast<size_t>(std::countr_zero(rest))];
    }
  }
  return count;
}

Bits And(const Bits& a, const Bits& b) {
  Bits both(a.size());
  for (size_t i = 0; i < a.size(); ++i) both[i] = a[i] & b[i];
  return both;
}

Bits Members(size_t n, const std::function<bool(size_t)>& is_member) {
  Bits bits((n + 63) / 64);
  for (size_t i = 0; i < n; ++i) {
    if (is_member(i)) bits[i / 64] |= uint64_t{1} << (i % 64);
  }
  return bits;
}

std::vector<int64_t> PlacesOf(const Bits& bits) {
  std::vector<int64_t> places;
  for (size_t w = 0; w < bits.size(); ++w) {
    for (uint64_t rest = bits[w]; rest != 0; rest &= rest - 1)
      places.push_back(static_cast<int64_t>(64 * w) + std::countr_zero(rest));
  }
  return places;
}

struct Condition {
  std::string text;
  size_t column = 0;
  Bits members;
};

void AddConditions(const SearchColumn& column, size_t index, std::vector<Condition>& conditions) {
  const auto values = column.values;
  std::vector<float> sorted;
  for (const float value : values) {
    if (!std::isnan(value)) sorted.push_back(value);
  }
  if (sorted.empty()) return;
  std::ranges::sort(sorted);
  const std::set<float> distinct(sorted.begin(), sorted.end());
  const auto add = [&](std::string text, const std::function<bool(float)>& holds) {
    conditions.push_back({std::move(text), index,
                          Members(values.size(), [&](size_t i) { return holds(values[i]); })});
  };
  if (distinct.size() <= (column.nominal ? kMaxNames : kMaxValues)) {
    for (const float value : distinct)
      add(StrCat(column.name, " == ", value), [value](float x) { return x == value; });
    return;
  }
  if (column.nominal) return;
  for (const double quantile : kQuantiles) {
    const float cut =
        sorted[static_cast<size_t>(quantile * static_cast<double>(sorted.size() - 1))];
    if (quantile < 0.5) {
      add(StrCat(column.name, " < ", cut), [cut](float x) { return x < cut; });
    } else {
      add(StrCat(column.name, " >= ", cut), [cut](float x) { return x >= cut; });
    }
  }
}

double LogChoose(int64_t n, int64_t k) {
  const auto log_factorial = [](int64_t x) { return std::lgamma(static_cast<double>(x) + 1); };
  return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

// P[X >= found] of `draws` without replacement from `total`, of which `marked` are marked.
double UpperTail(int64_t found, int64_t draws, int64_t marked, int64_t total) {
  // In logarithms: the binomials themselves pass the largest double from some 1,000 samples on.
  const double all = LogChoose(total, draws);
  double tail = 0;
  for (int64_t k = found; k <= std::min(draws, marked); ++k) {
    if (draws - k > total - marked) continue;
    tail += std::exp(LogChoose(marked, k) + LogChoose(total - marked, draws - k) - all);
  }
  return std::min(tail, 1.0);
}

struct Tested {
  FoundSlice slice;
  Bits members;
};

class Search {
 public:
  Search(std::span<const uint8_t> damaged, std::span<const int64_t> sizes,
         const SliceSearchOptions& options)
      : options_(options),
        sizes_(sizes),
        total_(sizes.empty() ? std::ssize(damaged)
                             : std::accumulate(sizes.begin(), sizes.end(), int64_t{0})),
        damaged_(Members(damaged.size(), [&](size_t i) { return damaged[i] != 0; })),
        num_damaged_(Count(damaged_)) {}

  SliceSearchResult Run(const std::vector<Condition>& conditions) {
    if (num_damaged_ == 0 || num_damaged_ == total_) return {};
    std::vector<double> single;
    for (const Condition& condition : conditions)
      single.push_back(Test(condition.text, condition.members, 1));
    for (size_t a = 0; a < conditions.size(); ++a) {
      for (size_t b = a + 1; b < conditions.size(); ++b) {
        // Two conditions on one column are an interval or nothing.
        if (conditions[a].column == conditions[b].column) continue;
        Test(StrCat(conditions[a].text, " and ", conditions[b].text),
             And(conditions[a].members, conditions[b].members), std::min(single[a], single[b]));
      }
    }
    return {num_tests_, Best()};
  }

 private:
  // Every hypothesis counts towards the adjustment; those that can be reported are kept.
  double Test(std::string where, Bits members, double beat) {
    ++num_tests_;
    const int64_t n = Count(members);
    if (n < options_.min_samples || total_ - n < options_.min_samples) return 1;
    const int64_t found = Count(And(members, damaged_));
    // Not above the share of the whole: one-sided, so no small p-value can come of it.
    if (static_cast<double>(found) * static_cast<double>(total_) <=
        static_cast<double>(n) * static_cast<double>(num_damaged_))
      return 1;
    const double p = UpperTail(found, n, num_damaged_, total_);
    if (p < beat && p <= options_.alpha) {
      tested_.push_back({{std::move(where), n, found, total_ - n, num_damaged_ - found, p, 1, {}},
                         std::move(members)});
    }
    return p;
  }

  std::vector<FoundSlice> Best() {
    std::ranges::stable_sort(tested_, {}, [](const Tested& tested) { return tested.slice.p; });
    std::vector<const Tested*> chosen;
    double adjusted = 0;
    auto remaining = static_cast<double>(num_tests_);
    for (Tested& tested : tested_) {
      // Holm: adjusted values never fall again along the order.
      adjusted = std::max(adjusted, std::min(1.0, tested.slice.p * remaining));
      remaining -= 1;
      if (adjusted > options_.alpha || chosen.size() == options_.max_found) break;
      tested.slice.p_holm = adjusted;
      const bool is_known = std::ranges::any_of(chosen, [&](const Tested* other) {
        const auto both = static_cast<double>(Count(And(tested.members, other->members)));
        return both > kSameSlice * static_cast<double>(std::min(tested.slice.n, other->slice.n));
      });
      if (!is_known) chosen.push_back(&tested);
    }
    std::vector<FoundSlice> found;
    for (const Tested* tested : chosen) {
      found.push_back(tested->slice);
      found.back().members = PlacesOf(tested->members);
    }
    return found;
  }

  int64_t Count(const Bits& bits) const { return CountMembers(bits, sizes_); }

  const SliceSearchOptions& options_;
  std::span<const int64_t> sizes_;
  int64_t total_;
  Bits damaged_;
  int64_t num_damaged_;
  int64_t num_tests_ = 0;
  std::vector<Tested> tested_;
};

}  // namespace

SliceSearchResult FindDamagedSlices(std::span<const SearchColumn> columns,
                                    std::span<const uint8_t> damaged,
                                    const SliceSearchOptions& options,
                                    std::span<const int64_t> sizes) {
  TARE_CHECK(sizes.empty() || sizes.size() == damaged.size());
  std::vector<Condition> conditions;
  for (size_t c = 0; c < columns.size(); ++c) {
    TARE_CHECK(columns[c].values.size() == damaged.size() && (sizes.empty() || columns[c].nominal));
    AddConditions(columns[c], c, conditions);
  }
  return Search(damaged, sizes, options).Run(conditions);
}

}  // namespace tare::evaluate
