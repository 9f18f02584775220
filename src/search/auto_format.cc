// The search of ChooseFormats, in four steps:
//
//   1. candidates  plans of each format and scope, and the same without the nodes whose work is small
//                  beside the data they move (an int8 island pays one Q and one DQ for each element)
//   2. measure     load each, run the check samples, compare with float; time all interleaved
//   3. repair      where a static plan is fast but breaks the outputs: each node alone in int8, ranked
//                  by the damage it does; bisection over how many of the worst stay float
//   4. verdict     the fastest that holds, timed once more against float alone
//
// What was measured and why it was not taken is kept for the user.

#include "tare/search/auto_format.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "tare/core/text.h"
#include "tare/graph/index.h"
#include "tare/graph/onnx.h"
#include "tare/quantize/apply.h"
#include "tare/runtime/compare.h"
#include "tare/runtime/profile.h"
#include "search/kernel_plan_internal.h"

namespace tare::search {
namespace {

using quantize::Ability;
using quantize::Format;
using quantize::NodeChoice;
using quantize::Role;
using quantize::Scope;

constexpr int64_t kCheckBatch = 8;
constexpr size_t kMaxRankedNodes = 64;  // more are ranked in groups of neighbours
constexpr size_t kRankRuns = 1;
// A broken candidate is worth repairing when it is this much faster than the best sound one.
constexpr double kWorthRepair = 1.1;
constexpr double kRepairMargin = 0.75;
constexpr double kRounds = 40;
constexpr size_t kFinalists = 3;
// Speeds closer than this are equal.
constexpr double kTie = 0.97;
constexpr Scope kScopes[] = {Scope::kChain, Scope::kCompute, Scope::kGates, Scope::kAll};

// A candidate with what it takes to run it.
struct Built {
  quantize::Recipe recipe;
  graph::Model model;
  std::unique_ptr<runtime::Session> session;
};

class Search {
 public:
  Search(const graph::Model& source, const quantize::Prepared& prepared, const Samples& samples,
         const AutoOptions& options, Progress& progress)
      : source_(source),
        prepared_(prepared),
        samples_(samples),
        options_(options),
        formats_(options.formats.empty() ? AutoFormats(options.goal) : options.formats),
        progress_(progress) {}

  Result<Choice> Run() {
    TARE_TRY_VOID(LoadFloat());
    TARE_TRY_VOID(Observe());
    TARE_TRY_VOID(MeasurePlans());
    TARE_TRY_VOID(RepairBest());
    return Decide();
  }

 private:
  using Outputs = std::vector<Tensor>;

  // ---- the float side ---------------------------------------------------------------------

  Result<void> LoadFloat() {
    TARE_TRY(auto session, runtime::MakeSession(source_, options_.session));
    float_session_ = std::make_unique<runtime::Session>(std::move(session));
    const data::Feed& feed = samples_.check_feed != nullptr ? *samples_.check_feed : *samples_.feed;
    const int64_t batch = feed.BatchOf(kCheckBatch);
    for (size_t at = 0; at < samples_.check.size(); at += static_cast<size_t>(batch)) {
      const auto part =
          std::span(samples_.check)
              .subspan(at, std::min(static_cast<size_t>(batch), samples_.check.size() - at));
      TARE_TRY(auto inputs, feed.Read(part));
      TARE_TRY(auto outputs, float_session_->Run(inputs.inputs));
      check_inputs_.push_back(std::move(inputs));
      float_outputs_.push_back(std::move(outputs));
    }
    TARE_TRY(single_, feed.Read(std::span(samples_.check).first(1)));
    const runtime::TimingOptions brief{.budget_ms = 10, .min_rounds = 3, .max_rounds = 20};
    TARE_TRY(float_ms_, runtime::TimeAlone(*float_session_, single_.inputs, brief));
    // About kRounds rounds of a pair: enough for an interval of a few per cent.
    budget_ms_ = std::clamp(2 * kRounds * float_ms_, std::min(10.0, options_.timing_budget_ms),
                            options_.timing_budget_ms);
    return {};
  }

  // ---- calibration ------------------------------------------------------------------------

  std::vector<NodeChoice> Everything() const {
    return quantize::PlanStatic(prepared_.model, prepared_.abilities, Scope::kAll, {});
  }

