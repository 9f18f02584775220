// Hallucination without a judge model: is an answer supported by the text it was drawn from? And
// what a judge's verdicts are worth once its own errors are known from a labelled sub-sample.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tare/stats/interval.h"

namespace tare::scores {

struct SupportOptions {
  /// Least share of content words that must occur in the context, in (0, 1].
  /// 0.7: of up to three content words each must be there (2/3 is below), of four and more about
  /// one in four may be another form of the word ("invaded" for "invasion").
  double threshold = 0.7;
};

/// How an answer stands to its context. An answer hallucinates when it neither abstains nor is
/// supported. Publish that rate with the rate of abstention: a model that never answers never errs.
struct Support {
  bool abstained = false;
  /// The normalised answer stands in the normalised context, word for word.
  bool span_supported = false;
  /// Share of the answer's content words that occur in the context; NaN when it abstained.
  double overlap = 0;
  /// Each number of the answer occurs in the context.
  bool numbers_supported = false;
  /// numbers_supported and (span_supported or overlap >= threshold).
  bool supported = false;

  bool hallucinated() const { return !abstained && !supported; }
};

/// Returns whether an answer is supported by its context.
///
/// Words are those of NormalizeAnswer, typographic apostrophes taken for plain ones. Content words
/// are those that are not in a list of 60 stop words (articles, pronouns, prepositions, forms of
/// be, have and do; negations are content); an answer of stop words alone is compared whole.
/// Numbers are compared by value as written, since normalisation would make 3.14 and 314 one word:
/// "1,234.50" is 1234.5, a minus sign counts after white space or "(", "12.03.2020" is compared as
/// text.
///
/// In scripts without spaces between words (IsOfUnspacedScript: Han, kana, Thai and others) each two
/// neighbouring characters count as a word, and an answer may stand anywhere in the context.
///
/// Edge     abstained (IsAbstention): neither span nor numbers are looked at, supported is false.
///          An answer without numbers has them all.
/// Bound    a lexical measure: it sees neither word order nor negation around words that occur
///          ("Paris beat London" for "London beat Paris"), takes paraphrases for unsupported, and
///          "five" is not 5. The two sides of a paired comparison suffer from it alike.
/// Source   word overlap as in Adlakha et al., "Evaluating Correctness and Faithfulness of
///          Instruction-Following Models for Question Answering", TACL 2024, arXiv:2307.16877
///          (K-Precision). Differs: stop words left out, numbers exact, a threshold.
Support ScoreSupport(std::string_view answer, std::string_view context,
                     const SupportOptions& options = {});

/// Returns whether an answer declines to answer: it normalises to nothing; or is one of
/// "unanswerable", "no answer", "unknown", "n/a", "none", "not available", ...; or has at most 25
/// words and holds a refusal such as "I don't know", "cannot be determined", "not enough
/// information" word for word. English only; a longer text says more than the refusal in it.
bool IsAbstention(std::string_view answer);

/// A judge's verdicts on a labelled sub-sample. "Positive" is what is counted: a hallucination.
struct JudgeCounts {
  int64_t true_positive = 0;   ///< label yes, judge yes
  int64_t false_negative = 0;  ///< label yes, judge no
  int64_t true_negative = 0;   ///< label no, judge no
  int64_t false_positive = 0;  ///< label no, judge yes
};

struct CorrectedRate {
  double apparent = 0;     ///< what the judge says: flagged / n
  double sensitivity = 0;  ///< of the judge: tp / (tp + fn)
  double specificity = 0;  ///< tn / (tn + fp)
  double rate = 0;         ///< corrected, in [0, 1]
  stats::Interval interval;
};

/// Returns the rate of positives behind a judge's verdicts, corrected for its errors.
///
///   rate = (apparent + specificity - 1) / (sensitivity + specificity - 1), clamped to [0, 1]
///
/// The interval accounts for the verdicts and for both sizes of the sub-sample. With z of the
/// confidence, n' = n + z^2, a' = (flagged + z^2/2) / n', s' = (tp + 1) / (P + 2) of P = tp + fn,
/// c' = (tn + 1) / (N + 2) of N = tn + fp, r' = (a' + c' - 1) / (s' + c' - 1), it is
///
///   r' + d +- z sqrt(a'(1-a')/n' + r'^2 s'(1-s')/(P+2) + (1-r')^2 c'(1-c')/(N+2)) / (s' + c' - 1)
///   d = 2 z^2 (r' s'(1-s')/(P+2) - (1-r') c'(1-c')/(N+2))
///
/// clamped to [0, 1] and widened to hold the rate.
///
/// Edge     nullopt, the rate is undefined: no verdicts, a sub-sample without positives or without
///          negatives, or sensitivity + specificity <= 1 (the judge tells nothing).
///          s' + c' <= 1 although the estimates are above: [0, 1].
/// Errors   counts below 0 or flagged > n break a TARE_CHECK; so does a confidence outside (0, 1).
/// Bound    coverage near `confidence` when the sub-sample is independent of the verdicts; where it
///          is part of them, small beside them.
/// Source   Rogan and Gladen, American Journal of Epidemiology 107 (1978) 71-76; interval: Lang and
///          Reiczigel, Preventive Veterinary Medicine 113 (2014) 13-22, eqs. 4, 6, 7, 16, 17, as in
///          prevSeSp of the R package asht, which reads (1-r')^2 for the (1+r')^2 of eq. 4.
std::optional<CorrectedRate> RoganGladen(int64_t flagged, int64_t n, const JudgeCounts& labelled,
                                         double confidence);

}  // namespace tare::scores
