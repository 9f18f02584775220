// The search of ChooseFormats, in four steps:
//
//   1. candidates  plans of each format and scope, and the same without the nodes whose work is
//                  small beside the data they move (an int8 island pays one Q and one DQ for each
//                  element)
//   2. measure     load each, compare a few samples with float and time a few rounds: who is clearly
//                  wrong or clearly slower is dropped there
//   3. repair      where a static plan is fast but breaks the outputs: each node alone in int8,
//                  ranked by the damage it does; bisection over how many of the worst stay float
//   4. decision    all samples and more rounds for the few that are left; the fastest that holds
//
// What was measured and why it was not taken is kept for the user.

#include "tare/search/auto_format.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "search/auto_format_internal.h"
#include "search/candidates_internal.h"
#include "search/decision_internal.h"
#include "search/kernel_plan_internal.h"
#include "search/repair_internal.h"
#include "tare/core/strcat.h"
#include "tare/graph/canonical.h"

namespace tare::search {
namespace {

using quantize::Format;
using quantize::NodeChoice;

constexpr size_t kRankRuns = 1;

class Search {
 public:
  Search(const quantize::Prepared& prepared, const Observed& observed, const Bench& bench,
         const AutoOptions& options, Progress& progress)
      : prepared_(prepared),
        observed_(observed),
        bench_(bench),
        options_(options),
        progress_(progress) {}

  Result<Choice> Run() {
    candidates_ = FirstCandidates(prepared_, options_, observed_);
    TARE_TRY_VOID(MeasureAll());
    TARE_TRY_VOID(ConfirmFinalists());
    progress_.End("");
    return Take(Decide(candidates_, confirmed_, options_));
  }

 private:
  bool Allows(Format format) const { return FormatsOf(options_).contains(format); }

  bool IsConfirmed(size_t i) const {
    return std::find(confirmed_.begin(), confirmed_.end(), i) != confirmed_.end();
  }

  // The whole check for the best of those that are left, until the best of all has had it.
  Result<void> ConfirmFinalists() {
    while (true) {
      TARE_TRY_VOID(RepairBroken());
      auto finalists = Finalists(candidates_, options_);
      if (finalists.empty() || IsConfirmed(finalists[0])) return {};
      if (progress_.cancelled()) return Cancelled();
      std::erase_if(finalists, [this](size_t i) { return IsConfirmed(i); });
      TARE_TRY_VOID(bench_.Confirm(candidates_, finalists));
      confirmed_.insert(confirmed_.end(), finalists.begin(), finalists.end());
    }
  }

  void MeasureOne(Candidate& candidate) {
    bench_.Measure(candidate, [this] { progress_.Update(++ticks_); });
  }

  Result<void> MeasureAll() {
    progress_.Begin("choose", kMeasureTicks * std::ssize(candidates_));
    if (IsForced(options_) && Allows(Format::kInt8Static) && !candidates_.empty()) {
      // Asked for by name: the plan with every fusable node, unless it breaks the outputs or is
      // slow.
      TARE_TRY_VOID(Measure(0));
      if (candidates_[0].problem.empty()) {
        TARE_TRY_VOID(bench_.Confirm(candidates_, std::array{size_t{0}}));
        confirmed_.push_back(0);
      }
      if (candidates_[0].problem.empty() && IsFast(candidates_[0], options_)) {
        candidates_.resize(1);
        return {};
      }
    }
    TARE_TRY_VOID(MeasureFrom(0));
    const size_t num_plans = candidates_.size();
    if (Allows(Format::kInt8Static) && options_.goal == Goal::kSpeed) {
      TARE_TRY_VOID(AddKernelPlans());
      TARE_TRY_VOID(MeasureFrom(num_plans));
    }
    return {};
  }

  // Measures a plan; one that does not load or run, without the nodes that keep it from it.
  Result<void> Measure(size_t i) {
    MeasureOne(candidates_[i]);
    if (candidates_[i].runs) return {};
    const std::vector<NodeChoice> nodes = candidates_[i].nodes;
    const auto runs = [this](const std::vector<NodeChoice>& plan) {
      return bench_.Try(plan, kRankRuns).has_value();
    };
    // Plans of one model mostly stumble over the same nodes.
    std::vector<std::string> in_float;
    for (const NodeChoice& choice : nodes) {
      if (blockers_.contains(choice.node)) in_float.push_back(choice.node);
    }
    if (in_float.empty() || !runs(PlanWithout(prepared_, nodes, in_float))) {
      TARE_TRY(in_float, NodesThatDoNotRun(prepared_, nodes, runs, progress_));
    }
    if (in_float.empty()) return {};
    blockers_.insert(in_float.begin(), in_float.end());
    Candidate rest;
    rest.nodes = PlanWithout(prepared_, nodes, in_float);
    rest.name = StrCat(
        candidates_[i].name, ", ",
        in_float.size() == 1 ? StrCat("'", in_float[0], "'") : StrCat(in_float.size(), " nodes"),
        " in float");
    const bool is_known =
        std::any_of(candidates_.begin(), candidates_.end(),
                    [&](const Candidate& other) { return other.nodes == rest.nodes; });
    if (is_known || !IsWorthIntegers(rest.nodes)) return {};
    MeasureOne(rest);
    candidates_[i] = std::move(rest);
    return {};
  }

