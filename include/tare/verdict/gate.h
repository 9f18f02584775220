// The gate: evidence and a policy in, a decision out. A pure function.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tare/verdict/evidence.h"
#include "tare/verdict/policy.h"

namespace tare::verdict {

enum class Verdict { kPass, kFail, kInconclusive };
std::string_view VerdictName(Verdict verdict);  ///< PASS, FAIL, INCONCLUSIVE

/// How people read the numbers of a check (docs/formats/report.md).
enum class Unit { kRatio, kScore, kTimes, kMs, kBytes, kNats, kJoules, kPerSecond, kNumber, kDb };
std::string_view UnitName(Unit unit);

enum class CheckKind { kDifference, kMax, kMin };
std::string_view CheckKindName(CheckKind kind);

/// A check with its evidence. Optional fields are absent where the report has no such number.
struct CheckResult {
  std::string metric;
  std::string scope;  ///< all, class:6, slice:shirts, distribution:noise, output:logits, batch:1
  std::string label;  ///< "recall, shirt"
  CheckKind kind = CheckKind::kDifference;
  Unit unit = Unit::kNumber;
  std::optional<double> baseline, candidate;
  std::optional<double> statistic, low, high;
  double margin = 0;  ///< as declared
  double limit = 0;   ///< where the line stands on the axis of the statistic
  Direction direction = Direction::kAbove;
  std::optional<double> bound;
  std::optional<int64_t> n;
  std::string test;
  std::optional<double> p;
  Verdict verdict = Verdict::kInconclusive;
  std::string reason;
  std::optional<int64_t> settle_n;
};

struct Decision {
  Verdict verdict = Verdict::kInconclusive;
  std::string summary;          ///< one sentence with its numbers
  double confidence = 0.95;     ///< of each bound: the policy's, or what it leaves for one look
  std::optional<int64_t> look;  ///< as in the evidence
  int64_t looks = 0;            ///< as in the policy
  bool beyond_looks() const { return looks > 0 && look && *look > looks; }
  std::string policy_digest;
  std::string policy;  ///< its canonical text
  std::vector<CheckResult> checks;
  /// What of the policy is questioned (policy_doubts.h); decides nothing.
  std::vector<Warning> doubts;
};

/// Below this many samples a bootstrap bound is not believed: INCONCLUSIVE.
inline constexpr int64_t kMinBootstrapSamples = 16;

/// Judges the evidence.
///
///   PASS          the one-sided bound of the statistic at policy.confidence is on the good side of
///                 the limit
///   FAIL          the opposite bound is on the bad side: the limit is violated with that
///                 confidence
///   INCONCLUSIVE  neither, or the statistic is undefined, absent, or rests on too few samples
///
/// Differences of accuracy, top-k accuracy and recall: Tango's score test. Other differences: BCa
/// bounds, from kMinBootstrapSamples on. Shares against a limit (flip_rate max): Clopper-Pearson.
/// Exact numbers (size): the value itself, which may equal the limit. Speed and latency: their
/// intervals. Overall FAIL if any check fails, else INCONCLUSIVE if any is (or there is none), else
/// PASS.
///
/// Several checks: to pass, all must hold, an intersection-union test (Berger 1982), which needs no
/// correction: the chance to pass a candidate that violates any one of them is at most 1 -
/// confidence. To fail, one violation of many is enough, so failures are corrected by Holm's
/// step-down (1979): the chance that any check fails that holds is at most 1 - confidence. A
/// violation that does not survive it is INCONCLUSIVE. Exact numbers are not tests and fail at
/// once.
///
/// Several candidates on one test set: each is a chance to pass by luck. With policy.looks = K each
/// is judged at 1 - (1 - confidence) / K (Bonferroni: the looks share the test set, nothing is
/// assumed of how they go together), so that the chance that any of K that violate a check passes
/// is at most 1 - confidence; what would PASS as look K + 1 is INCONCLUSIVE.
Decision Gate(const Evidence& evidence, const Policy& policy);

}  // namespace tare::verdict
