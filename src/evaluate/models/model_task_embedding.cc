// Embeddings of models that run, judged by what they find: each sample asks for the others of its
// label.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evaluate/models/judged_samples_internal.h"
#include "evaluate/models/model_task_internal.h"
#include "evaluate/samples/list_tasks_internal.h"
#include "tare/core/parallel.h"
#include "tare/core/text.h"

namespace tare::evaluate {
namespace {

constexpr int64_t kMaxSamples = 20'000;
constexpr int64_t kDepth = 10;
constexpr int64_t kQueries = 8;      // together, so that each document is read once for them
constexpr int64_t kDocuments = 512;  // of a block: its similarities stay in the first cache
constexpr int64_t kChunk = 512;      // queries between two looks at Ctrl-C

bool HoldsVectors(const ValueInfo& output) {
  return IsFloat(output.dtype) && output.shape.size() == 2;
}
bool HoldsTokenVectors(const ValueInfo& output) {
  return IsFloat(output.dtype) && output.shape.size() == 3;
}

// The mask [N, tokens] among the inputs: the tokens that count.
std::vector<float> MaskOf(const EvaluationBatch& batch, int64_t tokens) {
  for (const NamedTensor& input : batch.inputs) {
    const Tensor& value = input.value;
    if (input.name.find("mask") == std::string::npos || value.rank() != 2 ||
        value.shape()[1] != tokens)
      continue;
    if (const auto floats = value.ToFloat32())
      return {floats->data<float>().begin(), floats->data<float>().end()};
  }
  return {};
}

// The vector of one sample: the row, or the mean of its tokens that count.
std::vector<double> Pool(const FloatRows& rows, int64_t row, std::span<const float> mask) {
  const auto values = rows.Row(row);
  if (rows.shape.size() == 1) return {values.begin(), values.end()};
  const auto tokens = static_cast<size_t>(rows.shape[0]);
  const auto size = static_cast<size_t>(rows.shape[1]);
  std::vector<double> mean(size);
  for (size_t t = 0; t < tokens; ++t) {
    if (!mask.empty() && mask[static_cast<size_t>(row) * tokens + t] == 0) continue;
    for (size_t d = 0; d < size; ++d) mean[d] += static_cast<double>(values[t * size + d]);
  }
  return mean;  // its length does not matter
}

// Vectors of length one of one model, [size, n] once all are there.
class UnitVectors {
 public:
  Result<void> Add(std::span<const double> vector, const std::string& name) {
    if (size_ == 0) size_ = std::ssize(vector);
    if (std::ssize(vector) != size_ || size_ == 0) {
      return InvalidArgument(StrCat("output '", name, "' has vectors of ", size_, " and of ",
                                    vector.size(), " numbers"),
                             "give a model whose vectors are of one size");
    }
    const double length =
        std::sqrt(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0));
    if (!std::isfinite(length)) {
      return InvalidArgument(StrCat("output '", name, "' is not finite"),
                             "look for overflow: --task outputs instead counts such values");
    }
    for (const double value : vector)
      rows_.push_back(static_cast<float>(length > 0 ? value / length : 0));
    return {};
  }

  int64_t num() const { return size_ == 0 ? 0 : std::ssize(rows_) / size_; }

  // Documents lie side by side, so that sums run over whole vector registers.
  void Transpose() {
    const int64_t n = num();
    columns_.resize(rows_.size());
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t d = 0; d < size_; ++d)
        columns_[static_cast<size_t>(d * n + i)] = rows_[static_cast<size_t>(i * size_ + d)];
    }
  }

  /// similarities[q * num() + j]: cosine of query first + q with document j.
  void Compare(int64_t first, int64_t count, std::vector<float>& similarities) const {
    const int64_t n = num();
    similarities.assign(static_cast<size_t>(count * n), 0);
    for (int64_t block = 0; block < n; block += kDocuments) {
      const int64_t width = std::min(kDocuments, n - block);
      for (int64_t d = 0; d < size_; ++d) {
        const float* documents = columns_.data() + d * n + block;
        for (int64_t q = 0; q < count; ++q) {
          const float factor = rows_[static_cast<size_t>((first + q) * size_ + d)];
          float* sums = similarities.data() + q * n + block;
          for (int64_t j = 0; j < width; ++j) sums[j] += factor * documents[j];
        }
      }
    }
  }

 private:
  int64_t size_ = 0;
  std::vector<float> rows_, columns_;
};

