#include "tare/verdict/policy.h"

#include <charconv>
#include <cmath>
#include <tuple>

#include "tare/core/hash.h"
#include "tare/core/text.h"
#include "tare/verdict/metric_info.h"

namespace tare::verdict {
namespace {

// What a file may ask for is bounded before any work is done for it.
constexpr size_t kMaxChecks = 1000;
constexpr int64_t kMaxLooks = 1000;

bool IsCost(MetricPlace place) {
  return place == MetricPlace::kCost || place == MetricPlace::kCostBatch;
}

// A policy may say flip_rate of an output too.
const MetricInfo* InfoOf(const Check& check) {
  if (check.metric == "flip_rate" && !check.output.empty())
    return FindMetricInfo("output_flip_rate");
  return FindMetricInfo(check.metric);
}

std::string PlaceOf(const std::string& source, const YamlNode& node) {
  return StrCat(source, ":", node.line);
}

class CheckReader {
 public:
  CheckReader(const YamlNode& node, const std::string& source, std::string where, bool cost)
      : node_(node), source_(source), reader_(node, source, std::move(where)), cost_(cost) {}

  Result<Check> Read() {
    Check check;
    TARE_TRY(check.metric, reader_.Text("metric"));
    TARE_TRY(check.margin, Limit("margin"));
    TARE_TRY(check.max, Limit("max"));
    TARE_TRY(check.min, Limit("min"));
    TARE_TRY(check.class_name, reader_.Text("class", ""));
    TARE_TRY(check.slice, reader_.Text("slice", ""));
    TARE_TRY(check.distribution, reader_.Text("distribution", ""));
    TARE_TRY(check.output, reader_.Text("output", ""));
    if (reader_.Child("batch") != nullptr) {
      TARE_TRY(check.batch, reader_.Integer("batch", 1));
    }
    if (reader_.Child("threads") != nullptr) {
      TARE_TRY(check.threads, reader_.Integer("threads", 1));
    }
    TARE_TRY_VOID(reader_.Finish());
    TARE_TRY_VOID(Verify(check));
    check.place = PlaceOf(source_, node_);
    return check;
  }

 private:
  Error Wrong(std::string_view what, std::string next_step) const {
    return reader_.Wrong(node_, what, std::move(next_step));
  }

  Result<std::optional<double>> Limit(std::string_view key) {
    if (reader_.Child(key) == nullptr) return std::optional<double>();
    TARE_TRY(const double value, reader_.Number(key));
    if (!std::isfinite(value)) return Wrong(StrCat("'", key, "' is not finite"), "give a number");
    return std::optional<double>(value);
  }

  Result<void> Verify(const Check& check) const {
    const MetricInfo* info = InfoOf(check);
    if (info == nullptr) return UnknownMetric(check.metric);
    if (IsCost(info->place) != cost_) {
      return Wrong(StrCat("'", check.metric, "' belongs under ", cost_ ? "quality" : "cost"),
                   StrCat("move it to ", cost_ ? "quality:" : "cost:"));
    }
    TARE_TRY_VOID(VerifyLimit(check, *info));
    return VerifyScope(check, *info);
  }

  Result<void> UnknownMetric(const std::string& metric) const {
    std::vector<std::string> names;
    if (!cost_) names.emplace_back("kpi:NAME");
    for (const auto& info : KnownMetrics()) {
      if (IsCost(info.place) == cost_) names.emplace_back(info.name);
    }
    const std::string nearest = NearestName(metric, names);
    return Wrong(StrCat("unknown metric '", metric, "'"),
                 nearest.empty() ? StrCat("choose one of ", Join(names, ", "))
                                 : StrCat("did you mean '", nearest, "'?"));
  }

  Result<void> VerifyLimit(const Check& check, const MetricInfo& info) const {
    const int given = (check.margin ? 1 : 0) + (check.max ? 1 : 0) + (check.min ? 1 : 0);
    const bool may_margin =
        info.place == MetricPlace::kQuality || info.place == MetricPlace::kClass;
    const std::string_view limit = info.better == Better::kHigher ? "min" : "max";
    // Of two limits one would decide, and the report could not say by which the model failed.
    if (given != 1) {
      return Wrong(StrCat("'", check.metric, "' has ", given, " limits"),
                   StrCat("give ", may_margin ? "margin or " : "", limit, ", and only one"));
    }
    if (check.margin && !may_margin) {
      return Wrong(StrCat("'", check.metric, "' compares the models itself and takes no margin"),
                   StrCat("give ", limit));
    }
    if (check.margin && !(*check.margin >= 0)) {
      return Wrong(StrCat("margin ", *check.margin, " is negative"),
                   "a margin is how much worse the candidate may be, at least 0");
    }
    // A mistaken word would turn the promise round and pass the worse model.
    if ((check.max && info.better == Better::kHigher) ||
        (check.min && info.better == Better::kLower)) {
      return Wrong(StrCat("'", check.metric, "' with ", check.max ? "max" : "min",
                          " would ask for a worse model"),
                   StrCat("give ", limit));
    }
    return {};
  }

