// WordPiece: text to the token numbers that BERT-like models read.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"

namespace tare::scores {

/// What becomes of letters: "uncased" models read lower case without accents.
enum class LetterCase { kLowered, kKept };

/// A vocabulary and how text is cut into its tokens.
///
///   clean     control characters and U+FFFD left out, white space made spaces
///   words     split at spaces; each ideograph and each punctuation mark is a word by itself
///   letters   kLowered: canonical decomposition, nonspacing marks left out, lower case
///   pieces    the longest token that begins the word, then the longest "##..." that goes on; a
///             word that cannot be cut so, or of more than 100 code points, is [UNK]
///
/// Edge     bytes that are not UTF-8 are left out. "[SEP]" and its like in a text are punctuation
///          and letters: a text cannot end itself.
/// Threads  const calls may run together.
/// Source   Devlin et al., BERT, arXiv:1810.04805, as in Hugging Face's tokenizers (BertNormalizer,
///          BertPreTokenizer, WordPiece), whose own answers the tables and the stored tests are.
///          Differs: special tokens are not recognised in texts.
class WordPiece {
 public:
  /// Reads a vocabulary: one token a line, numbered from 0; of equal tokens the last counts.
  ///
  /// Bound    64 MiB, 1 million lines.
  /// Errors   kInvalidArgument: [UNK], [CLS] or [SEP] is missing; kResourceExhausted: over a bound.
  static Result<WordPiece> Parse(std::string_view vocab, const std::string& source,
                                 LetterCase letters);
  /// The same of a file.
  /// Errors   as ReadFile().
  static Result<WordPiece> FromFile(const std::string& path, LetterCase letters);

  ~WordPiece();
  WordPiece(WordPiece&&) noexcept;
  WordPiece& operator=(WordPiece&&) noexcept;

  /// Returns the first `max_tokens` tokens of the text, without [CLS] and [SEP].
  std::vector<int64_t> Encode(std::string_view text, size_t max_tokens) const;

  int64_t cls() const;
  int64_t sep() const;
  int64_t pad() const;   ///< [PAD], or 0: what is padded is masked
  int64_t size() const;  ///< number of tokens, of equal ones each

 private:
  struct State;
  explicit WordPiece(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

/// [CLS] premise [SEP] hypothesis [SEP].
struct EncodedPair {
  std::vector<int64_t> ids;
  size_t premise_size = 0;  ///< of [CLS] premise [SEP]: segment 0
  bool cut = false;         ///< the premise was longer
};

/// Encodes two texts in at most `max_tokens` tokens. Only the premise is cut, at its end.
/// Errors   kUnsupported: the hypothesis alone is longer.
Result<EncodedPair> EncodePair(const WordPiece& tokens, std::string_view premise,
                               std::string_view hypothesis, size_t max_tokens);

}  // namespace tare::scores
