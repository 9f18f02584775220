#include "tare/scores/wordpiece.h"

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "scores/code_ranges_internal.h"
#include "scores/unicode_internal.h"
#include "scores/wordpiece_tables_internal.h"
#include "tare/core/file.h"

namespace tare::scores {
namespace {

constexpr int64_t kMaxVocabBytes = int64_t{64} << 20;
constexpr int64_t kMaxVocabLines = 1'000'000;
constexpr size_t kMaxWordCodes = 100;  // BERT's max_input_chars_per_word
constexpr size_t kLongestCodeBytes = 4;
constexpr uint32_t kFirstHangul = 0xAC00, kLastHangul = 0xD7A3;

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
using TokenNumbers = std::unordered_map<std::string, int64_t, TextHash, std::equal_to<>>;

// Unicode 3.12: a syllable is arithmetic over its jamo.
void DecomposeHangul(uint32_t code, std::vector<uint32_t>& out) {
  constexpr uint32_t kLead = 0x1100, kVowel = 0x1161, kTail = 0x11A7, kVowels = 21, kTails = 28;
  const uint32_t index = code - kFirstHangul;
  out.push_back(kLead + index / (kVowels * kTails));
  out.push_back(kVowel + index % (kVowels * kTails) / kTails);
  if (index % kTails != 0) out.push_back(kTail + index % kTails);
}

// The code point without accents, in lower case: none to three.
void Fold(uint32_t code, std::vector<uint32_t>& out) {
  if (code >= kFirstHangul && code <= kLastHangul) return DecomposeHangul(code, out);
  if (HoldsCode(kFoldNothing, code)) return;
  const auto several = std::ranges::lower_bound(kFoldSeveral, code, {}, &FoldedCode::first);
  if (several == std::end(kFoldSeveral) || several->first != code)
    return out.push_back(MovedBy(kFold, code));
  for (const uint32_t folded : several->folded) {
    if (folded != 0) out.push_back(folded);
  }
}

}  // namespace

struct WordPiece::State {
  TokenNumbers numbers;
  LetterCase letters = LetterCase::kLowered;
  size_t longest_bytes = 0;  // of a token
  int64_t size = 0;
  int64_t unknown = 0, cls = 0, sep = 0, pad = 0;

  // Appends the pieces of a word, or [UNK].
  void Cut(std::string_view word, size_t num_codes, std::vector<int64_t>& tokens) const {
    const size_t before = tokens.size();
    std::string piece;
    if (num_codes > kMaxWordCodes) return tokens.push_back(unknown);
    for (size_t begin = 0; begin < word.size();) {
      const size_t bytes = LongestAt(word, begin, piece, tokens);
      if (bytes == 0) {
        tokens.resize(before);
        return tokens.push_back(unknown);
      }
      begin += bytes;
    }
  }

 private:
  // Appends the longest token that stands at `begin`, and returns its bytes in the word; 0: there
  // is none. A shorter end inside of a code point is no token: tokens are UTF-8, or their line
  // matches nothing.
  size_t LongestAt(std::string_view word, size_t begin, std::string& piece,
                   std::vector<int64_t>& tokens) const {
    piece = begin > 0 ? "##" : "";
    const size_t prefix = piece.size();
    piece += word.substr(begin, longest_bytes);
    for (; piece.size() > prefix; piece.pop_back()) {
      const size_t end = begin + piece.size() - prefix;
      if (end < word.size() && (static_cast<uint8_t>(word[end]) & 0xC0U) == 0x80U) continue;
      const auto found = numbers.find(std::string_view(piece));
      if (found == numbers.end()) continue;
      tokens.push_back(found->second);
      return piece.size() - prefix;
    }
    return 0;
  }
};

namespace {

// Collects the words of a text, code point by code point.
class WordSplitter {
 public:
  using OnWord = std::function<void(std::string_view word, size_t num_codes)>;
  WordSplitter(LetterCase letters, OnWord on_word)
      : letters_(letters), on_word_(std::move(on_word)) {}

  void Add(uint32_t code) {
    if (code >= kNoCode || HoldsCode(kCleanNothing, code)) return;
    if (HoldsCode(kCleanSpace, code)) return End();
    const bool alone = HoldsCode(kWordByItself, code);
    folded_.clear();
    if (letters_ == LetterCase::kLowered) {
      Fold(code, folded_);
    } else {
      folded_.push_back(code);
    }
    if (alone) End();
    for (const uint32_t part : folded_) Append(part);
    if (alone) End();
  }

  void End() {
    if (num_codes_ > 0) on_word_(word_, num_codes_);
    word_.clear();
    num_codes_ = 0;
  }