struct Finding {
  int64_t nearest = -1;
  scores::RetrievalScore one, ten;
};
using Findings = std::vector<std::vector<Finding>>;  // of each model, of each query

// Ranks all samples but the query by similarity, of equal ones the lower number first.
Finding Rank(int64_t query, std::span<const float> similarities, std::span<const int64_t> labels,
             int64_t num_relevant) {
  const auto before = [&](int64_t a, int64_t b) {
    const float x = similarities[static_cast<size_t>(a)];
    const float y = similarities[static_cast<size_t>(b)];
    return x != y ? x > y : a < b;
  };
  std::vector<int64_t> top;  // the first kDepth, in order
  int64_t best = -1;         // the first relevant one
  const int64_t label = labels[static_cast<size_t>(query)];
  for (int64_t j = 0; j < std::ssize(labels); ++j) {
    if (j == query) continue;
    if (labels[static_cast<size_t>(j)] == label && (best < 0 || before(j, best))) best = j;
    if (std::ssize(top) == kDepth && !before(j, top.back())) continue;
    top.insert(std::ranges::upper_bound(top, j, before), j);
    if (std::ssize(top) > kDepth) top.pop_back();
  }
  std::vector<int64_t> places;
  for (int64_t place = 0; place < std::ssize(top); ++place) {
    if (labels[static_cast<size_t>(top[static_cast<size_t>(place)])] == label)
      places.push_back(place + 1);
  }
  if (places.empty()) {
    int64_t ahead = 0;
    for (int64_t j = 0; j < std::ssize(labels); ++j) ahead += j != query && before(j, best) ? 1 : 0;
    places.push_back(ahead + 1);
  }
  return {top[0], scores::ScorePlaces(places, num_relevant, 1),
          scores::ScorePlaces(places, num_relevant, kDepth)};
}

class EmbeddingTask final : public ModelTask {
 public:
  EmbeddingTask(JudgedSamples samples, size_t place, std::string name)
      : samples_(std::move(samples)),
        place_(place),
        name_(std::move(name)),
        vectors_(samples_.sides() == Sides::kPair ? 2 : 1) {}

  Result<void> Add(const EvaluationBatch& batch, std::span<const TensorView> baseline,
                   std::span<const TensorView> candidate) override {
    if (std::ssize(batch.labels) != batch.num_valid) {
      return InvalidArgument(
          StrCat("a batch of ", batch.num_valid, " samples has ", batch.labels.size(), " labels"),
          "name the array that says which samples belong together, or use --task outputs");
    }
    if (std::ssize(labels_) + batch.num_valid > kMaxSamples) {
      return ResourceExhausted(
          StrCat("every sample is compared with every other: more than ",
                 WithThousands(kMaxSamples), " are too many"),
          StrCat("give at most ", kMaxSamples, ": --samples, or samples of the test split"));
    }
    const std::vector<double> label(batch.labels.begin(), batch.labels.end());
    TARE_TRY(const auto bits, samples_.SlicesOf(batch, label));
    const std::span<const TensorView> views[] = {baseline, candidate};
    for (size_t side = 0; side < vectors_.size(); ++side) {
      const TensorView& view = views[side][place_];
      TARE_TRY(const FloatRows rows, ReadFloatRows(view, batch.num_valid, name_));
      if (rows.shape.empty() || rows.shape.size() > 2) {
        return InvalidArgument(StrCat("output '", name_, "' of shape ", ShapeText(view.shape),
                                      " holds no vector a sample"),
                               "name an output [samples, size] or [samples, tokens, size]");
      }
      const auto mask =
          rows.shape.size() == 2 ? MaskOf(batch, rows.shape[0]) : std::vector<float>();
      for (int64_t i = 0; i < batch.num_valid; ++i)
        TARE_TRY_VOID(vectors_[side].Add(Pool(rows, i, mask), name_));
    }
    labels_.insert(labels_.end(), batch.labels.begin(), batch.labels.end());
    bits_.insert(bits_.end(), bits.begin(), bits.end());
    AppendColumns(batch);
    return {};
  }

