#include <algorithm>
#include <map>
#include <set>

#include "pipeline/report_sections_internal.h"
#include "tare/core/text.h"
#include "tare/graph/index.h"
#include "tare/tensor/quant_params.h"

namespace tare::pipeline {
namespace {

using quantize::Format;

verdict::Estimate SpeedupEstimate(const runtime::Ratio& ratio) {
  verdict::Estimate estimate;
  estimate.value = ratio.value;
  estimate.low = ratio.low;
  estimate.high = ratio.high;
  estimate.method = "median_ratio";
  return estimate;
}

// Of times that cannot be told apart the greater decides nothing: a stated order does.
std::string ReasonOf(const search::Candidate& candidate, const search::Choice& choice) {
  const auto chosen = std::ranges::find_if(choice.candidates, &search::Candidate::chosen);
  const auto is_behind = [&](const search::Candidate& other) {
    return !other.problem.empty() || chosen == choice.candidates.end() ||
           other.speedup.value <= chosen->speedup.value;
  };
  if (candidate.chosen) {
    return std::ranges::all_of(choice.candidates, is_behind)
               ? "the fastest of those whose outputs hold"
               : "chosen among those whose outputs hold";
  }
  if (!candidate.problem.empty()) return candidate.problem;
  return is_behind(candidate) ? "another one is faster"
                              : "measured faster, but no more than times differ by chance, or size "
                                "was the objective";
}

void AddCandidates(const search::Choice& choice, int64_t float_bytes, double float_latency_ms,
                   verdict::Report& report) {
  verdict::FormatCandidate baseline;
  baseline.format = "float32";
  baseline.speedup.value = 1;
  baseline.size_ratio = 1;
  if (float_latency_ms > 0) baseline.latency_ms = float_latency_ms;
  baseline.chosen = !choice.model;
  baseline.reason = choice.model ? "the baseline" : choice.reason;
  report.candidates.push_back(std::move(baseline));
  for (const search::Candidate& candidate : choice.candidates) {
    verdict::FormatCandidate row;
    row.format = candidate.name;
    row.speedup = SpeedupEstimate(candidate.speedup);
    row.mean_cosine = candidate.closeness.cosine;
    row.least_cosine = candidate.closeness.least_cosine;
    if (candidate.model_bytes > 0 && float_bytes > 0) {
      row.size_ratio =
          static_cast<double>(candidate.model_bytes) / static_cast<double>(float_bytes);
    }
    if (float_latency_ms > 0 && candidate.speedup.value > 0)
      row.latency_ms = float_latency_ms / candidate.speedup.value;
    row.chosen = candidate.chosen;
    if (candidate.chosen) {
      row.fused = choice.fusion.fused;
      row.expected = choice.fusion.expected;
    }
    row.reason = ReasonOf(candidate, choice);
    report.candidates.push_back(std::move(row));
  }
}

int64_t BytesOf(const graph::Graph& graph, const std::string& value) {
  const graph::Initializer* initializer = graph.FindInitializer(value);
  // Constants of shapes and indices are not what the model weighs.
  if (initializer == nullptr || initializer->value == nullptr ||
      !IsFloat(initializer->value->dtype()))
    return 0;
  return static_cast<int64_t>(initializer->value->bytes().size());
}

// The constants of the quantized graph by the node that they serve, DequantizeLinear looked
// through.
class WeightBytes {
 public:
  explicit WeightBytes(const graph::Graph& graph) : index_(graph), graph_(graph) {
    for (const graph::Initializer& initializer : graph.initializers) {
      bytes_[initializer.name] =
          initializer.value ? static_cast<int64_t>(initializer.value->bytes().size()) : 0;
    }
    for (const graph::Node& node : graph.nodes) nodes_[node.name] = &node;
  }

  // Nothing when no node has the name: a dynamic node is several.
  std::optional<int64_t> Of(const std::string& name) const {
    const auto found = nodes_.find(name);
    if (found == nodes_.end()) return std::nullopt;
    std::set<std::string> seen;
    int64_t sum = 0;
    for (const std::string& input : found->second->inputs) sum += Behind(input, seen);
    return sum;
  }

 private:
  int64_t Behind(const std::string& value, std::set<std::string>& seen) const {
    if (const auto found = bytes_.find(value); found != bytes_.end())
      return seen.insert(value).second ? found->second : 0;
    const int64_t producer = index_.Producer(value);
    if (producer < 0) return 0;
    const graph::Node& node = graph_.nodes[static_cast<size_t>(producer)];
    if (node.op_type != "DequantizeLinear" || !bytes_.contains(node.Input(0))) return 0;
    int64_t sum = 0;
    for (const std::string& input : node.inputs) sum += Behind(input, seen);
    return sum;
  }

