#include "tare/scores/support_scores.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "scores/unicode_internal.h"
#include "tare/core/text.h"
#include "tare/scores/text_scores.h"

namespace tare::scores {
namespace {

using Words = std::vector<std::string>;

// Sorted. Words that carry no claim; "not", "no" and "never" do.
constexpr std::string_view kStopWords[] = {
    "about", "am",   "and",   "are",   "as",    "at",   "be",    "been", "being",  "but",
    "by",    "did",  "do",    "does",  "for",   "from", "had",   "has",  "have",   "he",
    "her",   "his",  "i",     "in",    "into",  "is",   "it",    "its",  "itself", "my",
    "of",    "on",   "or",    "our",   "she",   "so",   "such",  "than", "that",   "their",
    "them",  "then", "there", "these", "they",  "this", "those", "to",   "us",     "was",
    "we",    "were", "what",  "when",  "which", "who",  "will",  "with", "would",  "you"};

// Normalised answers that are a refusal as a whole.
constexpr std::string_view kWholeRefusals[] = {"unanswerable",
                                               "no answer",
                                               "noanswer",
                                               "none",
                                               "unknown",
                                               "na",
                                               "nil",
                                               "not available",
                                               "not known",
                                               "not given",
                                               "not stated",
                                               "no information",
                                               "not answerable",
                                               "not mentioned",
                                               "not specified"};

// Normalised phrases that refuse wherever they stand in a short answer.
constexpr std::string_view kRefusals[] = {"i dont know",
                                          "i do not know",
                                          "i am not sure",
                                          "im not sure",
                                          "cannot be determined",
                                          "can not be determined",
                                          "cant be determined",
                                          "could not be determined",
                                          "cannot be answered",
                                          "can not be answered",
                                          "cant be answered",
                                          "i cannot answer",
                                          "i can not answer",
                                          "i cant answer",
                                          "i cannot determine",
                                          "unable to answer",
                                          "unable to determine",
                                          "not possible to answer",
                                          "not possible to determine",
                                          "impossible to determine",
                                          "not enough information",
                                          "insufficient information",
                                          "no information about",
                                          "question is unanswerable",
                                          "there is no answer",
                                          "does not provide information",
                                          "doesnt provide information",
                                          "does not contain information",
                                          "doesnt contain information",
                                          "not mentioned in context",
                                          "not mentioned in text",
                                          "not mentioned in passage",
                                          "not provided in context",
                                          "not stated in context"};

constexpr size_t kLongestRefusal = 25;  // words

// U+2019 and U+2018 as an apostrophe, which NormalizeAnswer drops.
std::string PlainApostrophes(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view here = text.substr(i, 3);
    if (here == "\u2019" || here == "\u2018") {
      out.push_back('\'');
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

// Whether the words stand in `text` side by side. Both have single spaces between words; a script
// without spaces has none at its ends either.
bool HoldsWords(std::string_view text, std::string_view words) {
  const auto codes = CodePoints(words);
  const bool any_begin = !codes.empty() && IsOfUnspacedScript(codes.front());
  const bool any_end = !codes.empty() && IsOfUnspacedScript(codes.back());
  for (size_t at = text.find(words); at != std::string_view::npos; at = text.find(words, at + 1)) {
    const size_t end = at + words.size();
    if ((any_begin || at == 0 || text[at - 1] == ' ') &&
        (any_end || end == text.size() || text[end] == ' '))
      return true;
  }
  return false;
}

// Letters beside a script without spaces; what stands between its clauses is no word.
void AddWordOf(std::span<const uint32_t> run, Words& out) {
  if (std::ranges::none_of(run, IsWordPart)) return;
  std::string& word = out.emplace_back();
  for (const uint32_t code : run) AppendUtf8(code, word);
}

// What of a script without spaces counts as words: each two neighbouring characters, and one that
// stands alone.
void AddPairs(std::span<const uint32_t> run, Words& out) {
  for (size_t i = 0; i + 1 < run.size() || i == 0; ++i) {
    std::string& pair = out.emplace_back();
    for (const uint32_t code : run.subspan(i, std::min<size_t>(2, run.size() - i)))
      AppendUtf8(code, pair);
  }
}

// Words of a text; those of scripts without spaces cut up.
Words TokensOf(std::string_view text) {
  Words out;
  for (const std::string& word : AnswerTokens(text)) {
    const auto codes = CodePoints(word);
    const std::span<const uint32_t> all(codes);
    for (size_t i = 0; i < all.size();) {
      const bool is_unspaced = IsOfUnspacedScript(all[i]);
      size_t end = i + 1;
      while (end < all.size() && IsOfUnspacedScript(all[end]) == is_unspaced) ++end;
      if (is_unspaced) AddPairs(all.subspan(i, end - i), out);
      if (!is_unspaced && end - i == all.size()) out.push_back(word);
      if (!is_unspaced && end - i < all.size()) AddWordOf(all.subspan(i, end - i), out);
      i = end;
    }
  }
  return out;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "1234.50" of "1,234.50": digits, perhaps grouped by threes, perhaps a fraction.
std::optional<std::string> PlainNumber(std::string_view run) {
  const std::string_view whole = run.substr(0, run.find('.'));
  const std::string_view rest = run.substr(whole.size());
  if (!rest.empty() && !std::ranges::all_of(rest.substr(1), IsDigit)) return std::nullopt;
  const bool grouped = whole.find(',') != std::string_view::npos;
  for (size_t i = 0; grouped && i < whole.size(); ++i) {
    if ((whole[i] == ',') != ((whole.size() - i) % 4 == 0)) return std::nullopt;
  }
  std::string plain(run);
  std::erase(plain, ',');
  return plain;
}

// "1234.5" of "01234.50". Takes what PlainNumber gives.
std::string WithoutZeros(std::string number) {
  if (number.find('.') != std::string::npos) {
    number.erase(number.find_last_not_of('0') + 1);
    if (number.back() == '.') number.pop_back();
  }
  const size_t units = std::min(number.find('.'), number.size()) - 1;
  number.erase(0, std::min(number.find_first_not_of('0'), units));
  return number;
}

bool HasMinus(std::string_view text, size_t at) {
  static constexpr std::string_view kMinusSign = "\u2212";
  size_t sign = at;
  if (at >= 1 && text[at - 1] == '-') sign = at - 1;
  if (at >= 3 && text.substr(at - 3, 3) == kMinusSign) sign = at - 3;
  // Not of "2010-2015" or "COVID-19".
  return sign != at &&
         (sign == 0 || std::string_view(" \t\n\r(").find(text[sign - 1]) != std::string_view::npos);
}

// Adds what a run of digits, points and commas says.
void AddNumbers(std::string_view run, std::string_view sign, std::set<std::string>& out) {
  if (const auto number = PlainNumber(run)) {
    out.insert(std::string(sign) + WithoutZeros(*number));
    return;
  }
  // A list without spaces, "1,2,3"; or no number, "12.03.2020".
  for (const std::string& part : Split(run, ',')) {
    const auto number = PlainNumber(part);
    out.insert(number ? WithoutZeros(*number) : part);
  }
}

std::set<std::string> NumbersIn(std::string_view text) {
  std::set<std::string> out;
  // Single points and commas between digits belong to the run.
  const auto joins = [text](size_t at) {
    return (text[at] == '.' || text[at] == ',') && at + 1 < text.size() && IsDigit(text[at + 1]);
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (!IsDigit(text[i])) continue;
    size_t end = i;
    while (end < text.size() && (IsDigit(text[end]) || joins(end))) ++end;
    AddNumbers(text.substr(i, end - i), HasMinus(text, i) ? "-" : "", out);
    i = end;
  }
  return out;
}

Words ContentWords(const Words& words) {
  Words content;
  std::ranges::copy_if(words, std::back_inserter(content), [](const std::string& word) {
    return !std::ranges::binary_search(kStopWords, std::string_view(word));
  });
  return content.empty() ? words : content;
}

double Overlap(const Words& answer, const Words& context) {
  const std::set<std::string_view> there(context.begin(), context.end());
  const auto shared =
      std::ranges::count_if(answer, [&](const auto& word) { return there.contains(word); });
  return static_cast<double>(shared) / static_cast<double>(answer.size());
}

}  // namespace

bool IsAbstention(std::string_view answer) {
  const std::string text = NormalizeAnswer(PlainApostrophes(answer));
  if (text.empty() || std::ranges::find(kWholeRefusals, text) != std::end(kWholeRefusals)) {
    return true;
  }
  if (static_cast<size_t>(std::ranges::count(text, ' ')) >= kLongestRefusal) return false;
  return std::ranges::any_of(kRefusals, [&](auto refusal) { return HoldsWords(text, refusal); });
}

Support ScoreSupport(std::string_view answer, std::string_view context,
                     const SupportOptions& options) {
  Support out;
  out.abstained = IsAbstention(answer);
  if (out.abstained) {
    out.overlap = NAN;
    return out;
  }
  const std::string plain_answer = PlainApostrophes(answer);
  const std::string plain_context = PlainApostrophes(context);
  out.span_supported = HoldsWords(NormalizeAnswer(plain_context), NormalizeAnswer(plain_answer));
  out.overlap = Overlap(ContentWords(TokensOf(plain_answer)), TokensOf(plain_context));
  out.numbers_supported = std::ranges::includes(NumbersIn(plain_context), NumbersIn(plain_answer));
  out.supported = out.numbers_supported && (out.span_supported || out.overlap >= options.threshold);
  return out;
}

}  // namespace tare::scores
