// A judge of support: whoever says how well a text supports an answer. A model that does:
// entailment_judge.h.

#pragma once

#include <span>
#include <string>
#include <vector>

#include "tare/core/result.h"
#include "tare/verdict/evidence.h"

namespace tare::evaluate {

/// What is judged: does the premise entail the hypothesis?
struct SupportPair {
  std::string premise, hypothesis;
  std::string where;  ///< of the answer, for errors: "int8.jsonl:3"
};

/// Threads  none.
class SupportJudge {
 public:
  virtual ~SupportJudge() = default;
  /// Returns one score a pair, in [0, 1]: supported from 0.5.
  virtual Result<std::vector<double>> Score(std::span<const SupportPair> pairs) = 0;
  /// What a reader must know of the scores so far.
  virtual std::vector<verdict::Warning> warnings() const { return {}; }
};

}  // namespace tare::evaluate
