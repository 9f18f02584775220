#include "tare/verdict/gate.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "tare/core/text.h"
#include "tare/stats/normal.h"
#include "tare/verdict/format.h"
#include "tare/verdict/policy_doubts.h"
#include "verdict/subject_internal.h"
#include "verdict/summary_internal.h"

namespace tare::verdict {
namespace {

double LimitOf(const Check& check, Better better) {
  if (check.max) return *check.max;
  if (check.min) return *check.min;
  // A margin is a size; the statistic is candidate minus baseline.
  const double margin = check.margin.value_or(0);
  return better == Better::kHigher ? -margin : margin;
}

// A check between its subject and its verdict.
struct Case {
  const Subject& subject;
  const Check& check;
  const Policy& policy;
  const Evidence& evidence;
};

bool IsBeyond(double value, double limit, Direction direction, bool or_equal) {
  if (or_equal && value == limit) return true;
  return direction == Direction::kAbove ? value > limit : value < limit;
}

Direction Opposite(Direction direction) {
  return direction == Direction::kAbove ? Direction::kBelow : Direction::kAbove;
}

std::string TestName(const Case& c) {
  const Estimate& statistic = *c.subject.statistic;
  if (c.subject.exact) return "exact";
  if (statistic.pairs) return "tango";
  if (statistic.share) return "clopper_pearson";
  return statistic.method.empty() ? "bootstrap" : statistic.method;
}

// Samples that would settle the question at the observed rate: distances to the limit stay, the
// distance of a bound to the statistic falls with sqrt(n).
//
//   n ((|bound - statistic| / |limit - statistic|) (z_confidence + z_power) / z_confidence)^2
//
// The usual n = (z_{1-a} + z_{1-b})^2 psi / margin^2 of a difference of 0 with share psi of flips,
// with the standard error read off the bound and the observed difference in place of 0.
std::optional<int64_t> SettlingSize(const Case& c, const CheckResult& result, double bound) {
  constexpr double kMost = 1e9;
  const Estimate& statistic = *c.subject.statistic;
  if (statistic.pairs) {
    return stats::TangoSettlingSize(*statistic.pairs, -result.limit, c.policy.confidence);
  }
  const double z = stats::NormalQuantile(c.policy.confidence);
  const double distance = std::abs(result.limit - statistic.value);
  if (statistic.n <= 0 || !(z > 0) || !(distance > 0) || !std::isfinite(bound)) return std::nullopt;
  const double stretch = std::abs(bound - statistic.value) / distance *
                         (z + stats::NormalQuantile(stats::kPlannedPower)) / z;
  const double n = std::ceil(static_cast<double>(statistic.n) * stretch * stretch);
  if (!(n <= kMost)) return std::nullopt;
  return std::max(static_cast<int64_t>(n), statistic.n + 1);
}

std::string BoundText(const CheckResult& result, double value) {
  return result.kind == CheckKind::kDifference
             ? FormatDifference(value, result.unit, WithUnit::kYes, Minus::kTypeset)
             : FormatValue(value, result.unit);
}

void ExplainDecided(const Case& c, double bound, CheckResult& result) {
  const bool passes = result.verdict == Verdict::kPass;
  const bool above = IsBeyond(bound, result.limit, Direction::kAbove, false);
  const std::string_view place = bound == result.limit ? "at" : above ? "above" : "below";
  const std::string_view line = result.kind == CheckKind::kDifference ? "the margin of"
                                : result.kind == CheckKind::kMax      ? "the maximum of"
                                                                      : "the minimum of";
  const std::string_view end =
      (result.direction == Direction::kAbove) == passes ? "lower" : "upper";
  const std::string what = c.subject.exact
                               ? std::string("the value")
                               : StrCat("the ", end, " ", Percent(c.policy.confidence), " % bound");
  const std::string note = c.subject.note.empty() ? "" : StrCat(c.subject.note, ": ");
  result.reason = StrCat(note, what, ", ", BoundText(result, bound), ", is ", place, " ", line, " ",
                         BoundText(result, result.limit));
}

// What an estimate of time counts.
std::string_view UnitOfTiming(const Estimate& statistic) {
  return statistic.method == "signed_rank" ? "pairs of sessions" : "runs";
}

void ExplainOpen(const Case& c, CheckResult& result, std::optional<double> bound) {
  const Estimate& statistic = *c.subject.statistic;
  const std::string_view unit =
      c.subject.info->place == MetricPlace::kCostBatch ? UnitOfTiming(statistic) : "samples";
  std::string text =
      StrCat(WithThousands(statistic.n), " ", unit, " leave ", BoundText(result, statistic.value),
             " on either side of ", BoundText(result, result.limit), " at ",
             Percent(c.policy.confidence), " %");
  if (bound) result.settle_n = SettlingSize(c, result, *bound);
  if (result.settle_n) {
    text += StrCat("; about ", WithThousands(*result.settle_n), " ", unit,
                   " at these rates would settle it");
  } else if (statistic.value == result.limit) {
    text +=
        "; the observed value stands on the limit itself, so more of the same would not settle it";
  }
  result.reason = std::move(text);
}

void DecideExact(const Case& c, CheckResult& result) {
  const double value = c.subject.statistic->value;
  result.bound = value;
  result.verdict =
      IsBeyond(value, result.limit, result.direction, true) ? Verdict::kPass : Verdict::kFail;
  ExplainDecided(c, value, result);
}

void DecideByBounds(const Case& c, CheckResult& result) {
  const Estimate& statistic = *c.subject.statistic;
  const bool cost = c.subject.info->place == MetricPlace::kCostBatch;
  const auto bound_at = [&](Direction direction) {
    return OneSidedBound(statistic, direction, c.policy.confidence, c.evidence.confidence);
  };
  const auto pass_bound = bound_at(result.direction);
  const auto fail_bound = bound_at(Opposite(result.direction));
  result.bound = pass_bound;
  if (pass_bound && IsBeyond(*pass_bound, result.limit, result.direction, cost)) {
    result.verdict = Verdict::kPass;
    return ExplainDecided(c, *pass_bound, result);
  }
  if (fail_bound && IsBeyond(*fail_bound, result.limit, Opposite(result.direction), false)) {
    result.verdict = Verdict::kFail;
    return ExplainDecided(c, *fail_bound, result);
  }
  if (!pass_bound && !fail_bound) {
    result.reason = StrCat("the report has no ", Percent(c.policy.confidence), " % bound of ",
                           c.check.metric, " from ", statistic.n, " samples");
    return;
  }
  // The bound between the value and the limit: it is the one that more samples move out of the way.
  const bool good = IsBeyond(statistic.value, result.limit, result.direction, false);
  ExplainOpen(c, result, good ? pass_bound : fail_bound);
}

void Decide(const Case& c, CheckResult& result) {
  const Estimate& statistic = *c.subject.statistic;
  if (!std::isfinite(statistic.value) || (!c.subject.exact && statistic.n == 0)) {
    result.reason = StrCat(c.check.metric, " of ", result.scope,
                           " is undefined: no sample says anything about it");
    return;
  }
  result.statistic = statistic.value;
  result.low = statistic.low;
  result.high = statistic.high;
  if (statistic.n > 0) result.n = statistic.n;
  result.test = TestName(c);
  if (c.subject.waited && *c.subject.waited > kMostWaiting) {
    result.reason =
        StrCat("the machine was too busy to tell: the timed runs waited for a processor ",
               Percent(*c.subject.waited), " % of their time; measure again when it is quiet");
    return;
  }
  if (c.subject.exact) return DecideExact(c, result);
  // A report of the documented keys alone does not say how its intervals were made.
  const bool bootstrapped = !statistic.pairs && !statistic.share &&
                            (statistic.method == "bca" || statistic.method.empty()) &&
                            c.subject.info->place != MetricPlace::kCostBatch;
  if (bootstrapped && statistic.n < kMinBootstrapSamples) {
    result.settle_n = kMinBootstrapSamples;
    result.reason = StrCat(statistic.n, " samples are too few for a bound of ", c.check.metric,
                           "; give at least ", kMinBootstrapSamples);
    return;
  }
  if (statistic.pairs) result.p = stats::TangoNonInferiorityP(*statistic.pairs, -result.limit);
  DecideByBounds(c, result);
}

CheckResult Judge(const Evidence& evidence, const Policy& policy, const Check& check) {
  const Subject subject = FindSubject(evidence, check);
  CheckResult result;
  result.metric = check.metric;
  result.scope = subject.scope;
  result.label = subject.label;
  result.kind = check.margin ? CheckKind::kDifference
                : check.max  ? CheckKind::kMax
                             : CheckKind::kMin;
  result.baseline = subject.baseline;
  result.candidate = subject.candidate;
  result.margin = check.margin ? *check.margin : check.max ? *check.max : check.min.value_or(0);
  result.limit = result.margin;
  if (subject.info != nullptr) {
    result.unit = subject.unit.value_or(subject.info->unit);
    const bool higher = subject.info->better == Better::kHigher;
    result.direction = higher ? Direction::kAbove : Direction::kBelow;
    result.limit = LimitOf(check, subject.info->better);
  }
  if (subject.statistic) {
    Decide({subject, check, policy, evidence}, result);
  } else {
    result.reason = subject.missing;
  }
  return result;
}

// Holm's step-down over the statistical checks of a decision. One check of many fails by chance
// more often than one alone: a violation counts when it holds at 1 - alpha / m, the next one at 1 -
// alpha / (m - 1), ...
void ConfirmFailures(const Evidence& evidence, const Policy& policy,
                     const std::vector<Check>& declared, std::vector<CheckResult>& checks) {
  const auto statistical = [](const CheckResult& check) {
    return check.statistic && check.test != "exact";
  };
  auto remaining = std::ranges::count_if(checks, statistical);
  std::vector<size_t> open;
  for (size_t i = 0; i < checks.size(); ++i) {
    if (statistical(checks[i]) && checks[i].verdict == Verdict::kFail) open.push_back(i);
  }
  double confidence = policy.confidence;
  const auto is_violated = [&](size_t i) {
    const Subject subject = FindSubject(evidence, declared[i]);
    const Direction direction = Opposite(checks[i].direction);
    const auto bound =
        OneSidedBound(*subject.statistic, direction, confidence, evidence.confidence);
    return bound && IsBeyond(*bound, checks[i].limit, direction, false);
  };
  while (!open.empty()) {
    // The next step divides by one check less: the one that was confirmed is decided.
    confidence = 1 - (1 - policy.confidence) / static_cast<double>(remaining);
    const auto confirmed = std::ranges::find_if(open, is_violated);
    if (confirmed == open.end()) break;
    open.erase(confirmed);
    --remaining;
  }
  for (const size_t i : open) {
    checks[i].verdict = Verdict::kInconclusive;
    checks[i].reason += StrCat("; but with ", remaining,
                               " checks left to decide, chance alone does that too often: at ",
                               Percent(confidence), " % it is not shown (Holm)");
  }
}

Verdict Worst(const std::vector<CheckResult>& checks) {
  Verdict out = checks.empty() ? Verdict::kInconclusive : Verdict::kPass;
  for (const auto& check : checks) {
    if (check.verdict == Verdict::kFail) return Verdict::kFail;
    if (check.verdict == Verdict::kInconclusive) out = Verdict::kInconclusive;
  }
  return out;
}

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  if (verdict == Verdict::kPass) return "PASS";
  return verdict == Verdict::kFail ? "FAIL" : "INCONCLUSIVE";
}

std::string_view CheckKindName(CheckKind kind) {
  if (kind == CheckKind::kDifference) return "difference";
  return kind == CheckKind::kMax ? "max" : "min";
}

std::string_view UnitName(Unit unit) {
  constexpr std::string_view kNames[] = {"ratio", "score",  "times", "ms",     "bytes",
                                         "nats",  "joules", "per_s", "number", "db"};
  return kNames[static_cast<size_t>(unit)];
}

Decision Gate(const Evidence& evidence, const Policy& declared_policy) {
  Policy policy = declared_policy;
  policy.confidence = ConfidenceOfALook(declared_policy);
  Decision out;
  out.confidence = policy.confidence;
  // The policy as declared: what is left of its confidence for a look is no part of it.
  out.policy = CanonicalPolicy(declared_policy);
  out.policy_digest = PolicyDigest(declared_policy);
  out.look = evidence.look;
  out.looks = policy.looks;
  std::vector<Check> expanded;
  for (const auto* checks : {&policy.quality, &policy.cost}) {
    for (const auto& check : ExpandOutputs(evidence, *checks)) {
      out.checks.push_back(Judge(evidence, policy, check));
      expanded.push_back(check);
    }
  }
  ConfirmFailures(evidence, policy, expanded, out.checks);
  out.doubts = QuestionPolicy(declared_policy);
  std::ranges::move(QuestionChecks(evidence, out.checks), std::back_inserter(out.doubts));
  out.verdict = Worst(out.checks);
  if (out.verdict == Verdict::kPass && out.beyond_looks()) out.verdict = Verdict::kInconclusive;
  out.summary = Summarise(evidence, out);
  return out;
}

}  // namespace tare::verdict