  bool Wants(Format format) const { return formats_.contains(format); }
  bool WantsStatic() const { return Wants(Format::kInt8Static); }
  // A format asked for by name is taken though nothing is gained.
  bool IsForced() const { return formats_.size() == 1; }

  // Values for the widest plan serve the narrower ones, where a mover that is left out makes its
  // output a value of its own.
  Result<void> Observe() {
    if (!WantsStatic() || prepared_.model.opset() < 10) return {};
    std::set<std::string> values;
    for (const Scope scope : kScopes) {
      const auto nodes = quantize::PlanStatic(prepared_.model, prepared_.abilities, scope, {});
      for (auto& value : quantize::ValuesToCalibrate(prepared_.model, prepared_.abilities, nodes))
        values.insert(std::move(value));
    }
    // Graph inputs are no outputs of a node; the runtime takes them as outputs all the same.
    const std::vector<std::string> taps(values.begin(), values.end());
    if (taps.empty()) return {};
    TARE_TRY(const auto tapped,
             runtime::MakeSession(runtime::WithOutputs(prepared_.model, taps), options_.session));
    TARE_TRY(choice_.observations,
             ObserveValues(tapped, *samples_.feed, samples_.calibration, progress_));
    for (const auto& tensor : choice_.observations.tensors) {
      const auto& counts = tensor.statistics.counts();
      elements_[tensor.name] =
          static_cast<double>(counts.num_values) /
          static_cast<double>(std::max<int64_t>(1, choice_.observations.num_samples));
      if (tensor.statistics.broken() || tensor.statistics.masked() || counts.num_values == 0)
        unusable_.insert(tensor.name);
    }
    ExcludeUnusable();
    return {};
  }

  // Nodes that would need the range of a tensor with NaN or mask values stay float.
  void ExcludeUnusable() {
    for (size_t i = 0; i < prepared_.abilities.size(); ++i) {
      const graph::Node& node = prepared_.model.graph.nodes[i];
      const bool touches = std::any_of(node.inputs.begin(), node.inputs.end(),
                                       [&](const auto& v) { return unusable_.contains(v); }) ||
                           std::any_of(node.outputs.begin(), node.outputs.end(),
                                       [&](const auto& v) { return unusable_.contains(v); });
      if (touches && prepared_.abilities[i].role != Role::kNone) excluded_.push_back(node.name);
    }
  }

  // ---- plans ------------------------------------------------------------------------------

  void AddPlan(std::string name, std::vector<NodeChoice> nodes) {
    const bool computes = std::any_of(nodes.begin(), nodes.end(), [](const NodeChoice& choice) {
      return choice.op_type == "Conv" || choice.op_type == "MatMul" || choice.op_type == "Gemm" ||
             choice.op_type == "LSTM" || choice.format == Format::kInt8Weights;
    });
    const bool known =
        std::any_of(choice_.candidates.begin(), choice_.candidates.end(),
                    [&](const Candidate& candidate) { return candidate.nodes == nodes; });
    if (!computes || known) return;
    Candidate candidate;
    candidate.name = std::move(name);
    candidate.nodes = std::move(nodes);
    choice_.candidates.push_back(std::move(candidate));
  }

  void AddStaticPlans() {
    for (const Scope scope : kScopes) {
      AddPlan(StrCat("static, ", quantize::ScopeName(scope)),
              quantize::PlanStatic(prepared_.model, prepared_.abilities, scope, excluded_));
    }
  }

  // For each static plan that runs: the same without the nodes that are faster in float, by a cut
  // over the kernel times of both.
  Result<void> AddKernelPlans() {
    const int num_runs =
        std::clamp(static_cast<int>(options_.timing_budget_ms / std::max(0.01, float_ms_)), 3, 15);
    std::optional<runtime::KernelTimes> float_times;
    const size_t num_plans = choice_.candidates.size();
    for (size_t i = 0; i < num_plans; ++i) {
      if (progress_.cancelled()) return Cancelled();
      const Candidate candidate = choice_.candidates[i];
      const bool is_static = candidate.nodes.front().format == Format::kInt8Static &&
                             candidate.nodes.back().format == Format::kInt8Static;
      if (!is_static || candidate.speedup.value == 0) continue;
      if (!float_times) {
        TARE_TRY(float_times, runtime::ProfileKernels(prepared_.model, single_.inputs,
                                                      options_.session, num_runs));
      }
      TARE_TRY(const Built built, Build(candidate.nodes));
      TARE_TRY(const auto int8_times,
               runtime::ProfileKernels(built.model, single_.inputs, options_.session, num_runs));
      std::vector<std::string> excluded =
          NodesBetterInFloat(prepared_, candidate.nodes, *float_times, int8_times, elements_);
      if (excluded.empty()) continue;
      excluded.insert(excluded.end(), excluded_.begin(), excluded_.end());
      AddPlan(candidate.name + ", fast nodes", PlanWithin(candidate.nodes, excluded));
    }
    return {};
  }

