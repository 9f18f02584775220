// Policy: what a candidate must prove, declared before the evaluation.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"
#include "tare/core/yaml.h"
#include "tare/verdict/task.h"

namespace tare::verdict {

/// One demand. Exactly one of margin, max and min is set.
struct Check {
  std::string metric;
  /// Not worse than the baseline by more than this (in the metric's own unit, at least 0).
  std::optional<double> margin;
  std::optional<double> max, min;
  /// At most one of these; all empty: the whole test set.
  std::string class_name;  ///< index or name
  std::string slice;
  std::string distribution;
  std::string output;
  /// Of speedup, throughput and latency; absent: those of the headline.
  std::optional<int64_t> batch, threads;
  /// "tare.yaml:31", where it was read; no part of what it demands.
  std::string place;
  friend bool operator==(const Check& a, const Check& b);
};

struct Policy {
  /// Of one-sided bounds, in [0.5, 1).
  double confidence = 0.95;
  /// How many candidates may be judged on one test set: each is then judged at 1 - (1 - confidence)
  /// / looks, and one beyond them cannot pass. 0: not declared; looks are not paid for.
  int64_t looks = 0;
  std::vector<Check> quality;
  std::vector<Check> cost;
  /// Of `confidence`, as in Check.
  std::string place;
  friend bool operator==(const Policy& a, const Policy& b);
};

/// Reads a policy from the map under `policy:` (or the whole document of `tare gate --policy`,
/// which may have the key `policy` itself).
/// Errors  kInvalidArgument: unknown key or metric (names the nearest), no or two limits, a value
///         out of range, `class` on a metric without classes; with file and line.
Result<Policy> ReadPolicy(const YamlNode& node, const std::string& source);
Result<Policy> ParsePolicy(std::string_view yaml, const std::string& source);

/// Returns the policy of a project that declares none.
///   classification        accuracy margin 0.01, flip_rate max 0.05
///   outputs               cosine min 1 - tolerance, strain max 1
///   regression            r2 margin 0.01
///   multi_label           f1_micro and subset_accuracy margin 0.01
///   token_classification  f1_micro and token_accuracy margin 0.01
///   question_answering    exact_match and token_f1 margin 0.01
///   generation            token_f1 and rouge_l margin 0.01
///   retrieval, embedding  mrr and recall_at_10 margin 0.01
///   object_detection      map margin 0.01
Policy DefaultPolicy(Task task, double tolerance = 0.01);

/// Returns the confidence of each one-sided bound: `confidence`, or what is left of it for each of
/// `looks`.
double ConfidenceOfALook(const Policy& policy);

/// Returns the one text that stands for the policy whatever the layout of its file.
std::string CanonicalPolicy(const Policy& policy);
/// "sha256:" and the SHA-256 of the canonical text.
std::string PolicyDigest(const Policy& policy);

}  // namespace tare::verdict
