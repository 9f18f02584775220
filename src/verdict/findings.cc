#include "tare/verdict/findings.h"

#include <algorithm>
#include <cmath>

#include "tare/core/text.h"
#include "tare/verdict/format.h"
#include "tare/verdict/metric_info.h"

namespace tare::verdict {
namespace {

constexpr size_t kMaxClasses = 3;

// Two measures of the same answers, and why they may part.
struct Pairing {
  std::string_view accuracy, f1;
  std::string_view rises, falls;  // what it means when accuracy rises, falls
};
constexpr std::string_view kWholeRight =
    "more samples are wholly right, but fewer of the single labels are";
constexpr std::string_view kPartRight =
    "fewer samples are wholly right, but more of the single labels are";
constexpr Pairing kPairings[] = {
    {"accuracy", "f1_macro", "accuracy counts classes by their size, macro F1 counts them alike",
     "accuracy counts classes by their size, macro F1 counts them alike"},
    {"subset_accuracy", "f1_micro", kWholeRight, kPartRight},
    {"subset_accuracy", "f1_macro", kWholeRight, kPartRight},
    {"token_accuracy", "f1_micro", "most tokens stand outside of entities, which F1 does not count",
     "most tokens stand outside of entities, which F1 does not count"},
    {"exact_match", "token_f1",
     "more answers are right to the word, but the others are further off",
     "fewer answers are right to the word, but the others come closer"},
};

std::string Text(double value, Unit unit, WithUnit with_unit = WithUnit::kNo) {
  return FormatDifference(value, unit, with_unit, Minus::kTypeset);
}

// -1, 0 or 1, as a report shows it.
int Sign(const Estimate& difference, Unit unit) {
  if (!std::isfinite(difference.value) || Text(std::abs(difference.value), unit).front() != '+')
    return 0;
  return difference.value > 0 ? 1 : -1;
}

bool ExcludesZero(const Estimate& difference) {
  return (difference.low && *difference.low > 0) || (difference.high && *difference.high < 0);
}

// "accuracy rises by 0.12 points [+0.03, +0.21]"
std::string Change(std::string_view label, const Estimate& difference, Unit unit) {
  std::string out = StrCat(label, difference.value > 0 ? " rises by " : " falls by ",
                           Text(std::abs(difference.value), unit, WithUnit::kYes).substr(1));
  if (difference.low && difference.high)
    out += StrCat(" [", Text(*difference.low, unit), ", ", Text(*difference.high, unit), "]");
  return out;
}

std::string Certainty(std::string_view first_label, const Estimate& first,
                      std::string_view second_label, const Estimate& second) {
  const bool a = ExcludesZero(first);
  const bool b = ExcludesZero(second);
  if (a && b) return "both intervals exclude 0";
  if (!a && !b) return "both intervals hold 0, so this may be chance";
  return StrCat("only the interval of ", a ? first_label : second_label, " excludes 0");
}

// "rare classes lose more than frequent ones gain", where the sizes of the classes bear it out.
std::string BySize(const Paired& paired, bool rises) {
  double members[2] = {0, 0};  // of classes that lose, that gain
  double classes[2] = {0, 0};
  for (const PairedClass& row : paired.per_class) {
    const Estimate* recall = FindMetric(row.difference, "recall");
    if (recall == nullptr || !std::isfinite(recall->value) || recall->value == 0) continue;
    const size_t gains = recall->value > 0 ? 1 : 0;
    members[gains] += static_cast<double>(row.counts.n);
    classes[gains] += 1;
  }
  if (classes[0] == 0 || classes[1] == 0) return "";
  const bool losers_are_rarer = members[0] / classes[0] < members[1] / classes[1];
  if (losers_are_rarer != rises) return "";
  return rises ? "rare classes lose more than frequent ones gain"
               : "frequent classes lose more than rare ones gain";
}

// "shirt (recall -2.10 points, n 500), ..."
std::string Losers(const Evidence& evidence) {
  struct Loser {
    double difference = 0;
    const PairedClass* row = nullptr;
  };
  std::vector<Loser> losers;
  for (const PairedClass& row : evidence.paired->per_class) {
    const Estimate* recall = FindMetric(row.difference, "recall");
    if (recall != nullptr && recall->value < 0) losers.push_back({recall->value, &row});
  }
  std::ranges::stable_sort(losers, {}, &Loser::difference);
  if (losers.size() > kMaxClasses) losers.resize(kMaxClasses);
  std::vector<std::string> parts;
  for (const auto& [difference, row] : losers) {
    const auto index = static_cast<size_t>(row->index);
    parts.push_back(
        StrCat(index < evidence.classes.size() ? evidence.classes[index] : StrCat("class ", index),
               " (recall ", Text(difference, Unit::kRatio, WithUnit::kYes), ", n ",
               WithThousands(row->counts.n), ")"));
  }
  return parts.empty() ? "" : StrCat("; the classes that lose most: ", Join(parts, ", "));
}

// Empty where both go the same way.
std::string Disagreement(const Pairing& pairing, const Metrics& difference,
                         const Evidence& evidence, bool whole) {
  const Estimate* accuracy = FindMetric(difference, pairing.accuracy);
  const Estimate* f1 = FindMetric(difference, pairing.f1);
  if (accuracy == nullptr || f1 == nullptr) return "";
  const Unit units[] = {FindMetricInfo(pairing.accuracy)->unit, FindMetricInfo(pairing.f1)->unit};
  if (Sign(*accuracy, units[0]) * Sign(*f1, units[1]) >= 0) return "";
  const bool rises = accuracy->value > 0;
  const bool by_class = whole && pairing.f1 == "f1_macro" && pairing.accuracy == "accuracy";
  std::string why = by_class ? BySize(*evidence.paired, rises) : "";
  if (why.empty()) why = rises ? pairing.rises : pairing.falls;
  const std::string_view labels[] = {MetricLabel(pairing.accuracy), MetricLabel(pairing.f1)};
  return StrCat(Change(labels[0], *accuracy, units[0]), " while ", Change(labels[1], *f1, units[1]),
                " (", Certainty(labels[0], *accuracy, labels[1], *f1), "): ", why,
                by_class ? Losers(evidence) : "");
}

}  // namespace

std::vector<Finding> FindDisagreements(const Evidence& evidence) {
  std::vector<Finding> out;
  if (!evidence.paired) return out;
  const auto look = [&](const std::string& scope, const Metrics& difference,
                        std::string_view where) {
    for (const Pairing& pairing : kPairings) {
      const std::string text = Disagreement(pairing, difference, evidence, scope == "all");
      if (!text.empty()) out.push_back({scope, StrCat(where, text)});
    }
  };
  look("all", evidence.paired->difference, "");
  for (const PairedScope& slice : evidence.paired->slices) {
    look(StrCat("slice:", slice.name), slice.difference,
         StrCat("in slice ", slice.name, " (n ", WithThousands(slice.counts.n), ") "));
  }
  for (const PairedScope& other : evidence.paired->distributions) {
    look(StrCat("distribution:", other.name), other.difference,
         StrCat("under ", other.name, " (n ", WithThousands(other.counts.n), ") "));
  }
  return out;
}

}  // namespace tare::verdict
