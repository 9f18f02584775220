#include <array>
#include <cmath>
#include <map>

#include "tare/core/text.h"
#include "tare/verdict/format.h"
#include "tare/verdict/metric_info.h"
#include "verdict/extra_damage_internal.h"
#include "verdict/markdown_internal.h"
#include "verdict/table_internal.h"

namespace tare::verdict {
namespace {

constexpr double kSure = 0.05;
constexpr size_t kManyRows = 12;
using Damages = std::vector<std::optional<DistributionDamage>>;

MetricInfo InfoOf(std::string_view name) {
  const MetricInfo* known = FindMetricInfo(name);
  return known != nullptr ? *known : MetricInfo{name, name};
}

// "+0.20 [−0.10, +0.50]", with "points" where `with_unit`.
std::string DifferenceText(const Estimate& estimate, Unit unit,
                           WithUnit with_unit = WithUnit::kNo) {
  const auto text = [&](double value) {
    return FormatDifference(value, unit, WithUnit::kNo, Minus::kTypeset);
  };
  std::string out = FormatDifference(estimate.value, unit, with_unit, Minus::kTypeset);
  if (estimate.low && estimate.high)
    out += StrCat(" [", text(*estimate.low), ", ", text(*estimate.high), "]");
  return MarkdownText(out);
}

std::string Row(const std::vector<std::string>& cells) {
  return StrCat("| ", Join(cells, " | "), " |\n");
}

std::string NameOf(const ScopeMetrics& scope) {
  const bool says_more = !scope.text.empty() && scope.text != scope.name;
  return says_more ? StrCat(MarkdownText(scope.name), " (", MarkdownText(scope.text), ")")
                   : MarkdownText(scope.name);
}

std::string SideLabel(const Side& side, std::string_view otherwise) {
  return side.label.empty() ? std::string(otherwise) : MarkdownText(side.label);
}

std::string HeadOf(const Evidence& evidence, std::string_view first, std::string_view metric,
                   bool with_damage) {
  const std::string heads[] = {std::string(first), "n", SideLabel(evidence.baseline, "baseline"),
                               SideLabel(evidence.candidate, "candidate"),
                               StrCat(InfoOf(metric).label, ", difference")};
  std::vector<std::string> cells(std::begin(heads), std::end(heads));
  if (with_damage) cells.emplace_back("beyond clean");
  cells.emplace_back("flips, harmful");
  std::string out = Row(cells);
  for (size_t i = 0; i < cells.size(); ++i) out += i == 0 ? "| --- " : "| ---: ";
  return out + "|\n";
}

std::string ScopeRow(const MatchedScope& scope, std::string_view metric,
                     const std::optional<DistributionDamage>* damage) {
  const Unit unit = InfoOf(metric).unit;
  const auto value = [&](const ScopeMetrics& side) {
    const Estimate* estimate = FindMetric(side.metrics, metric);
    return estimate == nullptr ? std::string("-")
                               : MarkdownText(FormatValue(estimate->value, unit));
  };
  const Estimate* difference = FindMetric(scope.paired->difference, metric);
  const FlipCounts& counts = scope.paired->counts;
  std::vector<std::string> cells = {
      NameOf(*scope.baseline), WithThousands(scope.baseline->n), value(*scope.baseline),
      value(*scope.candidate), difference == nullptr ? "-" : DifferenceText(*difference, unit)};
  if (damage != nullptr) cells.push_back(*damage ? DifferenceText((*damage)->estimate, unit) : "-");
  cells.push_back(StrCat(WithThousands(counts.flips), ", ", WithThousands(counts.harmful)));
  return Row(cells);
}

std::string LeadMetric(const Evidence& evidence) {
  return std::string(evidence.paired ? HeadlineMetric(evidence.task) : "");
}

bool IsHarm(const Estimate& estimate, Better better) {
  return better == Better::kHigher ? estimate.value < 0 : estimate.value > 0;
}

// Damage that is there beyond chance, among all distributions.
bool IsSure(const DistributionDamage& damage, Better better) {
  if (!IsHarm(damage.estimate, better)) return false;
  if (damage.p_holm) return *damage.p_holm <= kSure;
  const auto& end = better == Better::kHigher ? damage.estimate.high : damage.estimate.low;
  return end && (better == Better::kHigher ? *end < 0 : *end > 0);
}

std::string Costs(const DistributionDamage& damage, Unit unit) {
  std::string text =
      FormatDifference(std::abs(damage.estimate.value), unit, WithUnit::kYes, Minus::kTypeset);
  return text.starts_with('+') ? text.substr(1) : text;
}

std::string FindingOf(const Evidence& evidence, const Damages& damages, std::string_view metric) {
  const MetricInfo info = InfoOf(metric);
  const double sign = info.better == Better::kHigher ? 1 : -1;
  size_t worst = damages.size();
  int64_t sure = 0;
  for (size_t i = 0; i < damages.size(); ++i) {
    if (!damages[i]) continue;
    if (worst == damages.size() ||
        sign * damages[i]->estimate.value < sign * damages[worst]->estimate.value)
      worst = i;
    sure += IsSure(*damages[i], info.better) ? 1 : 0;
  }
  const std::string all =
      StrCat(damages.size(), damages.size() == 1 ? " distribution" : " distributions");
  if (worst == damages.size()) return StrCat("The test set under ", all);
  const std::string name = MarkdownText(evidence.paired->distributions[worst].name);
  if (sure > 0) {
    return StrCat("Quantization costs ", Costs(*damages[worst], info.unit), " more ", info.label,
                  " under ", name, " than on clean data; ", sure, " of ", all,
                  sure == 1 ? " adds" : " add", " damage beyond chance");
  }
  if (!IsHarm(damages[worst]->estimate, info.better))
    return StrCat("None of ", all, " adds damage to that on clean data");
  return StrCat("None of ", all, " adds damage beyond chance to that on clean data; the most is ",
                Costs(*damages[worst], info.unit), ", under ", name);
}

// Rows by corruption and severity, as Describe of data/corrupt.h writes them; empty where others
// are among them.
using Grid = std::map<std::string, std::array<std::optional<size_t>, 5>>;
Grid GridOf(const std::vector<MatchedScope>& scopes) {
  constexpr std::string_view kSeverity = ", severity ";
  Grid grid;
  for (const MatchedScope& scope : scopes) {
    const std::string& text = scope.baseline->text;
    const size_t at = text.find(kSeverity);
    const char digit =
        at == std::string::npos || at + kSeverity.size() + 1 != text.size() ? '0' : text.back();
    if (digit < '1' || digit > '5') return {};
    grid[text.substr(0, at)][static_cast<size_t>(digit - '1')] = scope.place;
  }
  return grid;
}

std::string GridMarkdown(const Grid& grid, const Damages& damages, const MetricInfo& info) {
  std::string out =
      "| beyond clean, by severity | 1 | 2 | 3 | 4 | 5 |\n| --- | ---: | ---: | ---: | ---: | ---: "
      "|\n";
  for (const auto& [name, row] : grid) {
    std::vector<std::string> cells = {MarkdownText(name)};
    for (const auto& i : row) {
      if (!i || !damages[*i]) {
        cells.emplace_back("");
        continue;
      }
      const std::string text =
          FormatDifference(damages[*i]->estimate.value, info.unit, WithUnit::kNo, Minus::kTypeset);
      cells.push_back(IsSure(*damages[*i], info.better) ? StrCat("**", text, "**") : text);
    }
    out += Row(cells);
  }
  return out + StrCat("\n", info.unit == Unit::kRatio ? "In points of " : "In ", info.label,
                      ". Bold: beyond chance (5 %), adjusted by Holm for all of them.\n");
}

std::string FoundMarkdown(const Evidence& evidence) {
  const SliceFindings& search = *evidence.slice_findings;
  if (search.num_tests == 0) return "\nNo harmful flip, so no slice was searched for them.\n";
  const std::string basis =
      StrCat(WithThousands(search.num_tests),
             " conditions and pairs of conditions were searched for a gathering of harmful flips "
             "(Fisher's exact test, "
             "adjusted by Holm for all of them: a finding by chance has at most ",
             Percent(search.alpha), " %)");
  if (search.found.empty()) return StrCat("\n", basis, ": none was found.\n");
  const Unit unit = InfoOf(search.metric).unit;
  std::string out = StrCat("\n", basis, ":\n\n",
                           Row({"found where", "n", "harmful", "elsewhere",
                                StrCat(InfoOf(search.metric).label, ", difference"), "p, Holm"}),
                           "| --- | ---: | ---: | ---: | ---: | ---: |\n");
  for (const FoundScope& found : search.found) {
    const auto share = [](int64_t part, int64_t n) {
      return n == 0 ? std::string("-")
                    : FormatValue(static_cast<double>(part) / static_cast<double>(n), Unit::kRatio);
    };
    out += Row({MarkdownText(found.where), WithThousands(found.n),
                StrCat(found.harmful, " (", share(found.harmful, found.n), ")"),
                share(found.rest_harmful, found.rest_n), DifferenceText(found.difference, unit),
                found.p_holm < 1e-3 ? "\\< 0.001" : Fixed(found.p_holm, 3)});
  }
  return out;
}

}  // namespace

std::string DistributionsMarkdown(const Evidence& evidence) {
  if (!evidence.paired) return "";
  const auto scopes = MatchScopes(evidence.baseline.distributions, evidence.candidate.distributions,
                                  evidence.paired->distributions);
  const std::string metric = LeadMetric(evidence);
  const Damages damages = DistributionDamages(evidence);
  if (scopes.empty() || metric.empty()) return "";
  std::string out = StrCat("\n### ", FindingOf(evidence, damages, metric), "\n\n");
  const Grid grid = scopes.size() > kManyRows ? GridOf(scopes) : Grid();
  if (!grid.empty())
    out += StrCat(GridMarkdown(grid, damages, InfoOf(metric)), "\n<details><summary>All ",
                  scopes.size(), "</summary>\n\n");
  out += HeadOf(evidence, "seen as", metric, true);
  for (const MatchedScope& scope : scopes) out += ScopeRow(scope, metric, &damages[scope.place]);
  return out + (grid.empty() ? "" : "\n</details>\n");
}

std::string SlicesMarkdown(const Evidence& evidence) {
  std::string out;
  const std::string metric = LeadMetric(evidence);
  if (evidence.paired && !metric.empty() && !evidence.paired->slices.empty()) {
    out += HeadOf(evidence, "slice", metric, false);
    for (const MatchedScope& scope : MatchScopes(
             evidence.baseline.slices, evidence.candidate.slices, evidence.paired->slices)) {
      out += ScopeRow(scope, metric, nullptr);
    }
  }
  if (evidence.slice_findings) out += FoundMarkdown(evidence);
  return out.empty()
             ? out
             : StrCat("\n### Slices of the test set\n", out.starts_with('\n') ? "" : "\n", out);
}

}  // namespace tare::verdict
