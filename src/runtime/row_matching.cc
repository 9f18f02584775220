#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <numeric>
#include <optional>
#include <string_view>

#include "runtime/row_matching_internal.h"

namespace tare::runtime {
namespace {

// Below, a threshold cannot be told from the least score that happened to come.
constexpr int64_t kRowsForThreshold = 50;
// Fewer rows fall by chance too often to be taken for sorted.
constexpr size_t kRowsForOrder = 4;
// Members with more values a row (masks, features) do not help to tell rows apart.
constexpr size_t kMaxKeyWidth = 16;

size_t NumRows(const std::vector<double>& values, size_t width) { return values.size() / width; }

bool IsNamedScore(std::string name) {
  constexpr std::array<std::string_view, 3> kNames = {"score", "conf", "prob"};
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::ranges::any_of(kNames, [&](auto part) { return name.find(part) != name.npos; });
}

std::vector<double> Column(const std::vector<double>& values, size_t width, size_t column) {
  std::vector<double> out;
  for (size_t at = column; at < values.size(); at += width) out.push_back(values[at]);
  return out;
}

bool Falls(const std::vector<double>& values) {
  return values.size() >= kRowsForOrder && values.front() > values.back() &&
         std::is_sorted(values.begin(), values.end(), std::greater<>());
}

struct Scores {
  std::vector<double> a, b;
};

std::optional<Scores> FindScores(std::span<const RowValues> members) {
  const auto of = [](const RowValues& member, size_t column) {
    return Scores{Column(member.a, member.width, column), Column(member.b, member.width, column)};
  };
  for (const RowValues& member : members) {
    if (!member.is_integers && member.width == 1 && IsNamedScore(member.name)) return of(member, 0);
  }
  for (const RowValues& member : members) {
    for (size_t column = 0; !member.is_integers && column < member.width; ++column) {
      Scores scores = of(member, column);
      if (Falls(scores.a) && Falls(scores.b)) return scores;
    }
  }
  return std::nullopt;
}

double LeastOf(const std::vector<double>& values, double otherwise) {
  return values.empty() ? otherwise : *std::ranges::min_element(values);
}

double CutOf(const Scores& scores, bool is_cut, ScoresSeen& seen) {
  const double a = LeastOf(scores.a, LeastOf(scores.b, 0));
  const double b = LeastOf(scores.b, a);
  const double least = std::min(a, b);
  seen.least = seen.count == 0 ? least : std::min(seen.least, least);
  seen.count += static_cast<int64_t>(scores.a.size());
  if (is_cut) return std::max(a, b);
  return seen.count >= kRowsForThreshold ? seen.least : std::min(0.0, seen.least);
}

std::vector<double> WeightsOf(const std::vector<double>& scores, double cut) {
  std::vector<double> weights;
  for (const double score : scores)
    weights.push_back(std::isfinite(score) ? std::max(0.0, score - cut) : 0);
  return weights;
}

// Spreads of the columns of a member over the rows of both sides.
std::vector<double> SpreadsOf(const RowValues& member) {
  std::vector<double> spreads;
  for (size_t column = 0; column < member.width; ++column) {
    std::vector<double> values = Column(member.a, member.width, column);
    for (const double value : Column(member.b, member.width, column)) values.push_back(value);
    std::erase_if(values, [](double value) { return !std::isfinite(value); });
    const double n = std::max<double>(1, static_cast<double>(values.size()));
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    spreads.push_back(std::max({std::sqrt(squares / n), 1e-6 * std::abs(mean), 1e-30}));
  }
  return spreads;
}

// Distances between rows over the members that tell them apart.
class Distance {
 public:
  explicit Distance(std::span<const RowValues> members) : members_(members) {
    const bool any_narrow = std::ranges::any_of(members, IsNarrow);
    for (const RowValues& member : members)
      spreads_.push_back(any_narrow && !IsNarrow(member) ? std::vector<double>()
                                                         : SpreadsOf(member));
  }

  double operator()(size_t a, size_t b) const {
    double sum = 0;
    for (size_t m = 0; m < members_.size(); ++m) {
      const size_t width = members_[m].width;
      for (size_t column = 0; column < spreads_[m].size(); ++column) {
        const double x = members_[m].a[a * width + column];
        const double y = members_[m].b[b * width + column];
        const double d = (x - y) / spreads_[m][column];
        if (x != y) sum += std::isfinite(d) ? d * d : 1e30;
      }
    }
    return sum;
  }

 private:
  static bool IsNarrow(const RowValues& member) { return member.width <= kMaxKeyWidth; }

  std::span<const RowValues> members_;
  std::vector<std::vector<double>> spreads_;
};

// The positions with a weight, the heaviest first, equals in order, at most kMaxMatchedRows.
std::vector<size_t> ByWeight(const std::vector<double>& weights) {
  std::vector<size_t> order;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] > 0) order.push_back(i);
  }
  std::ranges::stable_sort(order, [&](size_t x, size_t y) { return weights[x] > weights[y]; });
  if (order.size() > kMaxMatchedRows) order.resize(kMaxMatchedRows);
  return order;
}

}  // namespace

std::vector<RowPair> MatchRows(std::span<const RowValues> members, bool is_cut, ScoresSeen& seen) {
  const size_t rows_a = NumRows(members[0].a, members[0].width);
  const size_t rows_b = NumRows(members[0].b, members[0].width);
  std::vector<double> weights_a(rows_a, 1), weights_b(rows_b, 1);
  if (const auto scores = FindScores(members)) {
    const double cut = CutOf(*scores, is_cut, seen);
    const auto a = WeightsOf(scores->a, cut);
    const auto b = WeightsOf(scores->b, cut);
    const auto counts = [](double weight) { return weight > 0; };
    if (std::ranges::any_of(a, counts) || std::ranges::any_of(b, counts)) {
      weights_a = a;
      weights_b = b;
    }
  }
  const Distance distance(members);
  std::vector<bool> taken(rows_b, false);
  std::vector<RowPair> pairs;
  for (const size_t a : ByWeight(weights_a)) {
    RowPair pair{static_cast<int64_t>(a), -1, weights_a[a]};
    double nearest = INFINITY;
    for (size_t b = 0; b < rows_b; ++b) {
      const double d = taken[b] ? INFINITY : distance(a, b);
      if (d >= nearest) continue;
      nearest = d;
      pair.b = static_cast<int64_t>(b);
    }
    if (pair.b >= 0) taken[static_cast<size_t>(pair.b)] = true;
    pairs.push_back(pair);
  }
  for (const size_t b : ByWeight(weights_b)) {
    if (!taken[b]) pairs.push_back({-1, static_cast<int64_t>(b), weights_b[b]});
  }
  return pairs;
}

}  // namespace tare::runtime