  Result<void> MeasureFrom(size_t first) {
    for (size_t i = first; i < candidates_.size(); ++i) {
      if (progress_.cancelled()) return Cancelled();
      if (!candidates_[i].runs && candidates_[i].problem.empty()) {
        TARE_TRY_VOID(Measure(i));
      }
    }
    return {};
  }

  // For each static plan that runs: the same without the nodes that are faster in float, by a cut
  // over the kernel times of both.
  Result<void> AddKernelPlans() {
    std::optional<runtime::KernelTimes> float_times;
    const size_t num_plans = candidates_.size();
    for (size_t i = 0; i < num_plans; ++i) {
      if (progress_.cancelled()) return Cancelled();
      const Candidate candidate = candidates_[i];  // a copy: the list grows
      const bool is_static = candidate.nodes.front().format == Format::kInt8Static &&
                             candidate.nodes.back().format == Format::kInt8Static;
      if (!is_static || candidate.speedup.value == 0) continue;
      if (!float_times) {
        TARE_TRY(float_times, bench_.Profile(prepared_.model));
      }
      TARE_TRY(const Made made, bench_.Make(candidate.nodes));
      TARE_TRY(const auto int8_times, bench_.Profile(made.model));
      std::vector<std::string> excluded = NodesBetterInFloat(
          prepared_, candidate.nodes, *float_times, int8_times, observed_.elements);
      if (excluded.empty()) continue;
      excluded.insert(excluded.end(), observed_.unranged.begin(), observed_.unranged.end());
      AddCandidate(candidates_, candidate.name + ", fast nodes",
                   PlanObserved(prepared_, candidate.nodes, excluded, observed_));
    }
    return {};
  }

  Result<void> RepairBroken() {
    const auto over = [this](size_t num_runs) {
      return [this, num_runs](const std::vector<NodeChoice>& nodes) {
        return bench_.Try(nodes, num_runs);
      };
    };
    const Trials trials{over(kRankRuns), over(bench_.num_runs())};
    // One after the other: the first may make the second worth nothing.
    while (repaired_.size() < kMaxRepairs) {
      const auto worth = WorthRepair(candidates_, options_);
      const auto next = std::find_if(worth.begin(), worth.end(),
                                     [this](size_t i) { return !repaired_.contains(i); });
      if (next == worth.end()) break;
      repaired_.insert(*next);
      TARE_TRY(auto repaired, Repair(candidates_[*next], prepared_, trials, progress_));
      if (!repaired) continue;
      MeasureOne(*repaired);
      candidates_.push_back(*std::move(repaired));
    }
    return {};
  }

  // The first node that could matter, and why it does not: ": 'm0' (MatMul): ...".
  std::string WhyNotANode() const {
    for (const quantize::Ability& ability : prepared_.abilities) {
      const bool computes = ability.op_type == "MatMul" || ability.op_type == "Gemm" ||
                            ability.op_type == "Conv" || ability.op_type == "LSTM";
      if (computes && !ability.reason.empty())
        return StrCat(": '", ability.node, "' (", ability.op_type, "): ", ability.reason);
    }
    return "";
  }

  Result<Choice> Take(Decision decision) {
    Choice choice;
    if (decision.chosen) {
      Candidate& candidate = candidates_[*decision.chosen];
      candidate.chosen = true;
      TARE_TRY(Made made, bench_.Make(candidate.nodes));
      TARE_TRY(choice.fusion, quantize::CountFused(made.model, made.recipe, options_.session));
      choice.recipe = std::move(made.recipe);
      choice.recipe.left_out = prepared_.left_out;
      choice.model = std::move(made.model);
      graph::UnseedRandomOps(choice.model->graph);
    }
    if (candidates_.empty()) decision.reason += WhyNotANode();
    choice.candidates = std::move(candidates_);
    choice.reason = std::move(decision.reason);
    return choice;
  }

  const quantize::Prepared& prepared_;
  const Observed& observed_;
  const Bench& bench_;
  const AutoOptions& options_;
  Progress& progress_;
  std::vector<Candidate> candidates_;
  std::vector<size_t> confirmed_;  // positions of those that had the whole check
  std::set<size_t> repaired_;      // of those that a repair was tried of
  int64_t ticks_ = 0;
  std::set<std::string> blockers_;  // nodes that kept a plan from loading
};

}  // namespace

Result<Choice> ChooseFormatsWith(const Instruments& instruments, const ChoiceIn& in,
                                 Progress& progress) {
  TARE_TRY(Reference reference, RunReference(in.source, in.samples, in.options, instruments));
  TARE_TRY(Observed observed, ObservePlans(in.prepared, in.samples, in.options, progress));
  const Bench bench(in.prepared, observed, std::move(reference), in.options, instruments);
  TARE_TRY(Choice choice, Search(in.prepared, observed, bench, in.options, progress).Run());
  choice.observations = std::move(observed.observations);
  return choice;
}

Result<Choice> ChooseFormats(const graph::Model& source, const quantize::Prepared& prepared,
                             const Samples& samples, const AutoOptions& options,
                             Progress& progress) {
  return ChooseFormatsWith(RealInstruments(), {source, prepared, samples, options}, progress);
}

}  // namespace tare::search
