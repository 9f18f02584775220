#include "tare/scores/text_scores.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "scores/unicode_internal.h"
#include "tare/core/text.h"

namespace tare::scores {
namespace {

bool IsPunctuation(uint32_t code) {
  return code > ' ' && code < 0x7F && !(code >= '0' && code <= '9') &&
         !(code >= 'A' && code <= 'Z') && !(code >= 'a' && code <= 'z');
}

bool IsArticle(std::span<const uint32_t> word) {
  const auto is = [word](std::string_view article) { return std::ranges::equal(word, article); };
  return is("a") || is("an") || is("the");
}

// Writes code points; a gap between them becomes one space.
class SpacedText {
 public:
  void Put(uint32_t code) {
    if (IsWhiteSpace(code)) return Gap();
    if (gap_ && !text_.empty()) text_.push_back(' ');
    gap_ = false;
    AppendUtf8(code, text_);
  }
  void Gap() { gap_ = true; }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
  bool gap_ = false;
};

// Words in common, counted as often as both have them. Both are sorted.
int64_t CountShared(std::span<const std::string> a, std::span<const std::string> b) {
  int64_t shared = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const int order = a[i].compare(b[j]);
    if (order == 0) ++shared;
    if (order <= 0) ++i;
    if (order >= 0) ++j;
  }
  return shared;
}

std::vector<std::string> SortedTokens(std::string_view text) {
  std::vector<std::string> tokens = AnswerTokens(text);
  std::ranges::sort(tokens);
  return tokens;
}

FScore FromCounts(int64_t shared, size_t predicted, size_t reference) {
  if (shared == 0) return {};
  const double precision = static_cast<double>(shared) / static_cast<double>(predicted);
  const double recall = static_cast<double>(shared) / static_cast<double>(reference);
  return {precision, recall, 2 * precision * recall / (precision + recall)};
}

// Words of the lower-case text, each distinct one as a number.
class WordNumbers {
 public:
  std::vector<uint32_t> Read(std::string_view text) {
    std::vector<uint32_t> out;
    std::string word;
    const auto end_word = [&] {
      if (word.empty()) return;
      const auto next = static_cast<uint32_t>(numbers_.size());
      out.push_back(numbers_.try_emplace(word, next).first->second);
      word.clear();
    };
    for (const uint32_t code : LowerCase(text)) {
      const bool is_alone = IsOfUnspacedScript(code);
      const bool is_letter = (IsWordPart(code) && code != '_') || IsMark(code);
      if (is_alone || !is_letter) end_word();
      if (is_letter) AppendUtf8(code, word);
      if (is_alone) end_word();
    }
    end_word();
    return out;
  }

 private:
  std::unordered_map<std::string, uint32_t> numbers_;
};

int64_t LongestCommonSubsequence(std::span<const uint32_t> a, std::span<const uint32_t> b) {
  // lengths[j]: of the part of `a` read so far and the first j of `b`.
  std::vector<int64_t> lengths(b.size() + 1, 0);
  for (const uint32_t word : a) {
    int64_t diagonal = 0;
    for (size_t j = 0; j < b.size(); ++j) {
      const int64_t above = lengths[j + 1];
      lengths[j + 1] = word == b[j] ? diagonal + 1 : std::max(above, lengths[j]);
      diagonal = above;
    }
  }
  return lengths.back();
}

struct Means {
  double exact = 0, f1 = 0;
  int64_t total = 0;

  void Add(double exact_score, double f1_score) {
    exact += exact_score;
    f1 += f1_score;
    ++total;
  }
  double Mean(double sum) const { return total == 0 ? NAN : sum / static_cast<double>(total); }
};

struct Best {
  double score = 0;
  double threshold = 0;
};

Best SweepThreshold(std::span<const AnswerOutcome> questions, std::span<const size_t> order,
                    double AnswerScore::*field) {
  double current = 0;
  for (const AnswerOutcome& question : questions) current += question.score.has_answer ? 0 : 1;
  Best best{current, 0.0};
  for (const size_t i : order) {
    const AnswerOutcome& question = questions[i];
    const double lost = question.answered ? -1 : 0;
    current += question.score.has_answer ? question.score.*field : lost;
    if (current > best.score) best = {current, question.no_answer_probability};
  }
  best.score /= static_cast<double>(questions.size());  // 0 / 0 is NaN
  return best;
}

}  // namespace

