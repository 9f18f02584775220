#include "tare/evaluate/models/outputs.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <limits>
#include <optional>

#include "tare/core/text.h"
#include "tare/runtime/compare.h"
#include "tare/stats/scores.h"

namespace tare::evaluate {
namespace {

constexpr int64_t kMaxScoreClasses = 200'000;
// Rows looked at to decide what an output is.
constexpr size_t kRowsToLookAt = 64;
// A fault strains without end; a report holds numbers.
constexpr double kMostStrain = 1e6;

bool NameHas(std::string name, std::span<const std::string_view> parts) {
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::ranges::any_of(parts,
                             [&](auto part) { return name.find(part) != std::string::npos; });
}

bool HaveUnitLength(std::span<const float> values, size_t width) {
  for (size_t row = 0; row + width <= values.size(); row += width) {
    double squares = 0;
    for (const float x : values.subspan(row, width)) squares += double{x} * x;
    if (!(std::abs(squares - 1) < 1e-3)) return false;
  }
  return true;
}

bool LooksLikeScores(const std::string& name, const TensorView& first) {
  constexpr std::array<std::string_view, 4> kScores = {"logit", "prob", "softmax", "score"};
  constexpr std::array<std::string_view, 4> kFeatures = {"embed", "feature", "hidden", "pool"};
  const int64_t width = first.shape.empty() ? 0 : first.shape.back();
  if (first.dtype != DType::kFloat32 || first.shape.size() < 2 || width < 2 ||
      width > kMaxScoreClasses) {
    return false;
  }
  const auto all = first.data<float>();
  const auto size = static_cast<size_t>(width);
  const auto rows = all.first(std::min(all.size() / size, kRowsToLookAt) * size);
  if (stats::LookLikeProbabilities(rows, width) || NameHas(name, kScores)) return true;
  return first.shape.size() == 2 && !NameHas(name, kFeatures) && !HaveUnitLength(rows, size);
}

template <class T>
int64_t CountNonFinite(std::span<const T> values) {
  return std::ranges::count_if(values, [](T value) { return !std::isfinite(value); });
}

int64_t NonFinite(const TensorView& view) {
  if (view.dtype == DType::kFloat32) return CountNonFinite(view.data<float>());
  if (view.dtype == DType::kFloat64) return CountNonFinite(view.data<double>());
  return 0;
}

// The first `rows` of the first axis, without copying.
TensorView FirstRows(const TensorView& view, int64_t rows, std::vector<int64_t>& shape) {
  const auto all = static_cast<size_t>(view.shape.front());
  const size_t width = all == 0 ? 0 : view.bytes.size() / all;
  shape.assign(view.shape.begin(), view.shape.end());
  shape.front() = rows;
  return {view.dtype, shape, view.bytes.first(static_cast<size_t>(rows) * width)};
}

verdict::Share CountFlippedRows(const TensorView& a, const TensorView& b) {
  const auto width = static_cast<size_t>(a.shape.back());
  const auto first = a.data<float>();
  const auto second = b.data<float>();
  verdict::Share out;
  for (size_t row = 0; row + width <= first.size(); row += width, ++out.n) {
    const int64_t before = stats::ArgMax(first.subspan(row, width));
    out.count += before != stats::ArgMax(second.subspan(row, width)) ? 1 : 0;
  }
  return out;
}

verdict::Share CountEqual(const TensorView& a, const TensorView& b) {
  const auto width = static_cast<size_t>(std::max(1, BitWidth(a.dtype) / 8));
  verdict::Share out;
  for (size_t at = 0; at + width <= a.bytes.size(); at += width, ++out.n) {
    out.count += std::equal(a.bytes.begin() + static_cast<ptrdiff_t>(at),
                            a.bytes.begin() + static_cast<ptrdiff_t>(at + width),
                            b.bytes.begin() + static_cast<ptrdiff_t>(at))
                     ? 1
                     : 0;
  }
  return out;
}

// What has been collected of one output.
struct OutputState {
  ValueInfo info;
  std::optional<bool> is_scores;  // decided by the first run
  verdict::Share flips, agreement;
  int64_t non_finite_baseline = 0, non_finite_candidate = 0;

