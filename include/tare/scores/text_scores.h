// Scores of one text answer against its references: SQuAD's exact match and F1, ROUGE-L.
//
// Letters are those of Python's str (3.11, Unicode 14), from tables: lower-casing of every script
// with its special cases, the \w of `re`, str.split's white space. Text is UTF-8; a byte that is
// not valid UTF-8 is kept as it is and belongs to no word.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"

namespace tare::scores {

/// Returns the text in lower case, without ASCII punctuation, without the words a, an and the, with
/// one space between what is left.
///
/// Source   normalize_answer of the SQuAD scripts evaluate-v1.1.py and evaluate-v2.0.py.
std::string NormalizeAnswer(std::string_view text);

/// Returns the words of the normalised text.
std::vector<std::string> AnswerTokens(std::string_view text);

/// What one answer scores.
struct AnswerScore {
  double exact = 0;         ///< 1 when equal to a gold answer after normalisation, else 0
  double f1 = 0;            ///< of the gold answer with the greatest F1
  double precision = 0;     ///< of the first gold answer with that F1: shared / predicted words
  double recall = 0;        ///< likewise: shared / gold words
  bool has_answer = false;  ///< a gold answer was given
};

/// Scores a prediction against its gold answers, as evaluate-v2.0.py does: exact and F1 are each
/// the greatest over the gold answers.
///
///   precision = shared / predicted      recall = shared / gold      f1 = 2 p r / (p + r)
///
/// with `shared` the size of the intersection of both bags of words.
///
/// Edge     gold answers that normalise to nothing are left out; if none is left, the question has
///          no answer and all four are 1 for a prediction that normalises to nothing, else 0.
///          `golds` that are empty, or hold only empty texts, are a question without an answer:
///          has_answer is false. Where an empty gold answer stands among others, v1.1 would accept
///          an empty prediction and v2.0 does not: this follows v2.0.
/// Source   get_raw_scores of evaluate-v2.0.py.
///          Differs: that script takes the single gold answer "" for an answer that exists.
AnswerScore ScoreAnswer(std::string_view prediction, std::span<const std::string> golds);

/// `exact` of ScoreAnswer.
double ExactMatch(std::string_view prediction, std::span<const std::string> golds);

/// `f1` of ScoreAnswer.
double TokenF1(std::string_view prediction, std::span<const std::string> golds);

/// One question of a set.
struct AnswerOutcome {
  AnswerScore score;
  bool answered = false;             ///< the prediction, as written, is not the empty text
  double no_answer_probability = 0;  ///< or any number that grows with it
};

struct AnswerSummary {
  /// All as shares: 100 times is what the official script prints. NaN over no question.
  double exact = 0;
  double f1 = 0;
  int64_t total = 0;
  double has_answer_exact = 0, has_answer_f1 = 0;
  int64_t has_answer_total = 0;
  double no_answer_exact = 0, no_answer_f1 = 0;
  int64_t no_answer_total = 0;
  /// Greatest score over thresholds of the no-answer probability, and that threshold.
  double best_exact = 0, best_exact_threshold = 0;
  double best_f1 = 0, best_f1_threshold = 0;
};

/// Summarises questions: means over all, over those with and those without an answer, and the best
/// that a threshold on the no-answer probability could reach.
///
/// A question whose no-answer probability is above `threshold` counts as unanswered: 1 if it has no
/// answer, else 0. The sweep starts with all unanswered and takes questions up by rising
/// probability, equal ones in their order; it stops to look after each question, so that a
/// threshold may fall between equal probabilities, as in the official script.
///
/// Edge     no questions give NaN.
/// Cost     O(n log n).
/// Source   make_eval_dict, apply_no_ans_threshold, find_best_thresh of evaluate-v2.0.py.
AnswerSummary SummariseAnswers(std::span<const AnswerOutcome> questions, double threshold = 1.0);

/// Precision, recall and their harmonic mean.
struct FScore {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
};

/// Returns ROUGE-L: the longest common subsequence of the words of the lower-case text. A word is a
/// run of letters and digits of any script with their marks; in scripts that are written without
/// spaces (Han, kana, Thai, Lao, Burmese, Khmer, Tibetan) each character is one.
///
///   precision = lcs / predicted words    recall = lcs / reference words    f1 = 2 p r / (p + r)
///
/// Of several references, the score of the first with the greatest F1.
///
/// Edge     a text without words gives 0; no references give NaN.
/// Cost     O(predicted * reference) time, O(predicted + reference) memory.
/// Source   Lin, "ROUGE", ACL workshop 2004, section 3; rouge_score 0.1.2, rougeL, no stemmer.
///          Differs: that reads [a-z0-9]+ alone, so that a text in another script has no words and
///          every wrong answer scores what a right one does; texts in ASCII score the same.
FScore RougeL(std::string_view prediction, std::span<const std::string> references);

}  // namespace tare::scores
