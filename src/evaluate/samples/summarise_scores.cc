// Metrics that need the scores: log loss, calibration error, divergence of the outputs.

#include <algorithm>
#include <cmath>

#include "evaluate/samples/classification_internal.h"
#include "tare/stats/quantile.h"
#include "tare/stats/scores.h"

namespace tare::evaluate {
namespace {

// Columns of the records that all sides answered; of the baseline alone the others stay empty.
struct ScoreColumns {
  std::vector<double> baseline_loss, candidate_loss, loss_difference, kl_nats;
  std::vector<float> baseline_confidence, candidate_confidence;
  std::vector<uint8_t> baseline_right, candidate_right;
};

ScoreColumns Columns(std::span<const SampleRecord> records, Sides sides) {
  ScoreColumns out;
  for (const auto& record : records) {
    // Of both or of neither: else the means of the two models would be over other samples.
    if (std::isnan(sides == Sides::kPair ? record.kl_nats : record.baseline_loss)) continue;
    out.baseline_loss.push_back(record.baseline_loss);
    out.baseline_confidence.push_back(record.baseline_confidence);
    out.baseline_right.push_back(record.answers.baseline == record.answers.label ? 1 : 0);
    if (sides == Sides::kBaseline) continue;
    out.candidate_loss.push_back(record.candidate_loss);
    out.loss_difference.push_back(double{record.candidate_loss} - record.baseline_loss);
    out.kl_nats.push_back(record.kl_nats);
    out.candidate_confidence.push_back(record.candidate_confidence);
    out.candidate_right.push_back(record.answers.candidate == record.answers.label ? 1 : 0);
  }
  return out;
}

// A calibration error as sums by bin: gap[i] = correct - confidence of sample i goes to bin[i].
struct GapTable {
  GapTable(std::span<const float> confidence, std::span<const uint8_t> right)
      : bins(stats::EqualMassBins(confidence)), gap(confidence.size()) {
    sums.resize(static_cast<size_t>(bins.num_bins));
    for (size_t i = 0; i < gap.size(); ++i) {
      gap[i] = static_cast<double>(right[i]) - confidence[i];
      sums[bins.bin[i]] += gap[i];
    }
  }

  double ErrorOf(std::span<const uint32_t> indices) const {
    double drawn[256] = {};  // a bin is numbered by a byte
    for (const uint32_t i : indices) drawn[bins.bin[i]] += gap[i];
    double sum = 0;
    for (size_t b = 0; b < sums.size(); ++b) sum += std::abs(drawn[b]);
    return sum / static_cast<double>(indices.size());
  }

  double ErrorWithout(size_t sample) const {
    double sum = 0;
    for (size_t b = 0; b < sums.size(); ++b) {
      sum += std::abs(b == bins.bin[sample] ? sums[b] - gap[sample] : sums[b]);
    }
    return sum / static_cast<double>(gap.size() - 1);
  }