  // A static plan over the nodes of another one, less those excluded; what no longer has quantized
  // neighbours falls out too.
  std::vector<NodeChoice> PlanWithin(const std::vector<NodeChoice>& nodes,
                                     std::vector<std::string> excluded) const {
    std::set<std::string> kept;
    for (const NodeChoice& choice : nodes) kept.insert(choice.node);
    for (const Ability& ability : prepared_.abilities) {
      if (!kept.contains(ability.node)) excluded.push_back(ability.node);
    }
    return quantize::PlanStatic(prepared_.model, prepared_.abilities, Scope::kAll, excluded);
  }

  // Dynamic MatMul beside static Conv, in graph order.
  void AddMixedPlan() {
    std::vector<std::string> excluded = excluded_;
    std::map<std::string, NodeChoice> dynamic;
    for (const NodeChoice& choice : quantize::PlanDynamic(prepared_.abilities, {})) {
      dynamic[choice.node] = choice;
      excluded.push_back(choice.node);
    }
    auto nodes =
        quantize::PlanStatic(prepared_.model, prepared_.abilities, Scope::kChain, excluded);
    if (nodes.empty() || dynamic.empty()) return;
    std::map<std::string, NodeChoice> all = dynamic;
    for (const NodeChoice& choice : nodes) all[choice.node] = choice;
    std::vector<NodeChoice> ordered;
    for (const Ability& ability : prepared_.abilities) {
      const auto found = all.find(ability.node);
      if (found != all.end()) ordered.push_back(found->second);
    }
    AddPlan("static Conv, dynamic MatMul", std::move(ordered));
  }

  void AddPlans() {
    if (WantsStatic() && !choice_.observations.tensors.empty()) AddStaticPlans();
    if (Wants(Format::kInt8Dynamic)) {
      AddPlan("dynamic", quantize::PlanDynamic(prepared_.abilities, {}));
      std::vector<std::string> small;
      for (const Ability& ability : prepared_.abilities) {
        if (ability.dynamic_int8 && ability.weight_elements < 16384) small.push_back(ability.node);
      }
      AddPlan("dynamic, large weights", quantize::PlanDynamic(prepared_.abilities, small));
    }
    if (WantsStatic() && Wants(Format::kInt8Dynamic)) AddMixedPlan();
    if (Wants(Format::kInt8Weights))
      AddPlan("int8 weights", quantize::PlanWeights(prepared_.abilities));
  }

  // ---- measuring --------------------------------------------------------------------------

  Result<Built> Build(const std::vector<NodeChoice>& nodes) const {
    Built built;
    built.recipe.nodes = nodes;
    TARE_TRY_VOID(FillRanges(built.recipe, prepared_, choice_.observations, options_.method));
    TARE_TRY(built.model, quantize::ApplyRecipe(prepared_.model, built.recipe));
    TARE_TRY(auto session, runtime::MakeSession(built.model, options_.session));
    built.session = std::make_unique<runtime::Session>(std::move(session));
    return built;
  }

