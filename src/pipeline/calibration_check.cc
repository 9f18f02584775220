#include <algorithm>
#include <cmath>
#include <map>

#include "pipeline/calibration_check_internal.h"
#include "tare/core/text.h"
#include "tare/data/labels.h"
#include "tare/data/splits.h"
#include "tare/graph/canonical.h"
#include "tare/graph/index.h"
#include "tare/runtime/analysis.h"
#include "tare/stats/quantile.h"

namespace tare::pipeline {
namespace {

constexpr size_t kLookedAt = 64;
constexpr size_t kAlikeLookedAt = 32;
constexpr size_t kLabelled = 128;
constexpr int64_t kRunBatch = 8;
constexpr int64_t kLeastChannels = 4;
// Real models on their own data stay within 0.8, on pictures at half brightness they reach 2.2; at
// [-1, 1] where ImageNet's normalisation is meant it is 2.7, at [0, 1] 4.4, at raw bytes 11
// (docs/guide/calibration.md).
constexpr double kWrongLog2Ratio = 2.5;
constexpr double kWrongShift = 3;
constexpr double kPointsMore = 0.1;
// Answers that differ by less are one answer; class scores of one class all through, by less than a
// hundredth: right data give 0.13 and more, images divided by 255 twice 0.002.
constexpr double kSameAnswers = 1e-5;
constexpr double kSameScores = 0.01;
constexpr int64_t kLeastClasses = 3;
constexpr int64_t kLeastAnswers = 8;
constexpr double kRight = 0.95;
constexpr int64_t kLargeModelBytes = int64_t{512} << 20;

const std::string kTrust = "or --trust-data if they are right as they are";

// ---- samples --------------------------------------------------------------------------------------

bool IsZero(const Tensor& tensor) {
  return std::ranges::all_of(tensor.bytes(), [](std::byte b) { return b == std::byte{0}; });
}

Result<void> LookAtInputs(const CalibrationData& data, CalibrationEvidence& evidence) {
  const auto some = data.samples.first(std::min(kAlikeLookedAt, data.samples.size()));
  std::optional<data::FeedBatch> first;
  evidence.alike = evidence.zero = some.size() > 1;
  for (const int64_t sample : some) {
    if (!evidence.alike) break;
    TARE_TRY(auto batch, data.feed->Read(std::span(&sample, 1)));
    ++evidence.num_looked_at;
    for (size_t i = 0; i < batch.inputs.size(); ++i) {
      evidence.zero = evidence.zero && IsZero(batch.inputs[i].value);
      evidence.alike =
          evidence.alike && (!first || batch.inputs[i].value == first->inputs[i].value);
    }
    if (!first) first = std::move(batch);
  }
  return {};
}

// ---- norms and answers ------------------------------------------------------------------------------

// Sums over samples and places of each channel.
struct ChannelSums {
  std::vector<double> sum, squares;
  double count = 0;

  void Add(const TensorView& view) {
    if (view.dtype != DType::kFloat32 || view.shape.size() < 2) return;
    const auto values = view.data<float>();
    const auto channels = static_cast<size_t>(view.shape[1]);
    const auto rows = static_cast<size_t>(view.shape[0]);
    if (rows * channels == 0) return;
    sum.resize(channels);
    squares.resize(channels);
    const size_t inner = values.size() / (rows * channels);
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t channel = i / inner % channels;
      sum[channel] += double{values[i]};
      squares[channel] += double{values[i]} * double{values[i]};
    }
    count += static_cast<double>(rows * inner);
  }
};

// An output without the samples on its first axis is one row.
bool HasNanInEachRow(const TensorView& view, int64_t rows) {
  if (view.dtype != DType::kFloat32 || view.bytes.empty()) return false;
  const auto values = view.data<float>();
  const bool by_sample = !view.shape.empty() && view.shape[0] == rows;
  const size_t width = values.size() / (by_sample ? static_cast<size_t>(rows) : 1);
  for (size_t at = 0; at < values.size(); at += width) {
    const auto row = values.subspan(at, width);
    if (!std::ranges::any_of(row, [](float value) { return std::isnan(value); })) return false;
  }
  return true;
}

// The mean, and the mean square, of each element of an output over the samples.
struct AnswerSums {
  std::vector<double> sum;
  double squares = 0;
  int64_t count = 0;
  bool always_nan = true;
  bool usable = true;
  bool one_class = true;  // the greatest value of each row [N, C] has one place
  std::optional<int64_t> first_class;