 private:
  void Append(uint32_t code) {
    const bool mark = HoldsCode(kPunctuation, code);
    if (mark) End();
    // What is longer becomes [UNK] whatever it is: not all of a text without spaces is kept.
    if (num_codes_ <= kMaxWordCodes) AppendUtf8(code, word_);
    ++num_codes_;
    if (mark) End();
  }

  LetterCase letters_;
  OnWord on_word_;
  std::string word_;
  size_t num_codes_ = 0;
  std::vector<uint32_t> folded_;
};

std::string_view TrimmedEnd(std::string_view line) {
  const size_t last = line.find_last_not_of(" \t\r\v\f");
  return line.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

}  // namespace

Result<WordPiece> WordPiece::Parse(std::string_view vocab, const std::string& source,
                                   LetterCase letters) {
  const auto too_large = [&](std::string_view what) {
    return ResourceExhausted(StrCat(source, " has more than ", what),
                             "give the vocab.txt of a BERT-like model: one token a line");
  };
  if (std::ssize(vocab) > kMaxVocabBytes) return too_large("64 MiB");
  auto state = std::make_unique<State>();
  state->letters = letters;
  for (; !vocab.empty(); ++state->size) {
    if (state->size == kMaxVocabLines) return too_large("1 million lines");
    const size_t end = std::min(vocab.find('\n'), vocab.size());
    const std::string_view token = TrimmedEnd(vocab.substr(0, end));
    vocab.remove_prefix(std::min(end + 1, vocab.size()));
    state->longest_bytes = std::max(state->longest_bytes, token.size());
    state->numbers.insert_or_assign(std::string(token), state->size);
  }
  state->longest_bytes = std::min(state->longest_bytes, kMaxWordCodes * kLongestCodeBytes);
  const std::pair<std::string_view, int64_t*> specials[] = {
      {"[UNK]", &state->unknown}, {"[CLS]", &state->cls}, {"[SEP]", &state->sep}};
  for (const auto& [name, number] : specials) {
    const auto found = state->numbers.find(name);
    if (found == state->numbers.end()) {
      return InvalidArgument(
          StrCat(source, " has no token ", name),
          "give the vocab.txt that came with the model: WordPiece, one token a line");
    }
    *number = found->second;
  }
  const auto pad = state->numbers.find(std::string_view("[PAD]"));
  if (pad != state->numbers.end()) state->pad = pad->second;
  return WordPiece(std::move(state));
}

Result<WordPiece> WordPiece::FromFile(const std::string& path, LetterCase letters) {
  TARE_TRY(const std::string text, ReadFile(path, kMaxVocabBytes));
  return Parse(text, path, letters);
}

WordPiece::WordPiece(std::unique_ptr<const State> state) : state_(std::move(state)) {}
WordPiece::~WordPiece() = default;
WordPiece::WordPiece(WordPiece&&) noexcept = default;
WordPiece& WordPiece::operator=(WordPiece&&) noexcept = default;

int64_t WordPiece::cls() const { return state_->cls; }
int64_t WordPiece::sep() const { return state_->sep; }
int64_t WordPiece::pad() const { return state_->pad; }
int64_t WordPiece::size() const { return state_->size; }

std::vector<int64_t> WordPiece::Encode(std::string_view text, size_t max_tokens) const {
  std::vector<int64_t> tokens;
  WordSplitter words(state_->letters, [&](std::string_view word, size_t num_codes) {
    state_->Cut(word, num_codes, tokens);
  });
  for (const uint32_t code : CodePoints(text)) {
    if (tokens.size() >= max_tokens) break;
    words.Add(code);
  }
  words.End();
  tokens.resize(std::min(tokens.size(), max_tokens));
  return tokens;
}

Result<EncodedPair> EncodePair(const WordPiece& tokens, std::string_view premise,
                               std::string_view hypothesis, size_t max_tokens) {
  constexpr size_t kSpecial = 3;  // [CLS], [SEP], [SEP]
  const size_t room = std::max(max_tokens, kSpecial) - kSpecial;
  const auto second = tokens.Encode(hypothesis, room + 1);
  if (second.size() > room) {
    return Unsupported(
        StrCat("question and answer have more than ", room, " tokens, all that the judge reads"),
        "judge such answers elsewhere and give the score as `support` in their lines");
  }
  auto first = tokens.Encode(premise, room - second.size() + 1);
  EncodedPair out;
  out.cut = first.size() > room - second.size();
  if (out.cut) first.pop_back();
  out.ids.reserve(first.size() + second.size() + kSpecial);
  out.ids.push_back(tokens.cls());
  out.ids.insert(out.ids.end(), first.begin(), first.end());
  out.ids.push_back(tokens.sep());
  out.premise_size = out.ids.size();
  out.ids.insert(out.ids.end(), second.begin(), second.end());
  out.ids.push_back(tokens.sep());
  return out;
}

}  // namespace tare::scores
