// Each field of a report is written and read back.
//
// Visit() names the fields of each struct by structured bindings: a field that is added does not
// compile here until it is named, and then fails until report_write.cc and report_read.cc (or their
// parts) know it.

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "tare/core/strcat.h"
#include "tare/verdict/report.h"

namespace tare::verdict {
namespace {

// ---- the fields -------------------------------------------------------------------------------

template <class V>
void Visit(V& visit, Bound& bound) {
  auto& [confidence, low, high] = bound;
  visit("confidence", confidence), visit("low", low), visit("high", high);
}

template <class V>
void Visit(V& visit, Share& share) {
  auto& [count, n] = share;
  visit("count", count), visit("n", n);
}

template <class V>
void Visit(V& visit, stats::PairedCounts& pairs) {
  auto& [n, harmful, helpful] = pairs;
  visit("n", n), visit("harmful", harmful), visit("helpful", helpful);
}

template <class V>
void Visit(V& visit, Estimate& estimate) {
  auto& [value, low, high, method, n, share, pairs, bounds] = estimate;
  visit("value", value), visit("low", low), visit("high", high), visit("method", method);
  visit("n", n), visit("share", share), visit("pairs", pairs), visit("bounds", bounds);
}

template <class V>
void Visit(V& visit, ClassMetrics& row) {
  auto& [index, n, recall, precision, f1] = row;
  visit("index", index), visit("n", n), visit("recall", recall), visit("precision", precision);
  visit("f1", f1);
}

template <class V>
void Visit(V& visit, ScopeMetrics& scope) {
  auto& [name, text, n, metrics] = scope;
  visit("name", name), visit("text", text), visit("n", n), visit("metrics", metrics);
}

template <class V>
void Visit(V& visit, Latency& latency) {
  auto& [batch, threads, runs, p50, p90, p99, throughput_per_s] = latency;
  visit("batch", batch), visit("threads", threads), visit("runs", runs), visit("p50", p50);
  visit("p90", p90), visit("p99", p99), visit("throughput_per_s", throughput_per_s);
}

template <class V>
void Visit(V& visit, Energy& energy) {
  auto& [status, joules_per_sample, method, joules_per_correct] = energy;
  visit("status", status), visit("joules_per_sample", joules_per_sample), visit("method", method);
  visit("joules_per_correct", joules_per_correct);
}

template <class V>
void Visit(V& visit, Side& side) {
  auto& [label, path, metrics, per_class, confusion, slices, distributions, latency, model_bytes,
         loaded_rss_bytes, resident_rss_bytes, peak_rss_bytes, load_ms, cold_start_ms, energy] =
      side;
  visit("label", label), visit("path", path), visit("metrics", metrics);
  visit("per_class", per_class), visit("confusion", confusion), visit("slices", slices);
  visit("distributions", distributions), visit("latency", latency);
  visit("model_bytes", model_bytes), visit("loaded_rss_bytes", loaded_rss_bytes);
  visit("resident_rss_bytes", resident_rss_bytes), visit("peak_rss_bytes", peak_rss_bytes);
  visit("load_ms", load_ms), visit("cold_start_ms", cold_start_ms), visit("energy", energy);
}

template <class V>
void Visit(V& visit, FlipCounts& counts) {
  auto& [n, flips, harmful, helpful] = counts;
  visit("n", n), visit("flips", flips), visit("harmful", harmful), visit("helpful", helpful);
}

template <class V>
void Visit(V& visit, PairedClass& row) {
  auto& [index, counts, difference] = row;
  visit("index", index), visit("counts", counts), visit("difference", difference);
}

template <class V>
void Visit(V& visit, PairedScope& scope) {
  auto& [name, counts, difference] = scope;
  visit("name", name), visit("counts", counts), visit("difference", difference);
}

template <class V>
void Visit(V& visit, FoundScope& found) {
  auto& [where, n, harmful, rest_n, rest_harmful, p, p_holm, baseline, candidate, difference] =
      found;
  visit("where", where), visit("n", n), visit("harmful", harmful), visit("rest_n", rest_n);
  visit("rest_harmful", rest_harmful), visit("p", p), visit("p_holm", p_holm);
  visit("baseline", baseline), visit("candidate", candidate), visit("difference", difference);
}

template <class V>
void Visit(V& visit, SliceFindings& findings) {
  auto& [metric, num_tests, alpha, found] = findings;
  visit("metric", metric), visit("num_tests", num_tests), visit("alpha", alpha);
  visit("found", found);
}

template <class V>
void Visit(V& visit, KlSummary& kl) {
  auto& [mean, p50, p95, max, p99] = kl;
  visit("mean", mean), visit("p50", p50), visit("p95", p95), visit("max", max), visit("p99", p99);
}

template <class V>
void Visit(V& visit, Paired& paired) {
  auto& [counts, mcnemar_p, kl_nats, difference, per_class, slices, distributions] = paired;
  visit("counts", counts), visit("mcnemar_p", mcnemar_p), visit("kl_nats", kl_nats);
  visit("difference", difference), visit("per_class", per_class), visit("slices", slices);
  visit("distributions", distributions);
}

template <class V>
void Visit(V& visit, OutputJudgement& judged) {
  auto& [measure, value, bound, holds, strain, text] = judged;
  visit("measure", measure), visit("value", value), visit("bound", bound);
  visit("holds", holds), visit("strain", strain), visit("text", text);
}

template <class V>
void Visit(V& visit, OutputCloseness& output) {
  auto& [name, shape, n, cosine, least_cosine, relative_error, snr_db, flips, agreement,
         non_finite_baseline, non_finite_candidate, judged] = output;
  visit("name", name), visit("shape", shape), visit("n", n), visit("cosine", cosine);
  visit("least_cosine", least_cosine), visit("relative_error", relative_error);
  visit("snr_db", snr_db), visit("flips", flips), visit("agreement", agreement);
  visit("non_finite_baseline", non_finite_baseline);
  visit("non_finite_candidate", non_finite_candidate), visit("judged", judged);
}

template <class V>
void Visit(V& visit, Speedup& speedup) {
  auto& [batch, threads, estimate, waited] = speedup;
  visit("batch", batch), visit("threads", threads), visit("estimate", estimate);
  visit("waited", waited);
}

template <class V>
void Visit(V& visit, Cost& cost) {
  auto& [speedup, size_ratio, memory_ratio, energy_ratio] = cost;
  visit("speedup", speedup), visit("size_ratio", size_ratio), visit("memory_ratio", memory_ratio);
  visit("energy_ratio", energy_ratio);
}

template <class V>
void Visit(V& visit, Warning& warning) {
  auto& [what, next] = warning;
  visit("what", what), visit("next", next);
}

template <class V>
void Visit(V& visit, Evidence& evidence) {
  auto& [task, n, classes, confidence, replicates, seed, scores, baseline, candidate, paired,
         slice_findings, outputs, cost, look, warnings] = evidence;
  visit("task", task), visit("n", n), visit("classes", classes), visit("confidence", confidence);
  visit("replicates", replicates), visit("seed", seed), visit("scores", scores);
  visit("baseline", baseline), visit("candidate", candidate), visit("paired", paired);
  visit("slice_findings", slice_findings), visit("outputs", outputs), visit("cost", cost);
  visit("look", look), visit("warnings", warnings);
}

template <class V>
void Visit(V& visit, CheckResult& check) {
  auto& [metric, scope, label, kind, unit, baseline, candidate, statistic, low, high, margin, limit,
         direction, bound, n, test, p, verdict, reason, settle_n] = check;
  visit("metric", metric), visit("scope", scope), visit("label", label), visit("kind", kind);
  visit("unit", unit), visit("baseline", baseline), visit("candidate", candidate);
  visit("statistic", statistic), visit("low", low), visit("high", high), visit("margin", margin);
  visit("limit", limit), visit("direction", direction), visit("bound", bound), visit("n", n);
  visit("test", test), visit("p", p), visit("verdict", verdict), visit("reason", reason);
  visit("settle_n", settle_n);
}

// `look` is the evidence's, `looks` stands in the policy's text.
template <class V>
void Visit(V& visit, Decision& decision) {
  auto& [verdict, summary, confidence, look, looks, policy_digest, policy, checks, doubts] =
      decision;
  visit("verdict", verdict), visit("summary", summary), visit("confidence", confidence);
  visit("policy_digest", policy_digest), visit("policy", policy), visit("checks", checks);
  visit("doubts", doubts);
}

template <class V>
void Visit(V& visit, DataUse& use) {
  auto& [path, n, digest, seed] = use;
  visit("path", path), visit("n", n), visit("digest", digest), visit("seed", seed);
}

template <class V>
void Visit(V& visit, DataSummary& data) {
  auto& [calibration, search, test, disjoint, duplicates_across, inputs] = data;
  visit("calibration", calibration), visit("search", search), visit("test", test);
  visit("disjoint", disjoint), visit("duplicates_across", duplicates_across);
  visit("inputs", inputs);
}

template <class V>
void Visit(V& visit, HostFacts& host) {
  auto& [cpu, isa, threads, runtime, cores, memory_bytes, os] = host;
  visit("cpu", cpu), visit("isa", isa), visit("threads", threads), visit("runtime", runtime);
  visit("cores", cores), visit("memory_bytes", memory_bytes), visit("os", os);
}

// candidates, fusion, nodes and tensors have a reader of their own (report_model_read_test.cc).
template <class V>
void Visit(V& visit, Report& report) {
  auto& [tare_version, created, name, evidence, decision, policy_declared, candidates, fusion,
         nodes, tensors, data, host, digests] = report;
  visit("tare_version", tare_version), visit("created", created), visit("name", name);
  visit("evidence", evidence), visit("decision", decision);
  visit("policy_declared", policy_declared), visit("data", data), visit("host", host);
  visit("digests", digests);
}

// ---- what is done with them -------------------------------------------------------------------

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

// Gives each field a value of its own that no default is, as far as a report may hold it: counts
// agree with what they count, shares and confidences lie between 0 and 1.
class Filler {
 public:
  template <class T>
  void operator()(std::string_view, T& field) {
    Fill(field);
  }