  // What is counted over all valid rows at once.
  void AddRows(const TensorView& a, const TensorView& b) {
    if (!IsFloat(a.dtype)) {
      const verdict::Share equal = CountEqual(a, b);
      agreement.count += equal.count;
      agreement.n += equal.n;
      return;
    }
    non_finite_baseline += NonFinite(a);
    non_finite_candidate += NonFinite(b);
    if (!is_scores && !a.bytes.empty()) is_scores = LooksLikeScores(info.name, a);
    if (!is_scores.value_or(false)) return;
    const verdict::Share flipped = CountFlippedRows(a, b);
    flips.count += flipped.count;
    flips.n += flipped.n;
  }
};

stats::BootstrapDistribution BootstrapRelativeError(std::span<const runtime::PairSums> samples,
                                                    const stats::BootstrapOptions& options) {
  double errors = 0;
  double squares = 0;
  for (const auto& sample : samples) {
    errors += sample.squared_error;
    squares += sample.aa;
  }
  std::vector<double> left_out;
  for (const auto& sample : samples) {
    left_out.push_back(std::sqrt(std::max(0.0, errors - sample.squared_error) /
                                 std::max(squares - sample.aa, 1e-300)));
  }
  const double accelerations[] = {stats::Acceleration(left_out)};
  const auto statistic = [&](std::span<const uint32_t> indices, std::span<double> values) {
    double top = 0;
    double bottom = 0;
    for (const uint32_t i : indices) {
      top += samples[i].squared_error;
      bottom += samples[i].aa;
    }
    values[0] = top == 0 ? 0 : bottom > 0 ? std::sqrt(top / bottom) : NAN;
  };
  return stats::BootstrapIndices(static_cast<int64_t>(samples.size()), accelerations, statistic,
                                 options)
      .front();
}

void FinishFloats(const OutputState& state, std::span<const runtime::PairSums> samples,
                  const OutputsOptions& options, verdict::OutputCloseness& out) {
  out.non_finite_baseline = state.non_finite_baseline;
  out.non_finite_candidate = state.non_finite_candidate;
  if (state.is_scores.value_or(false)) out.flips = state.flips;
  out.n = std::ssize(samples);
  if (samples.empty()) {
    out.cosine = verdict::Estimate{.value = std::numeric_limits<double>::quiet_NaN()};
    return;
  }
  const auto bootstrap = stats::WithinBudget(options.bootstrap, out.n);
  std::vector<double> cosines;
  for (const auto& sample : samples) cosines.push_back(sample.Cosine());
  out.least_cosine = *std::ranges::min_element(cosines);
  const std::span<const double> columns[] = {cosines};
  out.cosine = verdict::BootstrapEstimate(stats::BootstrapMeans(columns, bootstrap).front(), out.n,
                                          options.confidence);
  // Samples with non-finite differences have no relative error.
  if (std::ranges::any_of(cosines, [](double c) { return c == -1; }) &&
      state.non_finite_baseline + state.non_finite_candidate > 0) {
    return;
  }
  verdict::Estimate error = verdict::BootstrapEstimate(BootstrapRelativeError(samples, bootstrap),
                                                       out.n, options.confidence);
  if (!std::isfinite(error.value)) return;
  if (error.value > 0) out.snr_db = -20 * std::log10(error.value);
  out.relative_error = std::move(error);
}

}  // namespace

struct OutputsEvaluation::State {
  OutputsOptions options;
  std::vector<OutputState> outputs;
  std::optional<runtime::OutputsComparison> comparison;
  int64_t num_samples = 0;