  Result<void> VerifyScope(const Check& check, const MetricInfo& info) const {
    const int scopes = (check.class_name.empty() ? 0 : 1) + (check.slice.empty() ? 0 : 1) +
                       (check.distribution.empty() ? 0 : 1) + (check.output.empty() ? 0 : 1);
    if (scopes > 1) {
      return Wrong("more than one of class, slice, distribution, output",
                   "give one; for a class within a slice, define that slice");
    }
    if (info.place == MetricPlace::kClass && check.class_name.empty()) {
      return Wrong(StrCat("'", check.metric, "' needs a class"),
                   StrCat("add 'class: <index or name>', or use ", check.metric, "_macro"));
    }
    if (info.name == "extra_damage" && (check.distribution.empty() || !check.margin)) {
      return Wrong("'extra_damage' needs a distribution and a margin",
                   "write {metric: extra_damage, distribution: noise, margin: 0.005}");
    }
    const bool takes_class = info.place == MetricPlace::kClass || info.place == MetricPlace::kFlips;
    if (!check.class_name.empty() && !takes_class) {
      return Wrong(StrCat("'", check.metric, "' takes no class"), "use recall, precision or f1");
    }
    if (!check.output.empty() && info.place != MetricPlace::kOutput) {
      return Wrong(StrCat("'", check.metric, "' takes no output"), "remove 'output'");
    }
    const bool takes_set = info.place == MetricPlace::kQuality || info.place == MetricPlace::kFlips;
    if ((!check.slice.empty() || !check.distribution.empty()) && !takes_set) {
      return Wrong(StrCat("'", check.metric, "' takes no slice or distribution"), "remove it");
    }
    if (check.batch && (info.place != MetricPlace::kCostBatch || *check.batch < 1)) {
      return Wrong(StrCat("'", check.metric, "' takes no such batch"), "remove 'batch'");
    }
    if (check.threads && (info.place != MetricPlace::kCostBatch || *check.threads < 1)) {
      return Wrong(StrCat("'", check.metric, "' takes no such number of threads"),
                   "remove 'threads'");
    }
    return {};
  }

