// A step of `tare run`: a function from a plain In to a plain Out, kept under the digest of what it
// read.
//
// A step knows neither the project's folder nor the cache: it can be called by a test. What is
// particular to one stands in a Step: its key, its work, its line on the terminal, and the JSON
// form of its Out.

#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "pipeline/step_cache_internal.h"
#include "tare/core/progress.h"
#include "tare/core/result.h"

namespace tare::pipeline {

template <class In, class Out>
struct Step {
  std::string_view name;  ///< of its file in the cache and of its line
  /// Digest of everything that the work reads.
  std::string (*key)(const In&);
  Result<Out> (*work)(const In&, Progress&);
  std::string (*summary)(const Out&);
  Json (*write)(const Out&);
  /// Errors  kInvalidArgument: it is not what write() makes. The step is then done again.
  Result<Out> (*read)(const Json&);
  /// Whether the files that the work wrote are as it left them; null: it writes none.
  bool (*stands)(const In&, const Out&) = nullptr;
};

/// Finds the results of steps, or does them.
/// Threads  none.
class StepRunner {
 public:
  /// Steps named in `again` are done though their results are there.
  StepRunner(StepCache cache, Progress& progress, std::set<std::string, std::less<>> again = {})
      : cache_(std::move(cache)), progress_(progress), again_(std::move(again)) {}

  /// Errors  those of the work; kCancelled: whatever the work says once the user has asked to stop
  ///         (Ctrl-C reaches child processes too: what they say then is not the cause).
  template <class In, class Out>
  Result<Out> Do(const Step<In, Out>& step, const In& in) {
    const std::string key = step.key(in);
    if (auto found = Found(step, in, key)) {
      progress_.Begin(step.name, 0);
      progress_.End(step.summary(*found) + "  (as before)");
      return *std::move(found);
    }
    if (progress_.cancelled()) return Cancelled();
    worked_ = true;
    auto out = step.work(in, progress_);
    if (!out && progress_.cancelled()) return Cancelled();
    if (!out) return out;
    TARE_TRY_VOID(cache_.Store(step.name, key, step.write(*out)));
    return out;
  }

  const StepCache& cache() const { return cache_; }
  /// Some step was not found.
  bool worked() const { return worked_; }
  void SetWorked() { worked_ = true; }

 private:
  template <class In, class Out>
  std::optional<Out> Found(const Step<In, Out>& step, const In& in, const std::string& key) const {
    if (again_.contains(step.name)) return std::nullopt;
    const auto json = cache_.Find(step.name, key);
    if (!json) return std::nullopt;
    auto out = step.read(*json);
    if (!out || (step.stands != nullptr && !step.stands(in, *out))) return std::nullopt;
    return *std::move(out);
  }

  StepCache cache_;
  Progress& progress_;
  std::set<std::string, std::less<>> again_;
  bool worked_ = false;
};

/// Passes the steps of a library on as parts of one step: one bar after the other under one name,
/// one line at the end.
class OneStep final : public Progress {
 public:
  /// `title`: the name of the step and what it works on, "evaluate 10,000 pairs".
  OneStep(Progress& outer, std::string title) : outer_(outer), title_(std::move(title)) {
    outer_.Begin(title_, 0);
  }
  void Begin(std::string_view, int64_t total) override { outer_.Begin(title_, total); }
  void Update(int64_t done) override { outer_.Update(done); }
  void End(std::string_view) override {}
  bool cancelled() const override { return outer_.cancelled(); }
  void Done(std::string_view summary) { outer_.End(summary); }

 private:
  Progress& outer_;
  std::string title_;
};

}  // namespace tare::pipeline