  void Add(const TensorView& view, int64_t rows) {
    always_nan = always_nan && HasNanInEachRow(view, rows);
    usable = usable && view.dtype == DType::kFloat32 && !view.shape.empty() &&
             view.shape[0] == rows && !view.bytes.empty();
    if (!usable) return;
    const auto values = view.data<float>();
    const size_t width = values.size() / static_cast<size_t>(rows);
    if (sum.empty()) sum.resize(width);
    usable = sum.size() == width;
    for (size_t i = 0; usable && i < values.size(); ++i) {
      sum[i % width] += double{values[i]};
      squares += double{values[i]} * double{values[i]};
    }
    count += rows;
    one_class = one_class && view.shape.size() == 2 && view.shape[1] >= kLeastClasses;
    for (size_t at = 0; one_class && at < values.size(); at += width) {
      const auto row = values.subspan(at, width);
      const int64_t best = std::ranges::max_element(row) - row.begin();
      one_class = best == first_class.value_or(best);
      first_class = best;
    }
  }

  std::optional<double> Spread() const {
    if (!usable || count == 0 || !std::isfinite(squares)) return std::nullopt;
    const auto n = static_cast<double>(count);
    double means = 0;
    for (const double value : sum) means += value / n * (value / n);
    // Nothing but zeros answers nothing.
    return squares == 0 ? 0 : std::sqrt(std::max(0.0, 1 - means * n / squares));
  }
};

struct Norm {
  std::string node, input;
  std::vector<float> mean, variance;
};

std::optional<std::vector<float>> ConstantOf(const graph::GraphIndex& index,
                                             const std::string& name) {
  const graph::SharedTensor* constant = index.Constant(name);
  if (constant == nullptr || *constant == nullptr) return std::nullopt;
  const auto floats = (*constant)->ToFloat32();
  if (!floats) return std::nullopt;
  return std::vector<float>(floats->data<float>().begin(), floats->data<float>().end());
}

bool AllSame(const std::vector<float>& values) {
  return std::ranges::all_of(values, [&](float value) { return value == values[0]; });
}

// Statistics or weights that no training has touched: one number all through, or made in the graph.
bool IsUntrained(const graph::Graph& graph, const graph::GraphIndex& index, const Norm& norm) {
  if (AllSame(norm.mean) || AllSame(norm.variance)) return true;
  const int64_t producer = index.Producer(norm.input);
  if (producer < 0) return false;
  const graph::Node& node = graph.nodes[static_cast<size_t>(producer)];
  if (!node.Is("Conv") && !node.Is("Gemm") && !node.Is("MatMul")) return false;
  const auto weight = ConstantOf(index, node.Input(1));
  return !weight || AllSame(*weight);
}

std::optional<Norm> FirstNorm(const graph::Model& source) {
  graph::Model model = source;
  graph::LiftConstants(model);
  const graph::GraphIndex index(model.graph);
  for (const graph::Node& node : model.graph.nodes) {
    if (!node.Is("BatchNormalization")) continue;
    auto mean = ConstantOf(index, node.Input(3));
    auto variance = ConstantOf(index, node.Input(4));
    if (!mean || !variance || std::ssize(*mean) < kLeastChannels) return std::nullopt;
    Norm norm{node.name.empty() ? node.outputs[0] : node.name, node.Input(0), *std::move(mean),
              *std::move(variance)};
    if (IsUntrained(model.graph, index, norm)) return std::nullopt;
    return norm;
  }
  return std::nullopt;
}

std::optional<NormEvidence> CompareNorm(const Norm& norm, const ChannelSums& seen) {
  if (seen.count == 0 || seen.sum.size() != norm.mean.size()) return std::nullopt;
  std::vector<double> ratios, shifts;
  for (size_t c = 0; c < norm.mean.size(); ++c) {
    const double mean = seen.sum[c] / seen.count;
    const double variance = std::max(0.0, seen.squares[c] / seen.count - mean * mean);
    const double running = double{norm.variance[c]};
    if (!(running > 1e-10)) continue;  // a channel that never fired in training
    ratios.push_back(std::log2(std::max(variance, 1e-30) / running));
    shifts.push_back(std::abs(mean - double{norm.mean[c]}) / std::sqrt(running));
  }
  if (std::ssize(ratios) < kLeastChannels) return std::nullopt;
  return NormEvidence{norm.node, stats::MedianOf(ratios), stats::MedianOf(shifts)};
}

int64_t BytesOf(const graph::Graph& graph) {
  int64_t bytes = 0;
  for (const graph::Initializer& constant : graph.initializers)
    bytes += constant.value ? std::ssize(constant.value->bytes()) : 0;
  return bytes;
}

Result<void> LookAtRuns(const CalibrationData& data, const Progress& progress,
                        CalibrationEvidence& evidence) {
  const graph::Model& source = data.model->source();
  const auto norm = FirstNorm(source);
  // One more session of a large model costs more than its answers are likely to tell.
  if (!norm && BytesOf(source.graph) > kLargeModelBytes) return {};
  std::vector<std::string> taps;
  for (const graph::Value& output : source.graph.outputs) taps.push_back(output.info.name);
  const size_t num_outputs = taps.size();
  if (norm) taps.push_back(norm->input);
  TARE_TRY(const auto session,
           runtime::MakeSession(runtime::WithOutputs(source, taps), data.model->request().session));
  const auto some = data.samples.first(std::min(kLookedAt, data.samples.size()));
  data::FeedReader reader(*data.feed, some, kRunBatch);
  std::vector<AnswerSums> answers(num_outputs);
  ChannelSums channels;
  while (true) {
    if (progress.cancelled()) return Cancelled();
    TARE_TRY(const auto batch, reader.Next());
    if (!batch) break;
    // Rows that only fill a fixed batch repeat the last: they count as samples here.
    const int64_t rows = runtime::RowsOf(*batch);
    TARE_TRY_VOID(
        session.RunViews(batch->inputs, [&](std::span<const TensorView> views) -> Result<void> {
          for (size_t i = 0; i < num_outputs; ++i) answers[i].Add(views[i], rows);
          if (norm) channels.Add(views[num_outputs]);
          return {};
        }));
  }
  if (norm) evidence.norm = CompareNorm(*norm, channels);
  for (size_t i = 0; i < num_outputs; ++i) {
    if (answers[i].always_nan && !some.empty()) evidence.nan_output = taps[i];
  }
  for (const AnswerSums& answer : answers) {
    const auto spread = answer.Spread();
    if (!spread || *spread <= evidence.answer_spread.value_or(-1)) continue;
    evidence.answer_spread = spread;
    evidence.num_answers = answer.count;
    evidence.one_class = answer.one_class;
  }
  // An output that is not read so may vary.
  if (!std::ranges::all_of(answers, [](const AnswerSums& answer) { return answer.usable; }))
    evidence.answer_spread.reset();
  return {};
}

// ---- labels -----------------------------------------------------------------------------------------

// The array of labels: the one given, or the only one that is called so.
std::string LabelOf(const CalibrationData& data) {
  if (!data.label.empty()) return data.label;
  std::string found;
  for (const data::ArrayInfo& array : data.dataset->arrays()) {
    const bool column = array.sample_shape.empty() || array.sample_shape == Shape{1};
    const bool feeds =
        std::ranges::find(data.feed->arrays(), array.name) != data.feed->arrays().end();
    if (!column || feeds || IsFloat(array.dtype) || !data::IsNamedLikeLabels(array.name)) continue;
    if (!found.empty()) return "";
    found = array.name;
  }
  return found;
}

// As the model is fed, but for the preprocessing of its images.
Result<data::Feed> FeedBy(const CalibrationData& data, const ImageInput& image, const Way& way) {
  const auto& inputs = data.model->inputs();
  const std::string& name = inputs[image.input].name;
  std::vector<data::InputBinding> bindings = {
      {name, data.feed->arrays()[image.input], way.preprocessing()}};
  for (const data::InputBinding& other : data.model->request().bindings) {
    if (!other.input.empty() && other.input != name) bindings.push_back(other);
  }
  return data::Feed::Bind(*data.dataset, inputs, bindings, data.label);
}

// What cannot be read as labels or scores is no evidence.
void LookAtLabels(const CalibrationData& data, CalibrationEvidence& evidence) {
  const auto image = FindImageInput(*data.dataset, data.model->inputs(), data.feed->arrays());
  LabelEvidence found;
  found.label = LabelOf(data);
  if (!image || found.label.empty()) return;
  const auto some = data.samples.first(std::min(kLabelled, data.samples.size()));
  const auto labels = data::ReadLabels(*data.dataset, found.label, some);
  if (!labels) return;
  const auto session =
      runtime::Session::FromFile(data.model->request().path, data.model->request().session);
  const auto as_fed =
      session ? ShareRight(*session, *data.feed, some, *labels) : Result<double>(0.0);
  if (!session || !as_fed) return;
  found.n = std::ssize(some);
  found.as_fed = found.best = *as_fed;
  for (const Way& way : UsualWays(image->channels)) {
    if (found.as_fed >= kRight) break;  // no way is 10 points better
    auto feed = FeedBy(data, *image, way);
    const auto share = feed ? ShareRight(*session, *feed, some, *labels) : Result<double>(0.0);
    if (!share || *share <= found.best) continue;
    found.best = *share;
    found.way = way;
  }
  evidence.labels = std::move(found);
}

std::string Percent(double share) { return StrCat(Fixed(100 * share, 1), " %"); }

Result<void> JudgeSamples(const CalibrationEvidence& evidence) {
  if (evidence.num_samples < 2) {
    return FailedPrecondition(
        "there is only one sample: ranges that are found on it cannot be checked on another",
        "give more samples that differ as real ones do: 300 are usual");
  }
  if (!evidence.alike) return {};
  return FailedPrecondition(
      StrCat("the first ", evidence.num_looked_at, " samples are all ",
             evidence.zero ? "zero" : "alike", ": no range of real inputs can be found on them"),
      StrCat("give real samples, ", kTrust));
}

Result<void> JudgeNorm(const NormEvidence& norm, bool raw_images) {
  const bool scale = std::abs(norm.log2_variance_ratio) > kWrongLog2Ratio;
  if (!scale && norm.mean_shift <= kWrongShift) return {};
  return FailedPrecondition(
      StrCat("the inputs are not prepared as in training: what reaches '", norm.node, "' has ",
             Fixed(std::exp2(norm.log2_variance_ratio), norm.log2_variance_ratio < 0 ? 6 : 1),
             " times the variance that this BatchNormalization was trained on, and a mean ",
             Fixed(norm.mean_shift, 1), " standard deviations away (medians over its channels)"),
      StrCat(raw_images ? "the images are fed as numbers from 0 to 255: " : "",
             "give the preprocessing of the training (--scale 1/255 --mean M --std S), once, ",
             kTrust));
}

Result<void> JudgeLabels(const LabelEvidence& labels) {
  if (labels.best - labels.as_fed < kPointsMore) return {};
  const std::string flags = labels.way.Flags();
  return FailedPrecondition(
      StrCat("as they are fed, the float model gets ", Percent(labels.as_fed), " of ", labels.n,
             " samples right by '", labels.label, "'; with ", labels.way.about, " it gets ",
             Percent(labels.best)),
      StrCat(flags.empty() ? "leave --scale, --mean and --std out" : StrCat("give ", flags), ", ",
             kTrust));
}

}  // namespace

