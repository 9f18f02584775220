// What a model answered over a test set, kept in a file: the float model need not run over it
// twice.
//
//   file   "tareans2", the key, then for each run the outputs (dtype, rank, extents, bytes), then
//          the SHA-256 of all that; written beside its name and moved there when it is complete
//
// The file stands for the key that it was recorded under: model, data, samples, host.

#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tare/core/hash.h"
#include "tare/core/result.h"
#include "tare/evaluate/models/evaluate.h"

namespace tare::pipeline {

/// Answers of more bytes than this are not kept: the model is then run again.
inline constexpr int64_t kMaxRecordedBytes = int64_t{1} << 30;

/// Wraps `model` so that what it answers is kept as well; without a path nowhere. A file that
/// cannot be written (a full disk) or that would grow over `max_bytes` is given up without a word:
/// it only saves time.
///
/// Threads  none.
class AnswerRecorder {
 public:
  AnswerRecorder(std::string path, const std::string& key, int64_t max_bytes = kMaxRecordedBytes);
  AnswerRecorder(const AnswerRecorder&) = delete;
  AnswerRecorder& operator=(const AnswerRecorder&) = delete;
  ~AnswerRecorder();

  /// The recorder must outlive the result.
  evaluate::RunnableModel Record(const evaluate::RunnableModel& model);
  /// Puts the file in its place; without it nothing stays.
  void Keep();

 private:
  void Write(std::span<const TensorView> outputs);
  bool WriteBytes(std::span<const std::byte> bytes);
  bool WriteTensor(const TensorView& view);
  void GiveUp();

  std::string path_, part_;
  int64_t max_bytes_, bytes_ = 0;
  std::FILE* file_ = nullptr;
  Sha256 digest_;
};

/// A model that gives the recorded answers in their order, whatever its inputs; nullopt when there
/// are none under this key. `outputs` are those of the model that was recorded.
/// Errors   kDataLoss: the file is not as it was written. Of the model's runs, kDataLoss: there are
///          more of them than were recorded, or the file cannot be read any more.
/// Threads  none.
/// Cost     reads the file twice: what was changed in it must not pass for an answer.
Result<std::optional<evaluate::RunnableModel>> ReplayAnswers(const std::string& path,
                                                             const std::string& key,
                                                             std::vector<ValueInfo> outputs);

}  // namespace tare::pipeline
