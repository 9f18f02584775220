#include <algorithm>
#include <charconv>
#include <cmath>

#include "tare/core/text.h"
#include "verdict/extra_damage_internal.h"
#include "verdict/subject_internal.h"

namespace tare::verdict {
namespace {

// The metrics of one scope, seen alike whether it is the whole set, a slice or a distribution.
struct ScopeView {
  const Metrics* baseline = nullptr;
  const Metrics* candidate = nullptr;
  const Metrics* difference = nullptr;
  const FlipCounts* counts = nullptr;
};

template <class List>
auto Named(const List& list, std::string_view name) {
  const auto found = std::ranges::find(list, name, [](const auto& item) { return item.name; });
  return found == list.end() ? nullptr : &*found;
}

ScopeView NamedScope(const std::vector<ScopeMetrics>& baseline,
                     const std::vector<ScopeMetrics>& candidate,
                     const std::vector<PairedScope>* paired, const std::string& name) {
  ScopeView out;
  if (const auto* found = Named(baseline, name)) out.baseline = &found->metrics;
  if (const auto* found = Named(candidate, name)) out.candidate = &found->metrics;
  if (paired == nullptr) return out;
  if (const auto* found = Named(*paired, name)) {
    out.difference = &found->difference;
    out.counts = &found->counts;
  }
  return out;
}

ScopeView FindScope(const Evidence& evidence, const Check& check) {
  const auto& [a, b] = std::tie(evidence.baseline, evidence.candidate);
  const Paired* paired = evidence.paired ? &*evidence.paired : nullptr;
  if (!check.slice.empty()) {
    return NamedScope(a.slices, b.slices, paired ? &paired->slices : nullptr, check.slice);
  }
  if (!check.distribution.empty()) {
    return NamedScope(a.distributions, b.distributions, paired ? &paired->distributions : nullptr,
                      check.distribution);
  }
  ScopeView out{&a.metrics, &b.metrics, nullptr, nullptr};
  if (paired != nullptr) {
    out.difference = &paired->difference;
    out.counts = &paired->counts;
  }
  return out;
}

void Take(const Estimate* baseline, const Estimate* candidate, const Estimate* difference,
          const Check& check, Subject& subject) {
  if (baseline != nullptr) subject.baseline = baseline->value;
  if (candidate != nullptr) subject.candidate = candidate->value;
  const Estimate* judged = check.margin ? difference : candidate;
  if (judged != nullptr) {
    subject.statistic = *judged;
  } else {
    subject.missing = StrCat("the report has no ", check.metric, " of ", subject.scope);
  }
}

void TakeClass(const Evidence& evidence, const Check& check, int64_t index, Subject& subject) {
  const auto row = [&](const Side& side) -> const Estimate* {
    const auto found = std::ranges::find(side.per_class, index, &ClassMetrics::index);
    if (found == side.per_class.end()) return nullptr;
    if (check.metric == "recall") return &found->recall;
    return check.metric == "precision" ? &found->precision : &found->f1;
  };
  const Estimate* difference = nullptr;
  if (evidence.paired) {
    const auto& rows = evidence.paired->per_class;
    const auto found = std::ranges::find(rows, index, &PairedClass::index);
    if (found != rows.end()) difference = FindMetric(found->difference, check.metric);
  }
  Take(row(evidence.baseline), row(evidence.candidate), difference, check, subject);
}

void TakeFlips(const Evidence& evidence, const Check& check, const FlipCounts* counts,
               Subject& subject) {
  const bool is_kl = check.metric == "kl_mean" || check.metric == "kl_p99";
  if (is_kl) {
    const bool whole = subject.scope == "all";
    if (!whole || !evidence.paired || !evidence.paired->kl_nats) {
      subject.missing = StrCat("the report has no KL divergence of ", subject.scope);
      return;
    }
    const auto& kl = *evidence.paired->kl_nats;
    subject.statistic = check.metric == "kl_mean" ? kl.mean : kl.p99;
  } else if (counts == nullptr) {
    subject.missing = StrCat("the report has no paired comparison of ", subject.scope);
    return;
  } else {
    const int64_t count = check.metric == "flip_rate"      ? counts->flips
                          : check.metric == "harmful_rate" ? counts->harmful
                                                           : counts->n - counts->flips;
    subject.statistic = ShareEstimate(count, counts->n, evidence.confidence);
  }
  subject.candidate = subject.statistic->value;
}

Estimate Exact(double value, int64_t n) {
  Estimate out;
  out.value = value;
  out.n = n;
  return out;
}

// The signal-to-noise ratio falls as the relative error rises: bounds change places.
Estimate SnrOf(const Estimate& relative_error) {
  const auto snr = [](double error) {
    return error > 0 ? std::min(kMostSnrDb, -20 * std::log10(error)) : kMostSnrDb;
  };
  const auto each = [&](std::optional<double> error) {
    return error ? std::optional(snr(*error)) : std::nullopt;
  };
  Estimate out = relative_error;
  out.value = snr(relative_error.value);
  out.low = each(relative_error.high);
  out.high = each(relative_error.low);
  for (auto& bound : out.bounds) {
    bound = {bound.confidence, each(bound.high), each(bound.low)};
  }
  return out;
}

void TakeOutput(const Evidence& evidence, const Check& check, Subject& subject) {
  const auto* output = Named(evidence.outputs, check.output);
  subject.missing = StrCat("the report has no ", check.metric, " of output '", check.output, "'");
  if (output == nullptr) return;
  if (check.metric == "strain") {
    if (!output->judged || !std::isfinite(output->judged->strain)) return;
    subject.exact = true;
    subject.statistic = Exact(output->judged->strain, output->n);
    subject.note = output->judged->text;
  }
  if (check.metric == "cosine" && output->cosine) subject.statistic = output->cosine;
  if (check.metric == "relative_error") subject.statistic = output->relative_error;
  if (check.metric == "snr_db" && output->relative_error) {
    subject.statistic = SnrOf(*output->relative_error);
  }
  const auto& share = check.metric == "agreement" ? output->agreement : output->flips;
  if ((check.metric == "agreement" || check.metric == "flip_rate" ||
       check.metric == "output_flip_rate") &&
      share) {
    subject.statistic = ShareEstimate(share->count, share->n, evidence.confidence);
  }
  if (subject.statistic) subject.candidate = subject.statistic->value;
}

// Loss of the task's headline metric by quantization under a distribution, less that on the clean
// test set.
void TakeExtraDamage(const Evidence& evidence, const Check& check, Subject& subject) {
  const std::string_view headline = HeadlineMetric(evidence.task);
  subject.missing = StrCat("the report has no paired ", headline.empty() ? "metric" : headline,
                           " of ", subject.scope);
  if (!evidence.paired || headline.empty()) return;
  const auto* there = Named(evidence.paired->distributions, check.distribution);
  const Estimate* clean = FindMetric(evidence.paired->difference, headline);
  const Estimate* loss = there == nullptr ? nullptr : FindMetric(there->difference, headline);
  if (clean == nullptr || loss == nullptr) return;
  if (const MetricInfo* info = FindMetricInfo(headline)) subject.unit = info->unit;
  subject.statistic = ExtraDamage(*loss, *clean, evidence.confidence);
  subject.baseline = clean->value;
  subject.candidate = loss->value;
}

void TakeRatio(std::optional<double> ratio, Subject& subject) {
  subject.missing = StrCat("the report has no ", subject.info->name);
  subject.exact = true;
  if (ratio) subject.statistic = Exact(*ratio, 0);
}

std::optional<double> AsNumber(std::optional<int64_t> value) {
  return value ? std::optional<double>(static_cast<double>(*value)) : std::nullopt;
}

// A decision about energy needs a measured one, on both sides, whatever ratio the report states.
void TakeEnergy(const Evidence& evidence, Subject& subject) {
  for (const Side* side : {&evidence.baseline, &evidence.candidate}) {
    const std::string status = side->energy ? side->energy->status : "not in the report";
    if (status == "measured") continue;
    const std::string method = side->energy && !side->energy->method.empty()
                                   ? StrCat(" (", side->energy->method, ")")
                                   : std::string();
    subject.missing = StrCat("energy is ", status, method,
                             ": a decision needs a measured one, from a host that counts it");
    return;
  }
  subject.baseline = evidence.baseline.energy->joules_per_sample;
  subject.candidate = evidence.candidate.energy->joules_per_sample;
  TakeRatio(evidence.cost.energy_ratio, subject);
}

void TakeCost(const Evidence& evidence, Subject& subject) {
  const auto& [a, b] = std::tie(evidence.baseline, evidence.candidate);
  const std::string_view name = subject.info->name;
  if (name == "size_ratio" || name == "model_bytes") {
    subject.baseline = AsNumber(a.model_bytes);
    subject.candidate = AsNumber(b.model_bytes);
    TakeRatio(name == "size_ratio" ? evidence.cost.size_ratio : subject.candidate, subject);
  } else if (name == "memory_ratio" || name == "peak_rss_bytes") {
    subject.baseline = AsNumber(a.peak_rss_bytes);
    subject.candidate = AsNumber(b.peak_rss_bytes);
    TakeRatio(name == "memory_ratio" ? evidence.cost.memory_ratio : subject.candidate, subject);
  } else if (name == "resident_rss_bytes") {
    subject.baseline = AsNumber(a.resident_rss_bytes);
    subject.candidate = AsNumber(b.resident_rss_bytes);
    TakeRatio(subject.candidate, subject);
  } else {
    TakeEnergy(evidence, subject);
  }
}

// The first row with the batch and the threads that the check names; it may name neither.
template <class Rows>
auto RowOf(const Rows& rows, const Check& check) {
  const auto fits = [&](const auto& row) {
    return (!check.batch || row.batch == *check.batch) &&
           (!check.threads || row.threads == *check.threads);
  };
  const auto found = std::ranges::find_if(rows, fits);
  return found == rows.end() ? nullptr : &*found;
}

std::string Threads(int64_t count) { return StrCat(count, count == 1 ? " thread" : " threads"); }

const Estimate& LatencyField(const Latency& latency, std::string_view name) {
  if (name == "latency_p90_ms") return latency.p90;
  return name == "latency_p99_ms" ? latency.p99 : latency.p50;
}

void TakeSpeed(const Evidence& evidence, const Check& check, Subject& subject) {
  const Latency* first = RowOf(evidence.baseline.latency, check);
  const Latency* second = RowOf(evidence.candidate.latency, check);
  const std::string_view name = subject.info->name;
  // 0: none measured and none asked for.
  const int64_t batch = check.batch ? *check.batch : second != nullptr ? second->batch : 0;
  std::string at = batch > 0 ? StrCat("batch ", batch) : std::string();
  if (batch > 0) subject.scope = StrCat("batch:", batch);
  if (check.threads) {
    at += StrCat(at.empty() ? "" : ", ", Threads(*check.threads));
    subject.scope = StrCat(batch > 0 ? subject.scope + "," : "", "threads:", *check.threads);
  }
  if (!at.empty()) subject.label = StrCat(subject.info->label, ", ", at);
  subject.missing = StrCat("the report has no ", name, at.empty() ? "" : " at ", at);
  if (first != nullptr) subject.baseline = LatencyField(*first, name).value;
  if (second != nullptr) subject.candidate = LatencyField(*second, name).value;
  const Speedup* row = RowOf(evidence.cost.speedup, check);
  if (row != nullptr) subject.waited = row->waited;
  if (name == "speedup") {
    if (row != nullptr) subject.statistic = row->estimate;
  } else if (name == "throughput_per_s" && second != nullptr) {
    subject.statistic = Exact(second->throughput_per_s, second->runs);
    subject.exact = true;
    subject.candidate = second->throughput_per_s;
    if (first != nullptr) subject.baseline = first->throughput_per_s;
  } else if (second != nullptr) {
    subject.statistic = LatencyField(*second, name);
  }
}

// Sets scope and label of a quality check. False: the class does not exist.
bool SetScope(const Evidence& evidence, const Check& check, std::optional<int64_t>& index,
              Subject& subject) {
  const auto name_scope = [&](std::string_view kind, const std::string& name) {
    subject.scope = StrCat(kind, ":", name);
    subject.label = StrCat(MetricLabel(check.metric), ", ", name);
  };
  if (!check.slice.empty()) name_scope("slice", check.slice);
  if (!check.distribution.empty()) name_scope("distribution", check.distribution);
  if (!check.output.empty()) name_scope("output", check.output);
  if (check.class_name.empty()) return true;
  index = FindClass(evidence, check.class_name);
  name_scope("class", check.class_name);
  if (!index) return false;
  subject.scope = StrCat("class:", *index);
  const auto place = static_cast<size_t>(*index);
  subject.label =
      StrCat(subject.info->label, ", ",
             place < evidence.classes.size() ? evidence.classes[place] : StrCat("class ", *index));
  return true;
}

void TakeQuality(const Evidence& evidence, const Check& check, std::optional<int64_t> index,
                 Subject& subject) {
  const MetricPlace place = subject.info->place;
  if (place == MetricPlace::kClass) return TakeClass(evidence, check, index.value_or(-1), subject);
  ScopeView view = FindScope(evidence, check);
  if (index && evidence.paired) {
    const auto& rows = evidence.paired->per_class;
    const auto found = std::ranges::find(rows, *index, &PairedClass::index);
    view.counts = found == rows.end() ? nullptr : &found->counts;
  }
  if (place == MetricPlace::kFlips) return TakeFlips(evidence, check, view.counts, subject);
  const auto find = [&](const Metrics* metrics) {
    return metrics == nullptr ? nullptr : FindMetric(*metrics, check.metric);
  };
  Take(find(view.baseline), find(view.candidate), find(view.difference), check, subject);
}

// cosine, relative_error, snr_db: integers have none.
bool IsOfFloatOutputs(const Check& check) {
  const MetricInfo* info = FindMetricInfo(check.metric);
  return info != nullptr && info->place == MetricPlace::kOutput && check.metric != "agreement" &&
         check.metric != "strain" && check.metric != "output_flip_rate";
}

std::vector<Check> ExpandOverOutputs(const Evidence& evidence, const Check& check) {
  const MetricInfo* info = FindMetricInfo(check.metric);
  const bool for_outputs = info != nullptr && info->place == MetricPlace::kOutput;
  // Without labels, flips are those of the outputs that look like class scores.
  const bool flips = check.metric == "flip_rate" && evidence.task == Task::kOutputs &&
                     check.slice.empty() && check.distribution.empty() && check.class_name.empty();
  if ((!for_outputs && !flips) || !check.output.empty()) return {check};
  std::vector<Check> out;
  for (const auto& output : evidence.outputs) {
    const bool has = check.metric == "agreement" ? output.agreement.has_value()
                     : check.metric == "strain"  ? output.judged.has_value()
                     : IsOfFloatOutputs(check)   ? output.cosine.has_value()
                                                 : output.flips.has_value();
    if (!has) continue;
    out.push_back(check);
    out.back().output = output.name;
  }
  if (out.empty()) return {check};
  return out;
}

}  // namespace

std::optional<int64_t> FindClass(const Evidence& evidence, const std::string& name) {
  const auto found = std::ranges::find(evidence.classes, name);
  if (found != evidence.classes.end()) return found - evidence.classes.begin();
  int64_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  const auto& rows = evidence.candidate.per_class;
  const bool known = std::ranges::find(rows, index, &ClassMetrics::index) != rows.end();
  return known ? std::optional(index) : std::nullopt;
}

std::vector<Check> ExpandOutputs(const Evidence& evidence, std::span<const Check> checks) {
  const bool integers_alone =
      !evidence.outputs.empty() && std::ranges::all_of(evidence.outputs, [](const auto& output) {
        return output.agreement.has_value() && !output.cosine;
      });
  std::vector<Check> out;
  for (const Check& check : checks) {
    const bool asks_nothing = integers_alone && check.output.empty() && IsOfFloatOutputs(check);
    if (!asks_nothing)
      std::ranges::move(ExpandOverOutputs(evidence, check), std::back_inserter(out));
  }
  return out.empty() ? std::vector<Check>(checks.begin(), checks.end()) : out;
}

Subject FindSubject(const Evidence& evidence, const Check& check) {
  Subject subject;
  const bool of_output = check.metric == "flip_rate" && !check.output.empty();
  subject.info = FindMetricInfo(of_output ? "output_flip_rate" : check.metric);
  if (subject.info == nullptr) {
    subject.missing = StrCat("tare does not know the metric '", check.metric, "'");
    subject.label = check.metric;
    return subject;
  }
  subject.label = MetricLabel(check.metric);
  if (subject.info->place == MetricPlace::kCostBatch) {
    TakeSpeed(evidence, check, subject);
    return subject;
  }
  if (subject.info->place == MetricPlace::kCost) {
    TakeCost(evidence, subject);
    return subject;
  }
  std::optional<int64_t> index;
  if (!SetScope(evidence, check, index, subject)) {
    subject.missing = StrCat("the report has no class '", check.class_name, "'");
    return subject;
  }
  if (check.metric == "extra_damage") {
    TakeExtraDamage(evidence, check, subject);
  } else if (subject.info->place == MetricPlace::kOutput) {
    TakeOutput(evidence, check, subject);
  } else {
    TakeQuality(evidence, check, index, subject);
  }
  return subject;
}

}  // namespace tare::verdict
