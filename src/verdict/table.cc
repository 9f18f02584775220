#include <algorithm>
#include <map>
#include <utility>

#include "core/text_table.h"
#include "core/text_width.h"
#include "tare/core/text.h"
#include "tare/verdict/metric_info.h"
#include "tare/verdict/render.h"
#include "verdict/table_internal.h"

namespace tare::verdict {
namespace {

std::string ValueText(std::optional<double> value, Unit unit) {
  return value ? FormatValue(*value, unit) : std::string();
}

// "-0.08 [-0.21, +0.05]"
std::string IntervalText(double value, std::optional<double> low, std::optional<double> high,
                         Unit unit, Minus minus) {
  const auto text = [&](double number) {
    return FormatDifference(number, unit, WithUnit::kNo, minus);
  };
  std::string out = text(value);
  if (low && high) out += StrCat(" [", text(*low), ", ", text(*high), "]");
  return out;
}

std::string ValueInterval(const CheckResult& check) {
  if (!check.statistic) return "undefined";
  std::string out = FormatValue(*check.statistic, check.unit);
  if (check.low && check.high) {
    out += StrCat(" ", FormatInterval(*check.low, *check.high, check.unit));
  }
  return out;
}

// Boxes have no one answer that is right or wrong.
bool HasHarmful(const Evidence& evidence) { return evidence.task != Task::kObjectDetection; }

std::string FlipsText(const FlipCounts& counts, bool has_harmful) {
  const std::string text = StrCat(WithThousands(counts.flips), " of ", WithThousands(counts.n));
  return has_harmful ? StrCat(text, ", ", WithThousands(counts.harmful), " harmful") : text;
}

// The unit of both values of a check where it is not that of its statistic.
Unit SideUnit(const CheckResult& check) {
  if (check.metric == "speedup") return Unit::kMs;
  if (check.metric == "size_ratio" || check.metric == "memory_ratio") return Unit::kBytes;
  if (check.metric == "energy_ratio") return Unit::kJoules;
  return check.unit;
}

// Of extra damage both sides are differences themselves: on the clean set, and there.
std::string SideText(const CheckResult& check, std::optional<double> value, Minus minus) {
  if (check.metric != "extra_damage" || !value) return ValueText(value, SideUnit(check));
  return FormatDifference(*value, check.unit, WithUnit::kNo, minus);
}

std::string LimitText(const CheckResult& check, Minus minus) {
  if (check.kind == CheckKind::kDifference) {
    return FormatDifference(check.limit, check.unit, WithUnit::kNo, minus);
  }
  return StrCat(check.kind == CheckKind::kMax ? "\u2264 " : "\u2265 ",
                FormatValue(check.limit, check.unit));
}

std::string LabelOf(const CheckResult& check) {
  // People think of a speedup as latency.
  if (check.metric == "speedup")
    return StrCat("latency", check.label.substr(std::string("speedup").size()));
  return check.label;
}

TableRow RowOf(const CheckResult& check, const Evidence& evidence, Minus minus) {
  TableRow row;
  row.label = LabelOf(check);
  row.baseline = SideText(check, check.baseline, minus);
  row.candidate = SideText(check, check.candidate, minus);
  if (check.metric == "flip_rate" && check.scope == "all" && evidence.paired) {
    row.difference = FlipsText(evidence.paired->counts, HasHarmful(evidence));
  } else if (check.kind == CheckKind::kDifference && check.statistic) {
    row.difference = IntervalText(*check.statistic, check.low, check.high, check.unit, minus);
  } else {
    row.difference = ValueInterval(check);
  }
  row.margin = LimitText(check, minus);
  row.verdict = VerdictName(check.verdict);
  return row;
}

std::optional<TableRow> MetricRow(const Evidence& evidence, std::string_view name, Minus minus) {
  const MetricInfo* info = FindMetricInfo(name);
  if (info == nullptr || !evidence.paired) return std::nullopt;
  const Estimate* baseline = FindMetric(evidence.baseline.metrics, name);
  const Estimate* candidate = FindMetric(evidence.candidate.metrics, name);
  const Estimate* difference = FindMetric(evidence.paired->difference, name);
  if (baseline == nullptr || candidate == nullptr || difference == nullptr) return std::nullopt;
  return TableRow{
      std::string(MetricLabel(name)),
      FormatValue(baseline->value, info->unit),
      FormatValue(candidate->value, info->unit),
      IntervalText(difference->value, difference->low, difference->high, info->unit, minus),
      "",
      ""};
}

// All outputs in their order, or of many those that are farthest off: a decoder has a cache an
// attention layer.
std::vector<const OutputCloseness*> FarthestOutputs(const Evidence& evidence) {
  constexpr size_t kMostOutputs = 6;
  std::vector<const OutputCloseness*> out;
  for (const OutputCloseness& output : evidence.outputs) out.push_back(&output);
  if (out.size() <= kMostOutputs) return out;
  const auto closeness = [](const OutputCloseness* output) {
    if (output->cosine) return output->cosine->value;
    return output->agreement && output->agreement->n > 0
               ? static_cast<double>(output->agreement->count) /
                     static_cast<double>(output->agreement->n)
               : 1.0;
  };
  std::ranges::stable_sort(
      out, [&](const auto* a, const auto* b) { return closeness(a) < closeness(b); });
  out.resize(kMostOutputs);
  std::ranges::sort(out);  // back in the order of the model
  return out;
}

// "cosine, logits": the mean over samples with its interval, and the sample that is farthest off.
std::optional<TableRow> CosineRow(const OutputCloseness& output) {
  if (!output.cosine) return std::nullopt;
  std::string text = FormatValue(output.cosine->value, Unit::kScore);
  if (output.cosine->low && output.cosine->high)
    text += StrCat(" ", FormatInterval(*output.cosine->low, *output.cosine->high, Unit::kScore));
  return TableRow{StrCat("cosine, ", output.name),
                  "",
                  FormatValue(output.cosine->value, Unit::kScore),
                  StrCat(text, ", least ", FormatValue(output.least_cosine, Unit::kScore)),
                  "",
                  ""};
}

std::optional<TableRow> ShareRow(std::string_view what, const OutputCloseness& output,
                                 const std::optional<Share>& share) {
  if (!share || share->n == 0) return std::nullopt;
  return TableRow{
      StrCat(what, ", ", output.name),
      "",
      FormatValue(static_cast<double>(share->count) / static_cast<double>(share->n), Unit::kRatio),
      StrCat(WithThousands(share->count), " of ", WithThousands(share->n)),
      "",
      ""};
}

std::optional<TableRow> FlipsRow(const Evidence& evidence) {
  if (!evidence.paired || evidence.paired->counts.n == 0) return std::nullopt;
  if (evidence.task == Task::kRegression) return std::nullopt;  // every number differs by something
  const auto& counts = evidence.paired->counts;
  const double rate = static_cast<double>(counts.flips) / static_cast<double>(counts.n);
  return TableRow{
      "flips", "", FormatValue(rate, Unit::kRatio), FlipsText(counts, HasHarmful(evidence)),
      "",      ""};
}

std::optional<TableRow> SpeedRow(const Evidence& evidence) {
  if (evidence.cost.speedup.empty() || evidence.baseline.latency.empty() ||
      evidence.candidate.latency.empty()) {
    return std::nullopt;
  }
  const auto& [batch, speedup] =
      std::tie(evidence.cost.speedup.front().batch, evidence.cost.speedup.front().estimate);
  std::string text = FormatValue(speedup.value, Unit::kTimes);
  if (speedup.low && speedup.high) {
    text += StrCat(" ", FormatInterval(*speedup.low, *speedup.high, Unit::kTimes));
  }
  return TableRow{StrCat("latency, batch ", batch),
                  FormatValue(evidence.baseline.latency.front().p50.value, Unit::kMs),
                  FormatValue(evidence.candidate.latency.front().p50.value, Unit::kMs),
                  std::move(text),
                  "",
                  ""};
}

std::optional<TableRow> SizeRow(const Evidence& evidence) {
  const auto& [a, b] = std::tie(evidence.baseline, evidence.candidate);
  if (!a.model_bytes || !b.model_bytes || !evidence.cost.size_ratio) return std::nullopt;
  return TableRow{"size",
                  HumanBytes(*a.model_bytes),
                  HumanBytes(*b.model_bytes),
                  FormatValue(*evidence.cost.size_ratio, Unit::kTimes),
                  "",
                  ""};
}

std::string SideName(const Side& side, std::string_view otherwise) {
  return side.label.empty() ? std::string(otherwise) : side.label;
}

// Rows of one kind stand together, whatever the order of the policy: the answer to the first
// question first, quality before cost.
enum class Rank { kAccuracy, kF1, kQuality, kFlips, kSpeed, kSize };

Rank RankOf(const CheckResult& check) {
  const MetricInfo* info = FindMetricInfo(check.metric);
  if (info != nullptr && info->place == MetricPlace::kCostBatch) return Rank::kSpeed;
  if (info != nullptr && info->place == MetricPlace::kCost) return Rank::kSize;
  if (check.scope != "all") return Rank::kQuality;
  if (check.metric == "accuracy") return Rank::kAccuracy;
  if (check.metric == "f1_macro") return Rank::kF1;
  return check.metric == "flip_rate" ? Rank::kFlips : Rank::kQuality;
}

struct RankedRow {
  Rank rank;
  TableRow row;
};

// Names come from strangers' files.
std::vector<std::string> CellsOf(const TableRow& row) {
  std::vector<std::string> cells = {row.label,      row.baseline, row.candidate,
                                    row.difference, row.margin,   row.verdict};
  for (std::string& cell : cells) cell = Printable(cell);
  return cells;
}

}  // namespace

TableRow TableHead(const Report& report) {
  const Evidence& evidence = report.evidence;
  return {"",
          SideName(evidence.baseline, "baseline"),
          SideName(evidence.candidate, "candidate"),
          StrCat("difference (", Percent(evidence.confidence), " %)"),
          report.decision ? "margin" : "",
          report.decision ? "verdict" : ""};
}

std::vector<TableRow> TableRows(const Report& report, Minus minus) {
  const Evidence& evidence = report.evidence;
  std::vector<RankedRow> ranked;
  const auto add_fact = [&](Rank rank, std::string_view metric, std::optional<TableRow> row,
                            std::string_view scope = "") {
    const bool judged =
        report.decision && std::ranges::any_of(report.decision->checks, [&](const auto& check) {
          return check.metric == metric && RankOf(check) == rank &&
                 (scope.empty() || check.scope == scope);
        });
    if (!judged && row) ranked.push_back({rank, *std::move(row)});
  };
  add_fact(Rank::kAccuracy, "accuracy", MetricRow(evidence, "accuracy", minus));
  add_fact(Rank::kF1, "f1_macro", MetricRow(evidence, "f1_macro", minus));
  if (evidence.paired) {
    // Of the many metrics of a classification two say enough; a KPI is asked for.
    const bool all = evidence.task != Task::kClassification;
    for (const auto& [name, estimate] : evidence.paired->difference) {
      if (name != "f1_macro" && (all || name.starts_with(kKpiPrefix)))
        add_fact(Rank::kQuality, name, MetricRow(evidence, name, minus));
    }
  }
  if (evidence.task == Task::kOutputs) {
    const auto shown = FarthestOutputs(evidence);
    for (const OutputCloseness* output : shown) {
      const std::string scope = StrCat("output:", output->name);
      add_fact(Rank::kQuality, "cosine", CosineRow(*output), scope);
      add_fact(Rank::kQuality, "agreement", ShareRow("agreement", *output, output->agreement),
               scope);
      // A policy may call them either.
      const bool judged =
          report.decision && std::ranges::any_of(report.decision->checks, [&](const auto& check) {
            return check.metric == "flip_rate" && check.scope == scope;
          });
      if (!judged)
        add_fact(Rank::kQuality, "output_flip_rate", ShareRow("flips", *output, output->flips),
                 scope);
    }
    if (const size_t others = evidence.outputs.size() - shown.size(); others > 0) {
      add_fact(Rank::kQuality, "",
               TableRow{StrCat(others, others == 1 ? " closer output" : " closer outputs"), "", "",
                        "in report.html", "", ""});
    }
  }
  add_fact(Rank::kFlips, "flip_rate", FlipsRow(evidence));
  add_fact(Rank::kSpeed, "speedup", SpeedRow(evidence));
  add_fact(Rank::kSize, "size_ratio", SizeRow(evidence));
  if (report.decision) {
    for (const auto& check : report.decision->checks) {
      ranked.push_back({RankOf(check), RowOf(check, evidence, minus)});
    }
  }
  std::ranges::stable_sort(ranked, {}, &RankedRow::rank);
  std::vector<TableRow> out;
  for (auto& [rank, row] : ranked) out.push_back(std::move(row));
  return out;
}

std::vector<std::string> TableLines(const Report& report) {
  std::vector<TextColumn> columns;
  for (std::string& title : CellsOf(TableHead(report))) columns.push_back({std::move(title)});
  TextTable table(std::move(columns));
  for (const TableRow& row : TableRows(report, Minus::kAscii)) table.AddRow(CellsOf(row));
  return Split(table.Render(2), '\n');
}

std::vector<MatchedScope> MatchScopes(const std::vector<ScopeMetrics>& baseline,
                                      const std::vector<ScopeMetrics>& candidate,
                                      const std::vector<PairedScope>& paired) {
  std::map<std::string_view, std::pair<const ScopeMetrics*, const ScopeMetrics*>> sides;
  for (const ScopeMetrics& scope : baseline) sides.try_emplace(scope.name, &scope, nullptr);
  for (const ScopeMetrics& scope : candidate) {
    const auto found = sides.find(scope.name);
    if (found != sides.end() && found->second.second == nullptr) found->second.second = &scope;
  }
  std::vector<MatchedScope> out;
  for (size_t i = 0; i < paired.size(); ++i) {
    const auto found = sides.find(paired[i].name);
    if (found == sides.end() || found->second.second == nullptr) continue;
    out.push_back({found->second.first, found->second.second, &paired[i], i});
  }
  return out;
}

std::vector<DistributionCells> DistributionTable(const Evidence& evidence) {
  const MetricInfo* info = FindMetricInfo(HeadlineMetric(evidence.task));
  if (info == nullptr || !evidence.paired) return {};
  const auto scopes = MatchScopes(evidence.baseline.distributions, evidence.candidate.distributions,
                                  evidence.paired->distributions);
  if (scopes.empty()) return {};
  std::vector<DistributionCells> rows = {{StrCat(info->label, " under"), "", "", "", ""}};
  for (const auto& [baseline, candidate, paired, place] : scopes) {
    const auto value = [&](const ScopeMetrics& scope) {
      const Estimate* metric = FindMetric(scope.metrics, info->name);
      return metric == nullptr ? std::string("-") : FormatValue(metric->value, info->unit);
    };
    const Estimate* difference = FindMetric(paired->difference, info->name);
    const FlipCounts& counts = paired->counts;
    rows.push_back(
        {baseline->name, value(*baseline), value(*candidate),
         difference == nullptr ? ""
                               : IntervalText(difference->value, difference->low, difference->high,
                                              info->unit, Minus::kAscii),
         counts.n == 0 ? ""
                       : StrCat(WithThousands(counts.flips), " of ", WithThousands(counts.n),
                                counts.flips == 1 ? " flip" : " flips")});
  }
  return rows;
}

}  // namespace tare::verdict
