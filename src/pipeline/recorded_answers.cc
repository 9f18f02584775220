#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "pipeline/recorded_answers_internal.h"
#include "tare/core/strcat.h"

namespace tare::pipeline {
namespace {

constexpr std::string_view kMagic = "tareans2";
constexpr size_t kMaxRank = 64;
constexpr int64_t kDigestBytes = 64;  // in hexadecimal

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

std::string HeaderOf(const std::string& key) { return StrCat(kMagic, key, "\n"); }

Error Damaged(const std::string& path) {
  return DataLoss(StrCat(path, " does not hold what the float model answered"),
                  "remove it and run again: the model is then asked anew");
}

// Reads what a recorder wrote; sizes are held to what is left of the file.
class AnswerReader {
 public:
  AnswerReader(File file, std::string path, int64_t size)
      : file_(std::move(file)), path_(std::move(path)), left_(size) {}

  bool ReadBytes(void* data, size_t size) {
    if (std::cmp_less(left_, size) || std::fread(data, 1, size, file_.get()) != size) return false;
    left_ -= static_cast<int64_t>(size);
    return true;
  }

  // From the beginning of the file; the next that is read is the first run.
  bool BeginsWith(const std::string& header) {
    std::string found(header.size(), '\0');
    return ReadBytes(found.data(), found.size()) && found == header;
  }

  // Looks through all that comes behind `header` and returns there. What is left are the runs.
  bool EndsWithItsDigest(const std::string& header) {
    const int64_t runs = left_ - kDigestBytes;
    if (runs < 0) return false;
    Sha256 digest;
    digest.Update(header);
    std::vector<std::byte> piece(size_t{1} << 16);
    while (left_ > kDigestBytes) {
      const auto size = static_cast<size_t>(std::min(left_ - kDigestBytes, std::ssize(piece)));
      if (!ReadBytes(piece.data(), size)) return false;
      digest.Update(std::span(piece).first(size));
    }
    std::string expected(kDigestBytes, '\0');
    if (!ReadBytes(expected.data(), expected.size()) || digest.HexDigest() != expected)
      return false;
    left_ = runs;
    return std::fseek(file_.get(), static_cast<long>(header.size()), SEEK_SET) == 0;
  }

  Result<std::vector<Tensor>> ReadRun(size_t num_outputs) {
    std::vector<Tensor> outputs;
    for (size_t i = 0; i < num_outputs; ++i) {
      TARE_TRY(outputs.emplace_back(), ReadTensor());
    }
    return outputs;
  }

 private:
  Result<Tensor> ReadTensor() {
    int64_t dtype = 0, rank = 0, size = 0;
    if (!ReadBytes(&dtype, sizeof(dtype)) || !ReadBytes(&rank, sizeof(rank))) return Damaged();
    if (rank < 0 || std::cmp_greater(rank, kMaxRank)) return Damaged();
    Shape shape(static_cast<size_t>(rank));
    if (!ReadBytes(shape.data(), shape.size() * sizeof(int64_t))) return Damaged();
    if (!ReadBytes(&size, sizeof(size)) || size < 0 || size > left_) return Damaged();
    std::vector<std::byte> bytes(static_cast<size_t>(size));
    if (!ReadBytes(bytes.data(), bytes.size())) return Damaged();
    // An output that is no tensor (a sequence) has neither type nor bytes.
    if (dtype == static_cast<int64_t>(DType::kUndefined)) return Tensor();
    auto tensor = Tensor::FromBytes(static_cast<DType>(dtype), std::move(shape), std::move(bytes));
    return tensor ? std::move(tensor) : Result<Tensor>(Damaged());
  }

  Error Damaged() const { return pipeline::Damaged(path_); }

  File file_;
  std::string path_;
  int64_t left_;
};

}  // namespace

AnswerRecorder::AnswerRecorder(std::string path, const std::string& key, int64_t max_bytes)
    : path_(std::move(path)), part_(path_ + ".part"), max_bytes_(max_bytes) {
  if (path_.empty()) return;
  file_ = std::fopen(part_.c_str(), "wbe");
  const std::string header = HeaderOf(key);
  if (file_ != nullptr && !WriteBytes(std::as_bytes(std::span(header)))) GiveUp();
}

AnswerRecorder::~AnswerRecorder() { GiveUp(); }

void AnswerRecorder::GiveUp() {
  if (file_ == nullptr) return;
  std::fclose(std::exchange(file_, nullptr));
  std::error_code ignored;
  std::filesystem::remove(part_, ignored);
}

bool AnswerRecorder::WriteBytes(std::span<const std::byte> bytes) {
  digest_.Update(bytes);
  return std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size();
}

bool AnswerRecorder::WriteTensor(const TensorView& view) {
  const int64_t head[] = {static_cast<int64_t>(view.dtype), std::ssize(view.shape)};
  const int64_t size[] = {std::ssize(view.bytes)};
  return WriteBytes(std::as_bytes(std::span(head))) && WriteBytes(std::as_bytes(view.shape)) &&
         WriteBytes(std::as_bytes(std::span(size))) && WriteBytes(view.bytes);
}

void AnswerRecorder::Write(std::span<const TensorView> outputs) {
  if (file_ == nullptr) return;
  for (const TensorView& view : outputs) {
    bytes_ += std::ssize(view.bytes);
    if (bytes_ > max_bytes_ || !WriteTensor(view)) return GiveUp();
  }
}

evaluate::RunnableModel AnswerRecorder::Record(const evaluate::RunnableModel& model) {
  return {model.outputs, [this, run = model.run](std::span<const NamedTensor> inputs,
                                                 const evaluate::RunnableModel::Use& use) {
            return run(inputs, [&](std::span<const TensorView> views) -> Result<void> {
              Write(views);
              return use(views);
            });
          }};
}

void AnswerRecorder::Keep() {
  if (file_ == nullptr) return;
  const std::string digest = digest_.HexDigest();
  if (std::fwrite(digest.data(), 1, digest.size(), file_) != digest.size()) return GiveUp();
  // A file that is named but not on the disk yet would be damaged after a crash.
  if (std::fflush(file_) != 0 || ::fsync(::fileno(file_)) != 0) return GiveUp();
  std::fclose(std::exchange(file_, nullptr));
  std::error_code ignored;
  std::filesystem::rename(part_, path_, ignored);
}

Result<std::optional<evaluate::RunnableModel>> ReplayAnswers(const std::string& path,
                                                             const std::string& key,
                                                             std::vector<ValueInfo> outputs) {
  const auto none = std::optional<evaluate::RunnableModel>();
  File file(std::fopen(path.c_str(), "rbe"));
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (file == nullptr || error) return none;
  const auto reader =
      std::make_shared<AnswerReader>(std::move(file), path, static_cast<int64_t>(size));
  const std::string header = HeaderOf(key);
  if (!reader->BeginsWith(header)) return none;
  if (!reader->EndsWithItsDigest(header)) return Damaged(path);
  const size_t num_outputs = outputs.size();
  return std::optional(evaluate::RunnableModel{
      std::move(outputs),
      [reader, num_outputs](std::span<const NamedTensor>,
                            const evaluate::RunnableModel::Use& use) -> Result<void> {
        TARE_TRY(const auto tensors, reader->ReadRun(num_outputs));
        std::vector<TensorView> views;
        for (const Tensor& tensor : tensors)
          views.push_back({tensor.dtype(), tensor.shape(), tensor.bytes()});
        return use(views);
      }});
}

}  // namespace tare::pipeline
