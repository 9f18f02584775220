// A model that says how well a text entails an answer, as a judge of support.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tare/core/result.h"
#include "tare/evaluate/predictions/support_judge.h"
#include "tare/runtime/session.h"
#include "tare/scores/wordpiece.h"

namespace tare::evaluate {

struct EntailmentOptions {
  std::string model_path;  ///< ONNX
  std::string vocab_path;  ///< vocab.txt, see WordPiece
  scores::LetterCase letters = scores::LetterCase::kLowered;
  std::string output;                 ///< "": "logits" where there is one, else the first
  std::optional<int64_t> entailment;  ///< class of the output, from 0
  runtime::SessionOptions session;
  double time_limit_s = 120;  ///< of the first load and run, in a child process
};

/// Loads a BERT-like cross-encoder. Its inputs are input_ids, attention_mask and, if it has it,
/// token_type_ids: int64 or int32, [N, T], dynamic or fixed. Texts are [CLS] premise [SEP]
/// hypothesis [SEP], padded; the premise is cut where both are longer than T, or 512 where T is
/// dynamic: warnings() says how often. Its output is [N, C]:
///
///   C > 1    the probability of class `entailment`: softmax of the row, or the number itself where
///            rows are probabilities
///   C == 1   the number itself where it is in [0, 1], else its sigmoid
///
/// Which of both holds is decided on the first pairs that are judged, for all.
///
/// Cost     batches of up to 16 pairs, or the N that the model has.
/// Errors   kInvalidArgument: an input is missing, unknown or of another type or shape; the output
///          is not there or not [N, C]; C > 1 and no entailment, or one out of range; those of
///          WordPiece. kUnsupported: the runtime cannot load or run it; kUnavailable: not within
///          time_limit_s. Score(): a hypothesis longer than T (kUnsupported), a score that is not
///          finite, or no probability where the first ones were (kFailedPrecondition).
/// Threads  fully: the model is first tried in a child process, by tare/core/child.h.
Result<std::unique_ptr<SupportJudge>> LoadEntailmentJudge(const EntailmentOptions& options);

}  // namespace tare::evaluate