  Result<void> Check(std::span<const TensorView> baseline,
                     std::span<const TensorView> candidate) const;
  const runtime::OutputLayout& LayoutOf(size_t output) const { return options.layouts[output]; }
};

Result<void> OutputsEvaluation::State::Check(std::span<const TensorView> baseline,
                                             std::span<const TensorView> candidate) const {
  if (baseline.size() != outputs.size() || candidate.size() != outputs.size()) {
    return InvalidArgument(StrCat("a run gave ", baseline.size(), " and ", candidate.size(),
                                  " outputs where ", outputs.size(), " are compared"),
                           "compare two models with the same outputs");
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    const TensorView& a = baseline[i];
    const TensorView& b = candidate[i];
    // The rows of a list may be more or fewer: they are matched.
    const bool is_list = LayoutOf(i).list >= 0 && a.shape.size() == b.shape.size();
    if (a.dtype == b.dtype && (is_list || std::ranges::equal(a.shape, b.shape))) continue;
    return InvalidArgument(StrCat("output '", outputs[i].info.name, "' is ", DTypeName(a.dtype),
                                  " ", ShapeText(a.shape), " in the baseline and ",
                                  DTypeName(b.dtype), " ", ShapeText(b.shape), " in the candidate"),
                           "compare two models with the same outputs");
  }
  return {};
}

OutputsEvaluation::OutputsEvaluation(std::unique_ptr<State> state) : state_(std::move(state)) {}
OutputsEvaluation::OutputsEvaluation(OutputsEvaluation&&) noexcept = default;
OutputsEvaluation& OutputsEvaluation::operator=(OutputsEvaluation&&) noexcept = default;
OutputsEvaluation::~OutputsEvaluation() = default;

Result<OutputsEvaluation> OutputsEvaluation::Create(std::vector<ValueInfo> outputs,
                                                    OutputsOptions options) {
  TARE_TRY_VOID(stats::CheckBootstrap(options.bootstrap, options.confidence));
  auto state = std::make_unique<State>();
  state->options = std::move(options);
  state->options.layouts.resize(outputs.size());
  std::vector<std::string> names;
  for (const auto& info : outputs) names.push_back(info.name);
  state->comparison.emplace(std::move(names), state->options.layouts);
  for (auto& info : outputs) {
    state->outputs.emplace_back();
    state->outputs.back().info = std::move(info);
  }
  return OutputsEvaluation(std::move(state));
}

Result<void> OutputsEvaluation::Add(std::span<const TensorView> baseline,
                                    std::span<const TensorView> candidate, int64_t num_valid) {
  TARE_TRY_VOID(state_->Check(baseline, candidate));
  state_->comparison->Add(baseline, candidate, num_valid);
  int64_t samples = 1;
  std::vector<int64_t> first_shape, second_shape;
  for (size_t i = 0; i < baseline.size(); ++i) {
    OutputState& output = state_->outputs[i];
    const auto axis = state_->LayoutOf(i).batch_axis;
    if (axis >= 0 && axis < std::ssize(baseline[i].shape)) {
      samples = std::clamp<int64_t>(num_valid, 0, baseline[i].shape[static_cast<size_t>(axis)]);
    }
    if (!std::ranges::equal(baseline[i].shape, candidate[i].shape)) continue;
    if (axis == 0) {
      output.AddRows(FirstRows(baseline[i], samples, first_shape),
                     FirstRows(candidate[i], samples, second_shape));
    } else {
      output.AddRows(baseline[i], candidate[i]);
    }
  }
  state_->num_samples += samples;
  return {};
}

int64_t OutputsEvaluation::num_samples() const { return state_->num_samples; }

std::vector<verdict::OutputCloseness> OutputsEvaluation::Finish() const {
  const auto evidence = state_->comparison->Evidence();
  std::vector<verdict::OutputCloseness> out;
  for (size_t i = 0; i < state_->outputs.size(); ++i) {
    const OutputState& output = state_->outputs[i];
    verdict::OutputCloseness closeness;
    closeness.name = output.info.name;
    closeness.shape = output.info.shape;
    closeness.n = state_->num_samples;
    const bool integer = output.agreement.n > 0 || !IsFloat(output.info.dtype);
    if (integer) {
      closeness.agreement = output.agreement;
    } else {
      FinishFloats(output, state_->comparison->Samples(i), state_->options, closeness);
    }
    if (evidence[i].n > 0) {
      const auto judged = runtime::Judge(evidence[i], state_->options.tolerance);
      closeness.judged = verdict::OutputJudgement{
          runtime::MeasureName(judged.measure), judged.value, judged.bound, judged.holds(),
          std::min(judged.strain, kMostStrain), judged.Text()};
    }
    out.push_back(std::move(closeness));
  }
  return out;
}

void SetOutputsEvidence(std::vector<verdict::OutputCloseness> outputs, int64_t n,
                        verdict::Evidence& evidence) {
  for (const auto& output : outputs) {
    if (output.judged && !output.judged->holds) {
      evidence.warnings.push_back(
          {StrCat("the outputs move: ", output.judged->text),
           "see what each measure sees and allows: docs/guide/closeness.md"});
    }
    if (output.non_finite_baseline + output.non_finite_candidate == 0) continue;
    evidence.warnings.push_back(
        {StrCat("output '", output.name, "' holds NaN or infinity: ", output.non_finite_baseline,
                " elements in the baseline, ", output.non_finite_candidate, " in the candidate"),
         "look at the samples that cause it; equal positions count as equal"});
  }
  if (evidence.n == 0) evidence.n = n;
  evidence.outputs = std::move(outputs);
}

}  // namespace tare::evaluate