  // Cosine of every float output over the first `num_runs` check runs.
  Result<Closeness> CompareRuns(const runtime::Session& session, size_t num_runs) const {
    const size_t num_outputs = float_outputs_.empty() ? 0 : float_outputs_[0].size();
    std::vector<runtime::PairSums> whole(num_outputs);
    std::vector<double> sum(num_outputs, 0);
    std::vector<double> least(num_outputs, 1);
    std::vector<int64_t> count(num_outputs, 0);
    for (size_t run = 0; run < std::min(num_runs, check_inputs_.size()); ++run) {
      TARE_TRY(const auto outputs, session.Run(check_inputs_[run].inputs));
      for (size_t o = 0; o < num_outputs; ++o) {
        CompareOutput(float_outputs_[run][o], outputs[o], check_inputs_[run].num_valid,
                      [&](const runtime::PairSums& row) {
                        whole[o] += row;
                        sum[o] += row.Cosine();
                        least[o] = std::min(least[o], row.Cosine());
                        ++count[o];
                      });
      }
    }
    Closeness closeness{1, 1, ""};
    for (size_t o = 0; o < num_outputs; ++o) {
      if (count[o] == 0) continue;
      const double cosine = std::min(sum[o] / static_cast<double>(count[o]), whole[o].Cosine());
      closeness.least_cosine = std::min(closeness.least_cosine, least[o]);
      if (closeness.worst_output.empty() || cosine < closeness.cosine) {
        closeness.cosine = cosine;
        closeness.worst_output = float_session_->outputs()[o].name;
      }
    }
    return closeness;
  }

  // Sample by sample where the first axis is the batch, else the whole tensor.
  static void CompareOutput(const Tensor& a, const Tensor& b, int64_t num_valid,
                            const std::function<void(const runtime::PairSums&)>& use) {
    if (a.dtype() == DType::kUndefined || a.num_elements() == 0) return;
    const bool rows = a.rank() >= 1 && a.shape()[0] > 1 && a.shape()[0] >= num_valid &&
                      b.shape() == a.shape() && num_valid > 1;
    if (!rows) {
      use(runtime::ComparePair(runtime::ViewOf(a), runtime::ViewOf(b)));
      return;
    }
    for (int64_t row = 0; row < num_valid; ++row) {
      const Tensor x = a.Rows(row, row + 1);
      const Tensor y = b.Rows(row, row + 1);
      use(runtime::ComparePair(runtime::ViewOf(x), runtime::ViewOf(y)));
    }
  }

  bool Holds(const Closeness& closeness) const {
    return closeness.cosine >= 1 - options_.tolerance;
  }

  // A repair is tuned on the check samples until it just holds there: it must hold with some to
  // spare, or half of all repairs would fail on other samples.
  bool HoldsWithMargin(const Closeness& closeness) const {
    return closeness.cosine >= 1 - kRepairMargin * options_.tolerance;
  }

  // Loads, checks and times one candidate; a failure is its problem, not the run's.
  void Measure(Candidate& candidate) {
    auto built = Build(candidate.nodes);
    if (!built) {
      candidate.problem = built.error().what;
      return;
    }
    if (const auto bytes = graph::SerializeOnnx(built->model))
      candidate.model_bytes = static_cast<int64_t>(bytes->size());
    const auto closeness = CompareRuns(*built->session, check_inputs_.size());
    if (!closeness) {
      candidate.problem = closeness.error().what;
      return;
    }
    candidate.closeness = *closeness;
    Time(candidate, *built->session);
    if (!Holds(candidate.closeness)) {
      candidate.problem = StrCat("output '", candidate.closeness.worst_output, "' moves: cosine ",
                                 Fixed(candidate.closeness.cosine, 4));
    } else if (!IsFast(candidate) && options_.goal == Goal::kSpeed && !IsForced()) {
      candidate.problem = StrCat("not faster: ", SpeedText(candidate));
    }
  }

  runtime::TimingOptions Timing(double budget_ms) const {
    const bool one_thread = options_.session.num_threads == 1;
    return {.budget_ms = budget_ms, .clock = one_thread ? runtime::ThreadNs : runtime::MonotonicNs};
  }

  bool HasBatch() const { return !check_inputs_.empty() && check_inputs_[0].num_valid > 1; }

  void Time(Candidate& candidate, const runtime::Session& session) const {
    const runtime::Session* pair[] = {float_session_.get(), &session};
    if (const auto times = runtime::TimeInterleaved(pair, single_.inputs, Timing(budget_ms_))) {
      candidate.speedup = runtime::SpeedupOf((*times)[0], (*times)[1]);
    }
    if (!HasBatch()) return;
    if (const auto times =
            runtime::TimeInterleaved(pair, check_inputs_[0].inputs, Timing(budget_ms_))) {
      candidate.batch_speedup = runtime::SpeedupOf((*times)[0], (*times)[1]);
    }
  }

  static std::string SpeedText(const Candidate& candidate) {
    return StrCat(Fixed(candidate.speedup.value, 2), "x [", Fixed(candidate.speedup.low, 2), ", ",
                  Fixed(candidate.speedup.high, 2), "]");
  }