 private:
  template <class T>
  void Fill(T& field) {
    if constexpr (IsOptional<T>::value) {
      Fill(field.emplace());
    } else if constexpr (IsVector<T>::value) {
      field.resize(2);
      for (auto& item : field) Fill(item);
    } else if constexpr (std::is_same_v<T, bool>) {
      field = true;
    } else if constexpr (std::is_floating_point_v<T>) {
      field = static_cast<double>(++count_) / 65536;  // exact, and below 1
    } else if constexpr (std::is_integral_v<T>) {
      field = static_cast<T>(++count_);
    } else {
      Visit(*this, field);
    }
  }
  void Fill(std::string& text) { text = StrCat("text ", ++count_); }
  void Fill(Task& task) { task = Task::kRegression; }
  void Fill(CheckKind& kind) { kind = CheckKind::kMin; }
  void Fill(Unit& unit) { unit = Unit::kDb; }
  void Fill(Direction& direction) { direction = Direction::kBelow; }
  void Fill(Verdict& verdict) { verdict = Verdict::kFail; }
  void Fill(std::map<std::string, std::string>& digests) { digests = {{"a", "b"}, {"c", "d"}}; }
  void Fill(Share& share) { share = {++count_, 3000}; }
  void Fill(FlipCounts& counts) { counts = {2000, 1000, 400 + ++count_ % 100, 300}; }
  // With counts of a share, with those of a difference, with bounds: by turns.
  void Fill(Estimate& estimate) {
    const int64_t form = ++num_estimates_ % 3;
    Fill(estimate.value);
    Fill(estimate.low);
    Fill(estimate.high);
    Fill(estimate.method);
    estimate.n = 4000;
    if (form == 0) estimate.share = Share{++count_ % 4000, 4000};
    if (form == 0) estimate.value = static_cast<double>(estimate.share->count) / 4000;
    if (form == 1) estimate.pairs = stats::PairedCounts{4000, ++count_ % 900, 1000};
    if (form == 1) estimate.value = static_cast<double>(1000 - estimate.pairs->harmful) / 4000;
    if (form == 2) Fill(estimate.bounds);
  }
  void Fill(Metrics& metrics) {
    metrics.resize(3);
    for (auto& [name, estimate] : metrics) {
      Fill(name);
      Fill(estimate);
    }
  }
  void Fill(PairedClass& row) {
    Fill(row.index);
    Fill(row.counts);
    Fill(row.difference);
    row.difference[0].first = "recall";  // in the order in which they are read
    row.difference[1].first = "precision";
    row.difference[2].first = "f1";
    // The recall of a class is that of its flips.
    const auto& [n, flips, harmful, helpful] = row.counts;
    Estimate& recall = row.difference[0].second;
    recall.value = static_cast<double>(helpful - harmful) / static_cast<double>(n);
    recall.n = n;
    recall.share.reset();
    recall.bounds.clear();
    recall.pairs = stats::PairedCounts{n, harmful, helpful};
  }