  Result<TestEvidence> Finish(const Progress& progress) override {
    for (UnitVectors& vectors : vectors_) vectors.Transpose();
    const auto n = std::ssize(labels_);
    std::vector<int64_t> num_relevant(labels_.size());
    for (size_t i = 0; i < labels_.size(); ++i)
      num_relevant[i] = std::ranges::count(labels_, labels_[i]) - 1;
    Findings found(vectors_.size(), std::vector<Finding>(labels_.size()));
    for (int64_t first = 0; first < n; first += kChunk) {
      if (progress.cancelled()) return Cancelled();
      const int64_t count = std::min(kChunk, n - first);
      ParallelFor((count + kQueries - 1) / kQueries, NumProcessors(), [&](int64_t block) {
        const int64_t begin = first + block * kQueries;
        RankBlock(begin, std::min(kQueries, first + count - begin), num_relevant, found);
      });
    }
    return Compare(num_relevant, found);
  }

 private:
  void AppendColumns(const EvaluationBatch& batch) {
    all_.columns.resize(batch.columns.size());
    for (size_t c = 0; c < batch.columns.size(); ++c) {
      const auto& [name, values] = batch.columns[c];
      all_.columns[c].name = name;
      all_.columns[c].values.insert(all_.columns[c].values.end(), values.begin(), values.end());
    }
  }

  void RankBlock(int64_t first, int64_t count, const std::vector<int64_t>& num_relevant,
                 Findings& found) const {
    std::vector<float> similarities;
    for (size_t side = 0; side < vectors_.size(); ++side) {
      vectors_[side].Compare(first, count, similarities);
      for (int64_t q = 0; q < count; ++q) {
        const auto query = static_cast<size_t>(first + q);
        if (num_relevant[query] == 0) continue;
        const auto row = std::span(similarities)
                             .subspan(static_cast<size_t>(q) * labels_.size(), labels_.size());
        found[side][query] = Rank(first + q, row, labels_, num_relevant[query]);
      }
    }
  }

  Result<TestEvidence> Compare(const std::vector<int64_t>& num_relevant, const Findings& found) {
    const bool is_pair = found.size() == 2;
    std::vector<double> rows[2];
    for (size_t side = 0; side < found.size(); ++side) rows[side].resize(samples_.width());
    int64_t alone = 0;
    for (size_t i = 0; i < labels_.size(); ++i) {
      if (num_relevant[i] == 0) {
        ++alone;
        continue;
      }
      for (size_t side = 0; side < found.size(); ++side)
        MeasureRanking(found[side][i].one, found[side][i].ten, rows[side]);
      TARE_TRY_VOID(samples_.Add(
          all_, i,
          {rows[0], rows[1], is_pair && found[0][i].nearest != found[1][i].nearest, bits_[i]}));
    }
    if (samples_.num_samples() == 0) {
      return InvalidArgument(
          "no two samples have the same label",
          "give labels that say which samples belong together, or use --task outputs");
    }
    TestEvidence evidence = samples_.Finish();
    if (alone > 0) {
      evidence.warnings.push_back(
          {StrCat(WithThousands(alone), " of ", WithThousands(std::ssize(labels_)),
                  " samples are the only ones of their label and ask for nothing"),
           "they are still among those that the others may find"});
    }
    return evidence;
  }

  JudgedSamples samples_;
  size_t place_;
  std::string name_;
  std::vector<UnitVectors> vectors_;  // of each model
  std::vector<int64_t> labels_;
  std::vector<uint64_t> bits_;
  EvaluationBatch all_;  // the columns of all batches
};

}  // namespace

Result<std::unique_ptr<ModelTask>> MakeEmbeddingTask(const std::vector<ValueInfo>& outputs,
                                                     const EvaluateOptions& options, Sides sides) {
  TARE_TRY(const size_t place,
           FindOutput(outputs, options.score_output, {HoldsVectors, HoldsTokenVectors},
                      "one vector a sample"));
  TARE_TRY(auto samples, JudgedSamples::Create(RankingSchema(), options.test, sides));
  return std::unique_ptr<ModelTask>(
      std::make_unique<EmbeddingTask>(std::move(samples), place, outputs[place].name));
}

}  // namespace tare::evaluate
