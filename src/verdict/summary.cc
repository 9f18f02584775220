#include <algorithm>
#include <vector>

#include "tare/core/text.h"
#include "tare/verdict/format.h"
#include "tare/verdict/metric_info.h"
#include "verdict/summary_internal.h"

namespace tare::verdict {
namespace {

std::string NameOf(const Side& side, std::string_view otherwise) {
  return side.label.empty() ? std::string(otherwise) : side.label;
}

std::string IntervalText(const Estimate& estimate, Unit unit) {
  if (!estimate.low || !estimate.high) return "";
  const auto text = [&](double value) {
    return FormatDifference(value, unit, WithUnit::kNo, Minus::kTypeset);
  };
  return StrCat(" [", text(*estimate.low), ", ", text(*estimate.high), "]");
}

// The facts that a reader asks for first, whatever the policy says.
std::vector<std::string> Headline(const Evidence& evidence) {
  std::vector<std::string> out;
  const MetricInfo* info = FindMetricInfo(HeadlineMetric(evidence.task));
  const Estimate* headline = info != nullptr && evidence.paired
                                 ? FindMetric(evidence.paired->difference, info->name)
                                 : nullptr;
  if (headline != nullptr) {
    out.push_back(
        StrCat(info->label, " ",
               FormatDifference(headline->value, info->unit, WithUnit::kYes, Minus::kTypeset),
               IntervalText(*headline, info->unit)));
  }
  const OutputCloseness* worst = nullptr;
  for (const auto& output : evidence.outputs) {
    if (!output.cosine) continue;
    if (worst == nullptr || output.cosine->value < worst->cosine->value) worst = &output;
  }
  if (worst != nullptr && !evidence.paired) {
    out.push_back(StrCat("mean cosine ", FormatValue(worst->cosine->value, Unit::kScore)));
  }
  if (!evidence.cost.speedup.empty()) {
    out.push_back(StrCat(Fixed(evidence.cost.speedup.front().estimate.value, 1), " times as fast"));
  }
  if (evidence.cost.size_ratio) {
    out.push_back(StrCat(Fixed(*evidence.cost.size_ratio, 2), " of the size"));
  }
  return out;
}

std::string Against(const CheckResult& check) {
  const std::string what = StrCat(check.label, " ", StatisticText(check));
  if (check.kind == CheckKind::kDifference) {
    return StrCat(what, " against a margin of ",
                  FormatDifference(check.limit, check.unit, WithUnit::kYes, Minus::kTypeset));
  }
  return StrCat(what, " against ", check.kind == CheckKind::kMax ? "at most " : "at least ",
                FormatValue(check.limit, check.unit));
}

std::string ListOf(const Decision& decision, Verdict verdict) {
  constexpr size_t kMost = 3;
  std::vector<std::string> parts;
  size_t more = 0;
  for (const auto& check : decision.checks) {
    if (check.verdict != verdict) continue;
    if (parts.size() < kMost) {
      parts.push_back(check.statistic ? Against(check) : StrCat(check.label, ": ", check.reason));
    } else {
      ++more;
    }
  }
  std::string text = Join(parts, "; ");
  if (more > 0) text += StrCat("; and ", more, " more");
  return text;
}

}  // namespace

std::string StatisticText(const CheckResult& check) {
  if (!check.statistic) return "undefined";
  const bool difference = check.kind == CheckKind::kDifference;
  const auto text = [&](double value, WithUnit with_unit) {
    return difference ? FormatDifference(value, check.unit, with_unit, Minus::kTypeset)
                      : FormatValue(value, check.unit);
  };
  std::string out = text(*check.statistic, WithUnit::kYes);
  if (check.low && check.high) {
    out += difference ? StrCat(" [", text(*check.low, WithUnit::kNo), ", ",
                               text(*check.high, WithUnit::kNo), "]")
                      : StrCat(" ", FormatInterval(*check.low, *check.high, check.unit));
  }
  return out;
}

std::string Summarise(const Evidence& evidence, const Decision& decision) {
  const std::string candidate = NameOf(evidence.candidate, "the candidate");
  const std::string baseline = NameOf(evidence.baseline, "the baseline");
  const std::string looks = decision.look && decision.looks > 0
                                ? StrCat(", look ", *decision.look, " of ", decision.looks)
                                : std::string();
  const std::string basis = StrCat("(n = ", WithThousands(evidence.n), ", ",
                                   Percent(decision.confidence), " %", looks, ")");
  if (decision.checks.empty())
    return StrCat("nothing was demanded of ", candidate, " ", basis, ".");
  const auto count = [&](Verdict verdict) {
    return std::ranges::count(decision.checks, verdict, &CheckResult::verdict);
  };
  const std::string of_checks = StrCat(" of ", decision.checks.size(), " checks ");
  if (decision.verdict == Verdict::kFail) {
    return StrCat(candidate, " fails ", count(Verdict::kFail), of_checks, basis, ": ",
                  ListOf(decision, Verdict::kFail), ".");
  }
  const bool all_pass =
      !decision.checks.empty() && count(Verdict::kPass) == std::ssize(decision.checks);
  if (decision.beyond_looks() && all_pass) {
    return StrCat("the test set is used up ", basis, ": the policy pays for ", decision.looks,
                  decision.looks == 1 ? " look" : " looks",
                  " at it; judge by a test set that no candidate has seen.");
  }
  if (decision.verdict == Verdict::kInconclusive) {
    int64_t settle = 0;
    for (const auto& check : decision.checks) settle = std::max(settle, check.settle_n.value_or(0));
    return StrCat("the evidence does not decide ", count(Verdict::kInconclusive), of_checks, basis,
                  ": ", ListOf(decision, Verdict::kInconclusive),
                  settle > 0 ? StrCat("; about ", WithThousands(settle), " samples would settle it")
                             : std::string(),
                  ".");
  }
  const auto facts = Headline(evidence);
  return StrCat(candidate, " is not worse than ", baseline, " within the declared margins ", basis,
                facts.empty() ? "" : ": ", Join(facts, ", "), ".");
}

}  // namespace tare::verdict