std::string NormalizeAnswer(std::string_view text) {
  std::vector<uint32_t> codes = LowerCase(text);
  std::erase_if(codes, IsPunctuation);
  const std::span<const uint32_t> all(codes);
  SpacedText out;
  for (size_t i = 0; i < all.size();) {
    size_t end = i;
    while (end < all.size() && IsWordPart(all[end])) ++end;
    if (end == i) {
      out.Put(all[i++]);
      continue;
    }
    // \b(a|an|the)\b matches where a whole run of word characters is an article.
    const auto word = all.subspan(i, end - i);
    if (IsArticle(word)) {
      out.Gap();
    } else {
      for (const uint32_t code : word) out.Put(code);
    }
    i = end;
  }
  return out.Take();
}

std::vector<std::string> AnswerTokens(std::string_view text) {
  return Split(NormalizeAnswer(text), ' ');
}

AnswerScore ScoreAnswer(std::string_view prediction, std::span<const std::string> golds) {
  const std::vector<std::string> predicted = SortedTokens(prediction);
  const std::string normalized = NormalizeAnswer(prediction);
  AnswerScore best;
  bool any = false;
  for (const std::string& gold : golds) {
    best.has_answer = best.has_answer || !gold.empty();
    const std::vector<std::string> words = SortedTokens(gold);
    if (words.empty()) continue;
    any = true;
    if (normalized == NormalizeAnswer(gold)) best.exact = 1;
    const auto score = FromCounts(CountShared(predicted, words), predicted.size(), words.size());
    if (score.f1 <= best.f1) continue;
    best.f1 = score.f1;
    best.precision = score.precision;
    best.recall = score.recall;
  }
  if (!any && predicted.empty()) best.exact = best.f1 = best.precision = best.recall = 1;
  return best;
}

double ExactMatch(std::string_view prediction, std::span<const std::string> golds) {
  return ScoreAnswer(prediction, golds).exact;
}

double TokenF1(std::string_view prediction, std::span<const std::string> golds) {
  return ScoreAnswer(prediction, golds).f1;
}

AnswerSummary SummariseAnswers(std::span<const AnswerOutcome> questions, double threshold) {
  Means all, has_answer, no_answer;
  for (const AnswerOutcome& question : questions) {
    const AnswerScore& score = question.score;
    const bool cut = question.no_answer_probability > threshold;
    const double as_unanswered = score.has_answer ? 0 : 1;
    const double exact = cut ? as_unanswered : score.exact;
    const double f1 = cut ? as_unanswered : score.f1;
    all.Add(exact, f1);
    (score.has_answer ? has_answer : no_answer).Add(exact, f1);
  }
  std::vector<size_t> order(questions.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {},
                           [questions](size_t i) { return questions[i].no_answer_probability; });
  const Best exact = SweepThreshold(questions, order, &AnswerScore::exact);
  const Best f1 = SweepThreshold(questions, order, &AnswerScore::f1);
  return {.exact = all.Mean(all.exact),
          .f1 = all.Mean(all.f1),
          .total = all.total,
          .has_answer_exact = has_answer.Mean(has_answer.exact),
          .has_answer_f1 = has_answer.Mean(has_answer.f1),
          .has_answer_total = has_answer.total,
          .no_answer_exact = no_answer.Mean(no_answer.exact),
          .no_answer_f1 = no_answer.Mean(no_answer.f1),
          .no_answer_total = no_answer.total,
          .best_exact = exact.score,
          .best_exact_threshold = exact.threshold,
          .best_f1 = f1.score,
          .best_f1_threshold = f1.threshold};
}

FScore RougeL(std::string_view prediction, std::span<const std::string> references) {
  if (references.empty()) return {NAN, NAN, NAN};
  WordNumbers numbers;
  const std::vector<uint32_t> predicted = numbers.Read(prediction);
  FScore best;
  for (const std::string& reference : references) {
    const std::vector<uint32_t> words = numbers.Read(reference);
    const FScore score =
        FromCounts(LongestCommonSubsequence(words, predicted), predicted.size(), words.size());
    if (score.f1 > best.f1) best = score;
  }
  return best;
}

}  // namespace tare::scores
