// How each task measures one line of predictions.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/json_reader.h"
#include "evaluate/samples/sample_evaluation_internal.h"
#include "tare/evaluate/predictions/support_judge.h"
#include "tare/verdict/task.h"

namespace tare::evaluate {

/// The lines of one id.
struct LinePair {
  JsonReader baseline, candidate;
};

/// Turns the line of one model into numbers.
class LineScorer {
 public:
  virtual ~LineScorer() = default;
  const SampleSchema& schema() const { return schema_; }

  /// Fills one number a column of the schema and returns the answer as text: two models answer the
  /// same where these are equal. `reference` is the line that holds what is right, `answer` the one
  /// of the model; they may be the same.
  /// Errors  kInvalidArgument: a field is missing or of another kind, with file and line.
  virtual Result<std::string> Score(const JsonReader& reference, const JsonReader& answer,
                                    std::span<double> row) const = 0;

  /// How many pairs of lines Prepare() wants to see at once; 0: it need not be called.
  virtual size_t lookahead() const { return 0; }
  /// Sees the pairs that are scored next.
  virtual Result<void> Prepare(std::span<const LinePair> /*lines*/) { return {}; }

  /// Looks at both answers of a sample, after Score() has taken both, for what is no sum over
  /// samples.
  virtual Result<void> Rank(const JsonReader& /*reference*/, const JsonReader& /*baseline*/,
                            const JsonReader& /*candidate*/) {
    return {};
  }
  /// Adds what Rank() has seen.
  virtual void AddTo(double /*confidence*/, uint64_t /*seed*/, TestEvidence& /*evidence*/) const {}

  /// Slices that the task makes by itself, such as questions with and without an answer.
  virtual std::span<const std::string_view> slices() const { return {}; }
  /// Bits of slices() for a line.
  virtual uint64_t SlicesOf(const JsonReader& /*reference*/) const { return 0; }
  /// The field that holds what is right: where the second file has it too, both must agree.
  virtual const char* reference_key() const { return "label"; }

 protected:
  SampleSchema schema_;
};

/// Makes the scorer of a task; `first` is a line of it, from which a task takes what it needs to
/// know (the number of classes, whether there are contexts). `judge` may be null; it must outlive
/// the scorer.
/// Errors  kUnsupported: no such task; kInvalidArgument: a judge for a task without answers in
///         words.
Result<std::unique_ptr<LineScorer>> MakeLineScorer(verdict::Task task, const JsonReader& first,
                                                   SupportJudge* judge);

Result<std::unique_ptr<LineScorer>> MakeRegressionScorer(const JsonReader& first);
Result<std::unique_ptr<LineScorer>> MakeMultiLabelScorer(const JsonReader& first);
std::unique_ptr<LineScorer> MakeTokenScorer();
/// Question answering and generation: the first counts exact answers, the second ROUGE-L too.
std::unique_ptr<LineScorer> MakeAnswerScorer(bool generation, SupportJudge* judge);
std::unique_ptr<LineScorer> MakeRankingScorer();

}  // namespace tare::evaluate