  int64_t count_ = 0;
  int64_t num_estimates_ = 0;
};

// Path of each field to its value as text.
class Lister {
 public:
  template <class T>
  void operator()(std::string_view name, T& field) {
    const std::string outer = path_;
    path_ += StrCat(path_.empty() ? "" : ".", name);
    List(field);
    path_ = outer;
  }
  std::map<std::string, std::string> fields;

 private:
  template <class T>
  void List(T& field) {
    if constexpr (IsOptional<T>::value) {
      if (field) List(*field);
    } else if constexpr (IsVector<T>::value) {
      for (size_t i = 0; i < field.size(); ++i) (*this)(StrCat("[", i, "]"), field[i]);
    } else if constexpr (std::is_enum_v<T>) {
      fields[path_] = StrCat(static_cast<int>(field));
    } else if constexpr (std::is_arithmetic_v<T>) {
      fields[path_] = nlohmann::json(field).dump();  // doubles by their shortest form
    } else {
      Visit(*this, field);
    }
  }
  void List(std::string& text) { fields[path_] = text; }
  void List(std::map<std::string, std::string>& digests) {
    for (auto& [name, digest] : digests) fields[StrCat(path_, ".", name)] = digest;
  }
  void List(Metrics& metrics) {
    for (auto& [name, estimate] : metrics) (*this)(name, estimate);
  }
  std::string path_;
};

Report FullReport() {
  Report report;
  Filler filler;
  Visit(filler, report);
  return report;
}

std::map<std::string, std::string> FieldsOf(Report& report) {
  Lister lister;
  Visit(lister, report);
  return lister.fields;
}

TEST(ReportFieldsTest, EachIsReadBackAsItWasWritten) {
  Report report = FullReport();
  auto again = ReadReportJson(WriteReportJson(report), "report.json");
  ASSERT_TRUE(again) << again.error().what;
  const auto written = FieldsOf(report);
  auto read = FieldsOf(*again);
  ASSERT_GT(written.size(), 1000U);
  for (const auto& [path, value] : written) EXPECT_EQ(read[path], value) << path;
  EXPECT_EQ(read.size(), written.size()) << "read back is what was never written";
}

TEST(ReportFieldsTest, TheDocumentStaysTheSameKeyByKey) {
  const std::string text = WriteReportJson(FullReport());
  const auto again = ReadReportJson(text, "report.json");
  ASSERT_TRUE(again) << again.error().what;
  const auto difference = nlohmann::json::diff(nlohmann::json::parse(text),
                                               nlohmann::json::parse(WriteReportJson(*again)));
  EXPECT_TRUE(difference.empty()) << difference.dump(1);
}

TEST(ReportFieldsTest, RefusesAConfusionThatHoldsNoCounts) {
  for (const char* confusion : {"3", "[3]", "[[1, 2], [0.5, 1]]", "[[1, \"2\"]]"}) {
    const auto report = ReadReportJson(
        StrCat(R"({"schema_version": 1, "n": 5, "candidate": {}, "baseline": {"confusion": )",
               confusion, "}}"),
        "r.json");
    ASSERT_FALSE(report) << confusion;
    EXPECT_EQ(report.error().code, ErrorCode::kInvalidArgument);
    EXPECT_TRUE(report.error().what.starts_with("r.json: baseline.confusion is not a list"))
        << report.error().what;
    EXPECT_FALSE(report.error().next_step.empty());
  }
}

}  // namespace
}  // namespace tare::verdict