  // Faster at one sample, and not slower at several.
  bool IsFast(const Candidate& candidate) const {
    const bool batch_holds =
        candidate.batch_speedup.value == 0 || candidate.batch_speedup.value >= 1.0;
    return candidate.speedup.low >= options_.min_speedup && batch_holds;
  }

  static double Score(const Candidate& candidate) {
    const double batch = candidate.batch_speedup.value;
    return batch == 0 ? candidate.speedup.value : std::sqrt(candidate.speedup.value * batch);
  }

  Result<void> MeasurePlans() {
    AddPlans();
    progress_.Begin("choose", static_cast<int64_t>(choice_.candidates.size()));
    if (WantsStatic() && IsForced() && !choice_.candidates.empty()) {
      // Asked for by name: the plan with every fusable node, unless it breaks the outputs or is slow.
      Measure(choice_.candidates[0]);
      if (choice_.candidates[0].problem.empty() && IsFast(choice_.candidates[0])) {
        choice_.candidates.resize(1);
        progress_.End("");
        return {};
      }
    }
    TARE_TRY_VOID(MeasureFrom(0));
    const size_t num_plans = choice_.candidates.size();
    if (WantsStatic() && options_.goal == Goal::kSpeed) {
      TARE_TRY_VOID(AddKernelPlans());
      TARE_TRY_VOID(MeasureFrom(num_plans));
    }
    progress_.End("");
    return {};
  }

  Result<void> MeasureFrom(size_t first) {
    for (size_t i = first; i < choice_.candidates.size(); ++i) {
      if (progress_.cancelled()) return Cancelled();
      if (choice_.candidates[i].speedup.value == 0) Measure(choice_.candidates[i]);
      progress_.Update(static_cast<int64_t>(i + 1));
    }
    return {};
  }

  // ---- repair -----------------------------------------------------------------------------

  // Sound candidates, the best first.
  std::vector<size_t> Sound() const {
    std::vector<size_t> sound;
    for (size_t i = 0; i < choice_.candidates.size(); ++i) {
      if (choice_.candidates[i].problem.empty()) sound.push_back(i);
    }
    const auto better = [&](size_t a, size_t b) {
      const Candidate& x = choice_.candidates[a];
      const Candidate& y = choice_.candidates[b];
      return options_.goal == Goal::kSize ? x.model_bytes < y.model_bytes : Score(x) > Score(y);
    };
    std::stable_sort(sound.begin(), sound.end(), better);
    return sound;
  }

  // The broken candidates that would be worth more than the best sound one.
  Result<void> RepairBest() {
    std::vector<size_t> broken;
    const auto sound = Sound();
    const double bar =
        sound.empty() ? options_.min_speedup : kWorthRepair * Score(choice_.candidates[sound[0]]);
    for (size_t i = 0; i < choice_.candidates.size(); ++i) {
      const Candidate& candidate = choice_.candidates[i];
      const bool moved = candidate.speedup.value > 0 && !Holds(candidate.closeness);
      if (moved && Score(candidate) > bar) broken.push_back(i);
    }
    std::sort(broken.begin(), broken.end(), [&](size_t a, size_t b) {
      return Score(choice_.candidates[a]) > Score(choice_.candidates[b]);
    });
    constexpr size_t kMaxRepairs = 2;
    if (broken.size() > kMaxRepairs) broken.resize(kMaxRepairs);
    for (const size_t i : broken) {
      TARE_TRY_VOID(Repair(choice_.candidates[i]));
    }
    return {};
  }

