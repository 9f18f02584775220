#include "tare/verdict/policy_doubts.h"

#include <cmath>

#include "tare/core/text.h"
#include "tare/verdict/metric_info.h"

namespace tare::verdict {
namespace {

// Below this a bound is wrong in more than one of five evaluations.
constexpr double kLeastConfidence = 0.8;
// A fifth of all answers: no margin that anyone defended was this wide.
constexpr double kWideMargin = 0.2;
constexpr double kLeastCosine = 0.9;
// int8 arithmetic is four times as dense as float32; kernels and caches never made it twenty.
constexpr double kMostSpeedup = 20;
// int8 weights are a quarter of float32 ones, and scales come on top.
constexpr double kLeastSizeRatio = 0.2;
constexpr double kFarBeyond = 10;
constexpr int64_t kFewSamples = 50;

// 0.5 as "0.5", 1 as "1".
std::string Short(double value) { return StrCat(value); }

// "50 points" of 0.5.
std::string Points(double share) {
  const std::string number = Short(100 * share);
  return StrCat(number, number == "1" ? " point" : " points");
}

// Of metrics that lie between 0 and 1. R squared has no lower end.
bool IsShare(const MetricInfo& info) {
  return (info.unit == Unit::kRatio || info.unit == Unit::kScore) && info.name != "r2" &&
         info.name != "cosine";
}

std::string NameOf(const Check& check) {
  std::string name(MetricLabel(check.metric));
  for (const std::string* scope :
       {&check.class_name, &check.slice, &check.distribution, &check.output}) {
    if (!scope->empty()) name += ", " + *scope;
  }
  return name;
}

class Doubts {
 public:
  explicit Doubts(const Policy& policy) : policy_(policy) {}

  std::vector<Warning> All() {
    if (policy_.confidence < kLeastConfidence) {
      Add(policy_.place,
          StrCat("a confidence of ", Short(policy_.confidence),
                 " passes a model that breaks a limit in up to ",
                 Short(std::round(100 * (1 - policy_.confidence))), " of 100 evaluations"),
          "0.95 is usual");
    }
    for (const auto* checks : {&policy_.quality, &policy_.cost}) {
      for (const Check& check : *checks) Question(check);
    }
    return std::move(found_);
  }

 private:
  void Add(const std::string& place, std::string_view what, std::string next) {
    found_.push_back({place.empty() ? StrCat("the policy: ", what) : StrCat(place, ": ", what),
                      std::move(next)});
  }

  void Question(const Check& check) {
    const MetricInfo* info = FindMetricInfo(check.metric);
    if (info == nullptr) return;
    if (check.margin) return QuestionMargin(check, *info);
    if (info->place == MetricPlace::kCost || info->place == MetricPlace::kCostBatch)
      return QuestionCost(check);
    QuestionLimit(check, *info);
  }

  void QuestionMargin(const Check& check, const MetricInfo& info) {
    const double margin = *check.margin;
    if (margin == 0) {
      Add(check.place,
          StrCat("a margin of 0 for ", NameOf(check),
                 " passes only a model that is shown to be better than float"),
          "give how much worse is still acceptable, such as 0.01");
    } else if (IsShare(info) && margin >= 1) {
      Add(check.place,
          StrCat("a margin of ", Short(margin), " for ", NameOf(check),
                 " lets every answer change"),
          "0.01 is one point");
    } else if ((IsShare(info) || info.name == "r2") && margin >= kWideMargin) {
      const std::string way = info.better == Better::kHigher ? "fall" : "rise";
      Add(check.place,
          StrCat("a margin of ", Short(margin), " lets ", NameOf(check), " ", way, " by ",
                 info.name == "r2" ? Short(margin) : Points(margin)),
          info.name == "r2" ? "0.01 is usual" : "0.01 is one point");
    }
  }

  void QuestionLimit(const Check& check, const MetricInfo& info) {
    if (info.name == "cosine" && check.min && *check.min < kLeastCosine) {
      Add(check.place,
          StrCat("a cosine of ", Short(*check.min), " is that of other answers, not of rounding"),
          "0.99 is usual");
      return;
    }
    const double ceiling = 1;
    if (!IsShare(info) && info.name != "cosine") return;
    if (check.max && *check.max >= ceiling) return CannotFail(check, "at most 1");
    if (check.min && *check.min <= 0) return CannotFail(check, "at least 0");
    if (check.min && *check.min >= ceiling) return CannotPass(check, *check.min, "at most 1");
    if (check.max && *check.max <= 0) return CannotPass(check, *check.max, "at least 0");
    if (info.place == MetricPlace::kFlips && check.max && *check.max >= 0.5) {
      Add(check.place,
          StrCat("a limit of ", Short(*check.max), " for ", NameOf(check), " lets ",
                 Short(100 * *check.max), " % of the answers change"),
          "0.05 is usual");
    }
  }