  stats::CalibrationBins bins;
  std::vector<double> gap, sums;
};

// Of the baseline alone.
std::vector<stats::BootstrapDistribution> BootstrapEce(const ScoreColumns& columns,
                                                       const stats::BootstrapOptions& options) {
  const GapTable table(columns.baseline_confidence, columns.baseline_right);
  std::vector<double> left_out;
  for (size_t i = 0; table.gap.size() > 1 && i < table.gap.size(); ++i)
    left_out.push_back(table.ErrorWithout(i));
  const double acceleration[] = {stats::Acceleration(left_out)};
  const auto statistic = [&](std::span<const uint32_t> indices, std::span<double> values) {
    values[0] = table.ErrorOf(indices);
  };
  return stats::BootstrapIndices(std::ssize(table.gap), acceleration, statistic, options);
}

// Of both sides, and their difference.
std::vector<stats::BootstrapDistribution> BootstrapPairedEce(
    const ScoreColumns& columns, const stats::BootstrapOptions& options) {
  const GapTable baseline(columns.baseline_confidence, columns.baseline_right);
  const GapTable candidate(columns.candidate_confidence, columns.candidate_right);
  const size_t n = baseline.gap.size();
  std::vector<double> left_out[3];
  for (size_t i = 0; n > 1 && i < n; ++i) {
    const double first = baseline.ErrorWithout(i);
    const double second = candidate.ErrorWithout(i);
    left_out[0].push_back(first);
    left_out[1].push_back(second);
    left_out[2].push_back(second - first);
  }
  std::vector<double> accelerations;
  for (const auto& column : left_out) accelerations.push_back(stats::Acceleration(column));
  const auto statistic = [&](std::span<const uint32_t> indices, std::span<double> values) {
    values[0] = baseline.ErrorOf(indices);
    values[1] = candidate.ErrorOf(indices);
    values[2] = values[1] - values[0];
  };
  return stats::BootstrapIndices(static_cast<int64_t>(n), accelerations, statistic, options);
}

verdict::KlSummary SummariseKl(std::vector<double> kl_nats,
                               const stats::BootstrapDistribution& mean, double confidence) {
  std::sort(kl_nats.begin(), kl_nats.end());
  const auto n = static_cast<int64_t>(kl_nats.size());
  verdict::KlSummary out;
  out.mean = verdict::BootstrapEstimate(mean, n, confidence);
  out.p50 = stats::Quantile(kl_nats, 0.5);
  out.p95 = stats::Quantile(kl_nats, 0.95);
  out.max = kl_nats.back();
  out.p99.value = stats::Quantile(kl_nats, 0.99);
  out.p99.n = n;
  out.p99.method = "order_statistics";
  const double each = (1 + confidence) / 2;
  out.p99.low = stats::QuantileLower(kl_nats, 0.99, each);
  out.p99.high = stats::QuantileUpper(kl_nats, 0.99, each);
  for (const double level : verdict::kBoundConfidences) {
    out.p99.bounds.push_back({level, stats::QuantileLower(kl_nats, 0.99, level),
                              stats::QuantileUpper(kl_nats, 0.99, level)});
  }
  return out;
}

void Add(std::string name, std::span<const stats::BootstrapDistribution> found, int64_t n,
         double confidence, MetricSet& out) {
  out.baseline.emplace_back(name, verdict::BootstrapEstimate(found[0], n, confidence));
  out.candidate.emplace_back(name, verdict::BootstrapEstimate(found[1], n, confidence));
  out.difference.emplace_back(std::move(name), verdict::BootstrapEstimate(found[2], n, confidence));
}

}  // namespace

ScoreSummary SummariseScores(std::span<const SampleRecord> records, const SummaryOptions& options) {
  ScoreSummary out;
  ScoreColumns columns = Columns(records, options.sides);
  const auto n = std::ssize(columns.baseline_loss);
  if (n == 0) return out;
  if (options.sides == Sides::kBaseline) {
    const std::span<const double> mean[] = {columns.baseline_loss};
    const auto add = [&](std::string name, const stats::BootstrapDistribution& found) {
      out.metrics.baseline.emplace_back(std::move(name),
                                        verdict::BootstrapEstimate(found, n, options.confidence));
    };
    add("log_loss", stats::BootstrapMeans(mean, options.bootstrap).front());
    add("ece", BootstrapEce(columns, options.bootstrap).front());
    return out;
  }
  const std::span<const double> means[] = {columns.baseline_loss, columns.candidate_loss,
                                           columns.loss_difference, columns.kl_nats};
  const auto found = stats::BootstrapMeans(means, options.bootstrap);
  Add("log_loss", std::span(found).first(3), n, options.confidence, out.metrics);
  Add("ece", BootstrapPairedEce(columns, options.bootstrap), n, options.confidence, out.metrics);
  out.kl_nats = SummariseKl(std::move(columns.kl_nats), found[3], options.confidence);
  return out;
}

}  // namespace tare::evaluate