  // Damage of each compute or element node when it alone is quantized: squared relative error of
  // the worst output.
  Result<std::vector<std::pair<double, std::string>>> RankNodes(const Candidate& candidate) {
    std::vector<const NodeChoice*> ranked;
    for (const NodeChoice& choice : candidate.nodes) {
      graph::Node probe;
      probe.op_type = choice.op_type;
      if (!quantize::IsMoverOp(probe) || choice.format != Format::kInt8Static)
        ranked.push_back(&choice);
    }
    const size_t group = (ranked.size() + kMaxRankedNodes - 1) / kMaxRankedNodes;
    std::vector<std::pair<double, std::string>> damages;
    progress_.Begin("rank", static_cast<int64_t>(ranked.size()));
    for (size_t at = 0; at < ranked.size(); at += group) {
      if (progress_.cancelled()) return Cancelled();
      std::vector<NodeChoice> alone;
      for (size_t k = at; k < std::min(at + group, ranked.size()); ++k) alone.push_back(*ranked[k]);
      const double damage = DamageOf(alone);
      for (const NodeChoice& choice : alone) damages.emplace_back(damage, choice.node);
      progress_.Update(static_cast<int64_t>(at + group));
    }
    progress_.End("");
    std::stable_sort(damages.begin(), damages.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    return damages;
  }

  double DamageOf(const std::vector<NodeChoice>& nodes) const {
    const auto built = Build(nodes);
    if (!built) return INFINITY;
    const auto closeness = CompareRuns(*built->session, kRankRuns);
    return closeness ? 1 - closeness->cosine : INFINITY;
  }

  std::vector<NodeChoice> Without(const Candidate& candidate,
                                  const std::vector<std::pair<double, std::string>>& ranked,
                                  size_t count) const {
    std::set<std::string> out;
    for (size_t i = 0; i < count; ++i) out.insert(ranked[i].second);
    const bool is_static =
        std::none_of(candidate.nodes.begin(), candidate.nodes.end(),
                     [](const NodeChoice& choice) { return choice.format != Format::kInt8Static; });
    if (is_static) return PlanWithin(candidate.nodes, {out.begin(), out.end()});
    std::vector<NodeChoice> nodes;
    for (const NodeChoice& choice : candidate.nodes) {
      if (!out.contains(choice.node)) nodes.push_back(choice);
    }
    return nodes;
  }

  // The fewest of the worst nodes that must stay float, by bisection over the ranking.
  Result<void> Repair(const Candidate& broken_ref) {
    const Candidate broken = broken_ref;
    TARE_TRY(const auto ranked, RankNodes(broken));
    size_t low = 0;               // breaks
    size_t high = ranked.size();  // holds: nothing quantized
    while (high - low > 1) {
      if (progress_.cancelled()) return Cancelled();
      const size_t middle =
          low + std::max<size_t>(1, (high - low) / (low == 0 && high == ranked.size() ? 4 : 2));
      const auto built = Build(Without(broken, ranked, middle));
      const auto closeness = built ? CompareRuns(*built->session, check_inputs_.size())
                                   : Result<Closeness>(Closeness{});
      (closeness && HoldsWithMargin(*closeness) ? high : low) = middle;
    }
    if (high >= ranked.size()) return {};
    Candidate repaired;
    repaired.name = StrCat(broken.name, ", ", high, " of ", ranked.size(), " nodes in float");
    repaired.nodes = Without(broken, ranked, high);
    Measure(repaired);
    choice_.candidates.push_back(std::move(repaired));
    return {};
  }

  // ---- verdict ----------------------------------------------------------------------------

  // The best few against float in one interleaved run; the winner is what the user gets.
  Result<Choice> Decide() {
    std::vector<size_t> finalists = Sound();
    if (finalists.size() > kFinalists) finalists.resize(kFinalists);
    const bool timed = options_.goal == Goal::kSpeed && !IsForced();
    if (timed && !finalists.empty()) {
      TARE_TRY_VOID(TimeAgain(finalists));
    }
    for (const size_t i : Sound()) {
      if (std::find(finalists.begin(), finalists.end(), i) != finalists.end())
        return Take(PreferFused(i, finalists));
    }
    choice_.reason = WhyNone();
    return std::move(choice_);
  }

  Result<void> TimeAgain(const std::vector<size_t>& finalists) {
    std::vector<Built> built;
    std::vector<const runtime::Session*> sessions = {float_session_.get()};
    for (const size_t i : finalists) {
      TARE_TRY(auto one, Build(choice_.candidates[i].nodes));
      built.push_back(std::move(one));
      sessions.push_back(built.back().session.get());
    }
    const double budget_ms = budget_ms_ * static_cast<double>(sessions.size());
    const auto retime = [&](const std::vector<NamedTensor>& inputs,
                            runtime::Ratio Candidate::*ratio) -> Result<void> {
      TARE_TRY(const auto times, runtime::TimeInterleaved(sessions, inputs, Timing(budget_ms)));
      for (size_t k = 0; k < finalists.size(); ++k)
        choice_.candidates[finalists[k]].*ratio = runtime::SpeedupOf(times[0], times[k + 1]);
      return {};
    };
    TARE_TRY_VOID(retime(single_.inputs, &Candidate::speedup));
    if (HasBatch()) {
      TARE_TRY_VOID(retime(check_inputs_[0].inputs, &Candidate::batch_speedup));
    }
    for (const size_t i : finalists) {
      Candidate& candidate = choice_.candidates[i];
      if (!IsFast(candidate))
        candidate.problem = StrCat("not faster when timed again: ", SpeedText(candidate));
    }
    return {};
  }

  // Among equals the plan with more static nodes: less of it depends on the run, and more of the
  // file is int8. Measured ties must not decide by noise.
  size_t PreferFused(size_t best, const std::vector<size_t>& finalists) const {
    // Static convolutions, products and sums; then few other quantized nodes: a last Sigmoid in 8 bits
    // rounds small probabilities to 0 and gains nothing.
    const auto rank = [&](size_t i) {
      static const std::set<std::string> kArithmetic = {"Conv", "ConvTranspose", "Gemm", "MatMul",
                                                        "Add"};
      int64_t num_static = 0;
      int64_t num_others = 0;
      for (const quantize::NodeChoice& node : choice_.candidates[i].nodes) {
        const bool is_static = node.format == quantize::Format::kInt8Static;
        num_static += is_static && kArithmetic.contains(node.op_type) ? 1 : 0;
        num_others += is_static && !kArithmetic.contains(node.op_type) ? 1 : 0;
      }
      return std::pair(num_static, -num_others);
    };
    size_t preferred = best;
    for (const size_t i : finalists) {
      const Candidate& candidate = choice_.candidates[i];
      const bool equal =
          candidate.problem.empty() && Score(candidate) >= kTie * Score(choice_.candidates[best]);
      if (equal && options_.goal == Goal::kSpeed && rank(i) > rank(preferred)) preferred = i;
    }
    return preferred;
  }

  Result<Choice> Take(size_t i) {
    Candidate& candidate = choice_.candidates[i];
    TARE_TRY(Built built, Build(candidate.nodes));
    candidate.chosen = true;
    TARE_TRY(choice_.fusion, quantize::CountFused(built.model, built.recipe, options_.session));
    choice_.reason = StrCat(candidate.name, ": ", Fixed(candidate.speedup.value, 2),
                            "x as fast, cosine ", Fixed(candidate.closeness.cosine, 4));
    choice_.recipe = std::move(built.recipe);
    choice_.recipe.left_out = prepared_.left_out;
    choice_.model = std::move(built.model);
    return std::move(choice_);
  }

  std::string WhyNone() const {
    const Candidate* fastest = nullptr;
    for (const Candidate& candidate : choice_.candidates) {
      if (fastest == nullptr || Score(candidate) > Score(*fastest)) fastest = &candidate;
    }
    if (fastest == nullptr) return "no format can be applied to this model";
    return StrCat("nothing to gain here: the fastest, ", fastest->name, ", is ",
                  SpeedText(*fastest), " with cosine ", Fixed(fastest->closeness.cosine, 4),
                  "; a new file must be surely ", Fixed(options_.min_speedup, 2), "x");
  }

  const graph::Model& source_;
  const quantize::Prepared& prepared_;
  const Samples& samples_;
  const AutoOptions& options_;
  const Formats formats_;
  Progress& progress_;

  std::unique_ptr<runtime::Session> float_session_;
  double float_ms_ = 0;   // of one sample
  double budget_ms_ = 0;  // for timing one candidate
  std::vector<data::FeedBatch> check_inputs_;
  std::vector<Outputs> float_outputs_;
  data::FeedBatch single_;
  std::map<std::string, double> elements_;  // of observed values, a sample
  std::set<std::string> unusable_;
  std::vector<std::string> excluded_;
  Choice choice_;
};

}  // namespace

Formats AutoFormats(Goal goal) {
  Formats formats = {Format::kInt8Static, Format::kInt8Dynamic};
  if (goal == Goal::kSize) formats.insert(Format::kInt8Weights);
  return formats;
}

Result<Choice> ChooseFormats(const graph::Model& source, const quantize::Prepared& prepared,
                             const Samples& samples, const AutoOptions& options,
                             Progress& progress) {
  return Search(source, prepared, samples, options, progress).Run();
}

}  // namespace tare::search