  void CannotFail(const Check& check, std::string_view range) {
    Add(check.place, StrCat("this check cannot fail: ", NameOf(check), " is ", range, " always"),
        "give a limit within, or a margin to float: 0.01 is one point");
  }
  void CannotPass(const Check& check, double limit, std::string_view range) {
    const bool percent = limit > 1 && limit <= 100;
    Add(check.place,
        StrCat("this check cannot pass: ", NameOf(check), " is ", range,
               ", and no number of samples shows that it is ", limit > 1 ? "more" : "that"),
        percent ? StrCat("write shares: ", Short(limit / 100), " is ", Short(limit), " %")
                : "give a limit that a sample can show, such as 0.99 or 0.01");
  }

  void QuestionCost(const Check& check) {
    const auto say = [&](std::string_view what, std::string next) {
      Add(check.place, what, std::move(next));
    };
    if (check.metric == "speedup" && *check.min < 1) {
      say(StrCat("a speedup of ", Short(*check.min), " lets a slower model pass"),
          "1.05 asks for 5 % faster");
    } else if (check.metric == "speedup" && *check.min >= kMostSpeedup) {
      say(StrCat("a speedup of ", Short(*check.min),
                 " cannot be reached: int8 is seldom more than 4 times as fast as float"),
          "1.1 asks for 10 % faster");
    } else if (check.metric == "size_ratio" && *check.max >= 1) {
      say(StrCat("a size of ", Short(*check.max),
                 " of the float model lets a file pass that is no smaller"),
          "0.35 is usual: int8 weights are a quarter of float32");
    } else if (check.metric == "size_ratio" && *check.max < kLeastSizeRatio) {
      say(StrCat("a size of ", Short(*check.max),
                 " of the float model cannot be reached: int8 weights are a quarter of float32"),
          "0.35 is usual");
    } else if (check.max && *check.max <= 0) {
      say(StrCat("this check cannot pass: ", NameOf(check), " is more than 0 always"),
          "give what is still acceptable");
    } else if (check.min && *check.min <= 0) {
      say(StrCat("this check cannot fail: ", NameOf(check), " is more than 0 always"),
          "give what is still acceptable");
    }
  }

  const Policy& policy_;
  std::vector<Warning> found_;
};

}  // namespace

std::vector<Warning> QuestionPolicy(const Policy& policy) { return Doubts(policy).All(); }

std::vector<Warning> QuestionChecks(const Evidence& evidence,
                                    const std::vector<CheckResult>& checks) {
  std::vector<Warning> found;
  bool rests_on_samples = false;
  for (const CheckResult& check : checks) {
    const MetricInfo* info = FindMetricInfo(check.metric);
    const bool is_cost = info != nullptr && (info->place == MetricPlace::kCost ||
                                             info->place == MetricPlace::kCostBatch);
    rests_on_samples = rests_on_samples || !is_cost;
    if (!check.baseline || *check.baseline == 0) continue;
    const double whole = std::abs(*check.baseline);
    const bool open = check.unit != Unit::kRatio && check.unit != Unit::kScore;
    if (open && check.kind == CheckKind::kDifference && check.margin > whole) {
      found.push_back({StrCat("a margin of ", Short(check.margin), " for ", check.label,
                              " is more than the baseline's whole value, ", Short(whole)),
                       "give a share of that value, in the unit of the metric"});
    } else if (open && check.kind == CheckKind::kMax && check.margin >= kFarBeyond * whole) {
      found.push_back(
          {StrCat("a limit of ", Short(check.margin), " for ", check.label,
                  " is far from the baseline's ", Short(whole), ": a much worse model passes"),
           "give what is still acceptable"});
    }
  }
  if (rests_on_samples && evidence.n > 0 && evidence.n < kFewSamples) {
    found.push_back({StrCat("the test has ", evidence.n, evidence.n == 1 ? " sample" : " samples",
                            ": one of them is ", Fixed(100.0 / static_cast<double>(evidence.n), 1),
                            " points of accuracy"),
                     "test on hundreds of samples; the verdict says how many would settle it"});
  }
  return found;
}

}  // namespace tare::verdict