  const YamlNode& node_;
  const std::string& source_;
  YamlReader reader_;
  bool cost_;
};

Result<std::vector<Check>> ReadChecks(YamlReader& reader, std::string_view key,
                                      const std::string& source) {
  std::vector<Check> out;
  const YamlNode* list = reader.Child(key);
  if (list == nullptr) return out;
  if (list->kind != YamlNode::Kind::kSequence) {
    return reader.Wrong(*list, StrCat("'", key, "' must be a list"),
                        "write each check as '- {metric: ..., margin: ...}'");
  }
  if (list->items.size() > kMaxChecks) {
    return reader.Wrong(*list, StrCat("more than ", kMaxChecks, " checks"), "give fewer");
  }
  for (const auto& item : list->items) {
    TARE_TRY(auto check, CheckReader(item, source, StrCat("policy: ", key), key == "cost").Read());
    out.push_back(std::move(check));
  }
  return out;
}

// The shortest decimal that reads back as the same double: two policies that differ in a digit have
// two digests.
std::string Exact(double value) {
  char buffer[40];
  return {buffer, std::to_chars(buffer, buffer + sizeof(buffer), value).ptr};
}

void AppendText(std::string_view key, const std::string& value, std::string& out) {
  if (!value.empty()) out += StrCat(", ", key, ": ", YamlQuote(value));
}

void AppendChecks(std::string_view key, const std::vector<Check>& checks, std::string& out) {
  out += StrCat(key, ":\n");
  for (const auto& check : checks) {
    out += StrCat("  - {metric: ", YamlQuote(check.metric));
    if (check.margin) out += StrCat(", margin: ", Exact(*check.margin));
    if (check.max) out += StrCat(", max: ", Exact(*check.max));
    if (check.min) out += StrCat(", min: ", Exact(*check.min));
    AppendText("class", check.class_name, out);
    AppendText("slice", check.slice, out);
    AppendText("distribution", check.distribution, out);
    AppendText("output", check.output, out);
    if (check.batch) out += StrCat(", batch: ", *check.batch);
    if (check.threads) out += StrCat(", threads: ", *check.threads);
    out += "}\n";
  }
}

}  // namespace

bool operator==(const Check& a, const Check& b) {
  const auto demands = [](const Check& c) {
    return std::tie(c.metric, c.margin, c.max, c.min, c.class_name, c.slice, c.distribution,
                    c.output, c.batch, c.threads);
  };
  return demands(a) == demands(b);
}

bool operator==(const Policy& a, const Policy& b) {
  return std::tie(a.confidence, a.looks, a.quality, a.cost) ==
         std::tie(b.confidence, b.looks, b.quality, b.cost);
}

Result<Policy> ReadPolicy(const YamlNode& node, const std::string& source) {
  // As it is cut out of a tare.yaml.
  if (node.kind == YamlNode::Kind::kMap && node.entries.size() == 1 &&
      node.entries.front().key == "policy") {
    return ReadPolicy(node.entries.front().value, source);
  }
  YamlReader reader(node, source, "policy");
  Policy policy;
  TARE_TRY(policy.confidence, reader.Number("confidence", policy.confidence));
  if (const YamlNode* confidence = reader.Child("confidence"))
    policy.place = PlaceOf(source, *confidence);
  if (!(policy.confidence >= 0.5 && policy.confidence < 1)) {
    return reader.Wrong(*reader.Child("confidence"),
                        StrCat("confidence ", policy.confidence, " is not in [0.5, 1)"),
                        "give a share such as 0.95");
  }
  TARE_TRY(policy.looks, reader.Integer("looks", policy.looks));
  if (reader.Child("looks") != nullptr && (policy.looks < 1 || policy.looks > kMaxLooks)) {
    return reader.Wrong(*reader.Child("looks"),
                        StrCat("looks ", policy.looks, " is not in 1 to ", kMaxLooks),
                        "give how many candidates may be judged on one test set");
  }
  TARE_TRY(policy.quality, ReadChecks(reader, "quality", source));
  TARE_TRY(policy.cost, ReadChecks(reader, "cost", source));
  TARE_TRY_VOID(reader.Finish());
  if (policy.quality.empty() && policy.cost.empty()) {
    return reader.Wrong(
        node, "the policy demands nothing",
        "list at least one check under quality, such as {metric: accuracy, margin: 0.01}");
  }
  return policy;
}

Result<Policy> ParsePolicy(std::string_view yaml, const std::string& source) {
  TARE_TRY(const auto node, ParseYaml(yaml, source));
  return ReadPolicy(node, source);
}

Policy DefaultPolicy(Task task, double tolerance) {
  const auto within = [](std::string metric, double margin) {
    Check check;
    check.metric = std::move(metric);
    check.margin = margin;
    return check;
  };
  const auto limit = [](std::string metric, std::optional<double> max, std::optional<double> min) {
    Check check;
    check.metric = std::move(metric);
    check.max = max;
    check.min = min;
    return check;
  };
  Policy policy;
  // Without a default: a new task has to say what it demands. Nothing demands a loss in the unit of
  // the labels (mae, rmse): which of them is small only their owner knows.
  switch (task) {
    case Task::kOutputs:
      policy.quality = {limit("cosine", std::nullopt, 1 - tolerance),
                        limit("strain", 1, std::nullopt)};
      break;
    case Task::kClassification:
      policy.quality = {within("accuracy", 0.01), limit("flip_rate", 0.05, std::nullopt)};
      break;
    case Task::kMultiLabel:
      policy.quality = {within("f1_micro", 0.01), within("subset_accuracy", 0.01)};
      break;
    case Task::kRegression:
      policy.quality = {within("r2", 0.01)};
      break;
    case Task::kTokenClassification:
      policy.quality = {within("f1_micro", 0.01), within("token_accuracy", 0.01)};
      break;
    case Task::kQuestionAnswering:
      policy.quality = {within("exact_match", 0.01), within("token_f1", 0.01)};
      break;
    case Task::kGeneration:
      policy.quality = {within("token_f1", 0.01), within("rouge_l", 0.01)};
      break;
    case Task::kEmbedding:
    case Task::kRetrieval:
      policy.quality = {within("mrr", 0.01), within("recall_at_10", 0.01)};
      break;
    case Task::kObjectDetection:
      policy.quality = {within("map", 0.01)};
      break;
  }
  return policy;
}

// Bonferroni: each look may err with its share of 1 - confidence, so that all together err no more
// often than the one that was promised.
double ConfidenceOfALook(const Policy& policy) {
  return policy.looks > 1 ? 1 - (1 - policy.confidence) / static_cast<double>(policy.looks)
                          : policy.confidence;
}

std::string CanonicalPolicy(const Policy& policy) {
  std::string out = StrCat("confidence: ", Exact(policy.confidence), "\n");
  // What is not declared is not written: a policy keeps its digest when a later version learns
  // more.
  if (policy.looks > 0) out += StrCat("looks: ", policy.looks, "\n");
  if (!policy.quality.empty()) AppendChecks("quality", policy.quality, out);
  if (!policy.cost.empty()) AppendChecks("cost", policy.cost, out);
  return out;
}

std::string PolicyDigest(const Policy& policy) {
  return StrCat("sha256:", Sha256Hex(CanonicalPolicy(policy)));
}

}  // namespace tare::verdict