Result<CalibrationEvidence> LookAtCalibration(const CalibrationData& data,
                                              const Progress& progress) {
  CalibrationEvidence evidence;
  evidence.num_samples = data.feed->num_samples();
  evidence.raw_images = data.feed->has_raw_images();
  TARE_TRY_VOID(LookAtInputs(data, evidence));
  if (evidence.alike || evidence.num_samples < 2) return evidence;
  TARE_TRY(const auto probes, ReadProbes(*data.feed, data.samples, 1));
  TARE_TRY_VOID(data.model->Try(probes, progress));
  LookAtLabels(data, evidence);
  TARE_TRY_VOID(LookAtRuns(data, progress, evidence));
  return evidence;
}

Result<void> JudgeCalibration(const CalibrationEvidence& evidence) {
  TARE_TRY_VOID(JudgeSamples(evidence));
  if (evidence.labels) TARE_TRY_VOID(JudgeLabels(*evidence.labels));
  if (evidence.norm) TARE_TRY_VOID(JudgeNorm(*evidence.norm, evidence.raw_images));
  return {};
}

Result<void> JudgeAnswers(const CalibrationEvidence& evidence) {
  if (!evidence.nan_output.empty()) {
    return FailedPrecondition(
        StrCat("the float model has NaN in its answer to every sample, in output '",
               evidence.nan_output, "': what is NaN cannot be compared"),
        StrCat("give inputs prepared as in training, or repair the model, ", kTrust));
  }
  const bool same = evidence.answer_spread && evidence.num_answers >= kLeastAnswers &&
                    *evidence.answer_spread < (evidence.one_class ? kSameScores : kSameAnswers);
  if (!same) return {};
  return FailedPrecondition(
      StrCat("the float model answers ", evidence.num_answers,
             " different samples alike: its outputs differ by ", *evidence.answer_spread,
             " of their size", evidence.one_class ? ", and all name one class" : ""),
      StrCat(evidence.raw_images
                 ? "the images are fed as numbers from 0 to 255: give the preprocessing of the "
                   "training (--scale 1/255 --mean M --std S), "
                 : "give inputs prepared as in training, once, ",
             kTrust));
}

Result<CalibrationEvidence> CheckCalibration(const CalibrationData& data,
                                             const Progress& progress) {
  TARE_TRY(auto evidence, LookAtCalibration(data, progress));
  TARE_TRY_VOID(JudgeCalibration(evidence));
  return evidence;
}

}  // namespace tare::pipeline
