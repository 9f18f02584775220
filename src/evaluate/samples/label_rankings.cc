#include <algorithm>
#include <cmath>
#include <numeric>

#include "evaluate/samples/jackknife_internal.h"
#include "evaluate/samples/label_rankings_internal.h"
#include "tare/core/random.h"
#include "tare/core/strcat.h"
#include "tare/core/text.h"
#include "tare/scores/ranking_scores.h"

namespace tare::evaluate {
namespace {

constexpr std::string_view kName = "average_precision_macro";

// The value with all samples, and with each group left out.
struct Values {
  double all = 0;
  std::vector<double> left_out;
};

// The group of each sample: groups of equal size, up to one, of a random permutation. Data often
// lie sorted by class: neighbours in a group would leave out whole classes.
std::vector<int> DrawGroups(size_t n, uint64_t seed) {
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  Random random(seed);
  for (size_t i = n; i > 1; --i)
    std::swap(order[i - 1], order[static_cast<size_t>(random.Below(i))]);
  std::vector<int> groups(n);
  for (size_t i = 0; i < n; ++i) groups[order[i]] = static_cast<int>(i % kJackknifeGroups);
  return groups;
}

// Sums over classes with a positive, of all samples and of each set of weights.
class MacroPrecision {
 public:
  explicit MacroPrecision(const std::vector<std::vector<double>>& weights)
      : weights_(weights), sums_(weights.size() + 1), counts_(weights.size() + 1) {}

  void AddClass(std::span<const uint8_t> truths, std::span<const double> scores) {
    if (std::ranges::find(truths, uint8_t{1}) == truths.end()) return;
    const scores::BinaryRanking ranking(truths, scores);
    Add(0, ranking.AveragePrecision());
    for (size_t g = 0; g < weights_.size(); ++g) {
      double positives = 0;
      for (size_t i = 0; i < truths.size(); ++i) positives += truths[i] * weights_[g][i];
      // A class that loses all its positives with a group has no precision there, and not one of 0.
      if (positives > 0) Add(g + 1, ranking.AveragePrecision(weights_[g]));
    }
  }

  Values Finish() const {
    const auto mean = [&](size_t place) {
      return counts_[place] > 0 ? sums_[place] / counts_[place] : NAN;
    };
    Values out{mean(0), {}};
    for (size_t g = 0; g < weights_.size(); ++g) out.left_out.push_back(mean(g + 1));
    return out;
  }

 private:
  void Add(size_t place, double value) {
    sums_[place] += value;
    counts_[place] += 1;
  }

  const std::vector<std::vector<double>>& weights_;
  std::vector<double> sums_, counts_;
};

verdict::Estimate EstimateOf(const Values& values, int64_t n, double confidence) {
  if (!values.left_out.empty())
    return JackknifeEstimate(values.all, values.left_out, 1, n, confidence);
  verdict::Estimate out;
  out.value = values.all;
  out.n = n;
  out.method = "jackknife";
  return out;
}

// Of one model. Shape: [samples, classes] both.
Values ValuesOf(std::span<const uint8_t> all_truths, std::span<const double> all_scores,
                size_t num_classes, const std::vector<std::vector<double>>& weights) {
  const size_t n = all_truths.size() / num_classes;
  std::vector<uint8_t> truths(n);
  std::vector<double> scores(n);
  MacroPrecision macro(weights);
  for (size_t c = 0; c < num_classes; ++c) {
    for (size_t i = 0; i < n; ++i) {
      truths[i] = all_truths[i * num_classes + c];
      scores[i] = all_scores[i * num_classes + c];
    }
    macro.AddClass(truths, scores);
  }
  return macro.Finish();
}

}  // namespace

void LabelRankings::AddDoubles(const std::set<int64_t>& gold, const std::vector<double>& baseline,
                               const std::vector<double>& candidate) {
  num_classes_ = baseline.size();
  too_many_ = too_many_ || std::ssize(truths_) + std::ssize(baseline) > kMaxScores;
  if (too_many_) {  // nothing is ranked: what was held is of no use
    truths_ = {};
    for (auto& scores : scores_) scores = {};
    return;
  }
  for (size_t c = 0; c < num_classes_; ++c)
    truths_.push_back(gold.contains(static_cast<int64_t>(c)) ? 1 : 0);
  scores_[0].insert(scores_[0].end(), baseline.begin(), baseline.end());
  scores_[1].insert(scores_[1].end(), candidate.begin(), candidate.end());
}

void LabelRankings::AddTo(double confidence, uint64_t seed, TestEvidence& evidence) const {
  if (num_classes_ == 0) return;
  if (too_many_) {
    evidence.warnings.push_back(
        {StrCat("average precision is left out: over ", WithThousands(kMaxScores),
                " scores a model would have to be ranked"),
         "judge fewer samples where it counts"});
    return;
  }
  const size_t n = truths_.size() / num_classes_;
  std::vector<std::vector<double>> weights;
  if (static_cast<int64_t>(n) >= kMinJackknifeSamples) {
    const auto groups = DrawGroups(n, seed);
    weights.assign(kJackknifeGroups, std::vector<double>(n, 1));
    for (size_t i = 0; i < n; ++i) weights[static_cast<size_t>(groups[i])][i] = 0;
  }
  const auto samples = static_cast<int64_t>(n);
  const Values baseline = ValuesOf(truths_, scores_[0], num_classes_, weights);
  evidence.baseline.emplace_back(kName, EstimateOf(baseline, samples, confidence));
  if (!evidence.paired) return;
  const Values candidate = ValuesOf(truths_, scores_[1], num_classes_, weights);
  Values difference{candidate.all - baseline.all, {}};
  for (size_t g = 0; g < weights.size(); ++g)
    difference.left_out.push_back(candidate.left_out[g] - baseline.left_out[g]);
  evidence.candidate.emplace_back(kName, EstimateOf(candidate, samples, confidence));
  evidence.paired->difference.emplace_back(kName, EstimateOf(difference, samples, confidence));
}

}  // namespace tare::evaluate