  graph::GraphIndex index_;
  const graph::Graph& graph_;
  std::map<std::string, int64_t> bytes_;
  std::map<std::string, const graph::Node*> nodes_;
};

// A quarter of the float32 weights, and a scale and a sum or bias a channel.
int64_t EstimatedBytes(int64_t float_bytes) { return float_bytes / 4; }

void AddNodes(const quantize::Prepared& prepared, const search::Choice& choice,
              verdict::Report& report) {
  const WeightBytes quantized(choice.model->graph);
  std::map<std::string, const quantize::NodeChoice*> chosen;
  for (const auto& node : choice.recipe.nodes) chosen[node.node] = &node;
  std::set<std::string> islands;
  for (const auto& island : choice.fusion.islands) islands.insert(island.node);
  for (size_t i = 0; i < prepared.model.graph.nodes.size(); ++i) {
    const graph::Node& node = prepared.model.graph.nodes[i];
    const quantize::Ability& ability = prepared.abilities[i];
    verdict::NodeRow row;
    row.name = node.name;
    row.op = node.op_type;
    for (const std::string& input : node.inputs)
      row.float_bytes += BytesOf(prepared.model.graph, input);
    const auto found = chosen.find(node.name);
    if (found == chosen.end() && row.float_bytes == 0 && ability.role == quantize::Role::kNone)
      continue;
    const Format format = found == chosen.end() ? Format::kFloat32 : found->second->format;
    row.format = quantize::FormatName(format);
    row.quantized_bytes = row.float_bytes;
    if (format != Format::kFloat32) {
      row.quantized_bytes = quantized.Of(node.name).value_or(EstimatedBytes(row.float_bytes));
      row.reason = found->second->reason;
      if (format != Format::kInt8Weights) row.fused = !islands.contains(node.name);
    } else {
      row.reason = ability.role == quantize::Role::kNone ? ability.reason
                                                         : "left in float by the measured choice";
    }
    report.nodes.push_back(std::move(row));
  }
}

// Share of the calibration values in bins outside the range; a bin that the end cuts counts by its
// share.
double ClippedShare(const calibrate::HistogramDigest& histogram, double low, double high) {
  double all = 0;
  double outside = 0;
  const double width = (double{histogram.high} - double{histogram.low}) /
                       static_cast<double>(histogram.counts.size());
  for (size_t i = 0; i < histogram.counts.size(); ++i) {
    const double begin = histogram.low + width * static_cast<double>(i);
    const double inside =
        std::clamp((std::min(begin + width, high) - std::max(begin, low)) / width, 0.0, 1.0);
    all += static_cast<double>(histogram.counts[i]);
    outside += static_cast<double>(histogram.counts[i]) * (1 - inside);
  }
  return all > 0 ? outside / all : 0;
}

verdict::TensorRow RowOf(const quantize::TensorChoice& choice,
                         const calibrate::CalibratedTensor& tensor) {
  verdict::TensorRow row;
  row.name = choice.tensor;
  row.kind = "activation";
  row.dtype = "uint8";
  row.n = tensor.counts.num_values;
  row.min = tensor.min;
  row.max = tensor.max;
  row.low = choice.range.min;
  row.high = choice.range.max;
  row.method = choice.method;
  if (const auto params = AffineParamsFromRange(choice.range, kUint8Grid)) {
    row.scale = {params->scale};
    row.zero_point = {params->zero_point};
    row.low = DequantizeValue(kUint8Grid.quant_min, *params);
    row.high = DequantizeValue(kUint8Grid.quant_max, *params);
  }
  if (row.n > 0)
    row.zero_share = static_cast<double>(tensor.counts.num_zeros) / static_cast<double>(row.n);
  const calibrate::HistogramDigest& histogram = tensor.histogram;
  if (!histogram.counts.empty() && histogram.high > histogram.low) {
    row.histogram_low = histogram.low;
    row.histogram_high = histogram.high;
    row.histogram_counts = histogram.counts;
    row.clipped_share = ClippedShare(histogram, row.low, row.high);
  }
  return row;
}

// In the order in which the graph makes them: inputs, then the outputs of nodes.
void AddTensors(const graph::Graph& graph, const search::Choice& choice,
                const calibrate::CalibrationTable& table, verdict::Report& report) {
  std::map<std::string, const quantize::TensorChoice*> chosen;
  for (const quantize::TensorChoice& tensor : choice.recipe.tensors)
    chosen[tensor.tensor] = &tensor;
  const auto add = [&](const std::string& value) {
    const auto choice_of = chosen.find(value);
    const calibrate::CalibratedTensor* tensor =
        choice_of == chosen.end() ? nullptr : table.Find(value);
    if (tensor != nullptr) report.tensors.push_back(RowOf(*choice_of->second, *tensor));
  };
  for (const graph::Value& input : graph.inputs) add(input.info.name);
  for (const graph::Node& node : graph.nodes) std::ranges::for_each(node.outputs, add);
}

}  // namespace

std::string FormatOf(const quantize::Recipe& recipe) {
  std::set<std::string> formats;
  for (const auto& node : recipe.nodes) {
    if (node.format != Format::kFloat32)
      formats.insert(std::string(quantize::FormatName(node.format)));
  }
  return formats.size() == 1 ? *formats.begin() : "int8_mixed";
}

void AddChoice(const quantize::Prepared& prepared, const search::Choice& choice,
               const calibrate::CalibrationTable& table, const FloatCost& baseline,
               verdict::Report& report) {
  AddCandidates(choice, baseline.bytes, baseline.latency_ms, report);
  if (!choice.model) return;
  verdict::FusionSummary fusion{choice.fusion.expected, choice.fusion.fused, {}};
  for (const auto& island : choice.fusion.islands)
    fusion.islands.push_back({island.node, island.op_type, island.rule, island.reason});
  report.fusion = std::move(fusion);
  AddNodes(prepared, choice, report);
  AddTensors(prepared.model.graph, choice, table, report);
}

}  // namespace tare::pipeline
