// Reads back report.json, from a file that may be anything.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json_reader.h"
#include "tare/verdict/report.h"
#include "verdict/report_estimates_internal.h"
#include "verdict/report_json_internal.h"
#include "verdict/report_read_internal.h"

namespace tare::verdict {
namespace {

Result<Warning> ReadWarning(const JsonReader& reader) {
  Warning out;
  TARE_TRY(out.what, reader.Text("what"));
  TARE_TRY(out.next, reader.Text("next"));
  return out;
}

// The one of `all` that has this name, else `otherwise`: a newer tare may know more of them.
template <class Enum, size_t kCount, class NameOf>
Enum Named(std::string_view name, const Enum (&all)[kCount], const NameOf& name_of,
           Enum otherwise) {
  const auto* found = std::ranges::find(all, name, name_of);
  return found == std::end(all) ? otherwise : *found;
}

CheckKind KindNamed(std::string_view name) {
  constexpr CheckKind kAll[] = {CheckKind::kDifference, CheckKind::kMax, CheckKind::kMin};
  return Named(name, kAll, CheckKindName, CheckKind::kDifference);
}

Unit UnitNamed(std::string_view name) {
  constexpr Unit kAll[] = {Unit::kRatio,  Unit::kScore, Unit::kTimes,  Unit::kMs,
                           Unit::kBytes,  Unit::kNats,  Unit::kJoules, Unit::kPerSecond,
                           Unit::kNumber, Unit::kDb};
  return Named(name, kAll, UnitName, Unit::kNumber);
}

Verdict VerdictNamed(std::string_view name) {
  constexpr Verdict kAll[] = {Verdict::kPass, Verdict::kFail, Verdict::kInconclusive};
  return Named(name, kAll, VerdictName, Verdict::kInconclusive);
}

Result<void> ReadJudgement(const JsonReader& reader, CheckResult& check) {
  TARE_TRY(const auto limit, reader.Number("limit"));
  TARE_TRY(const auto direction, reader.Text("direction"));
  TARE_TRY(const auto verdict, reader.Text("verdict"));
  check.limit = limit.value_or(0);
  check.direction = direction == "below" ? Direction::kBelow : Direction::kAbove;
  check.verdict = VerdictNamed(verdict);
  TARE_TRY(check.bound, reader.Number("bound"));
  TARE_TRY(check.test, reader.Text("test"));
  TARE_TRY(check.p, reader.Number("p"));
  TARE_TRY(check.reason, reader.Text("reason"));
  TARE_TRY(check.settle_n, reader.Count("settle_n"));
  return {};
}

Result<CheckResult> ReadCheck(const JsonReader& reader) {
  CheckResult out;
  TARE_TRY(out.metric, reader.Text("metric"));
  TARE_TRY(out.scope, reader.Text("scope"));
  TARE_TRY(out.label, reader.Text("label"));
  TARE_TRY(const auto kind, reader.Text("kind"));
  TARE_TRY(const auto unit, reader.Text("unit"));
  TARE_TRY(const auto margin, reader.Number("margin"));
  out.kind = KindNamed(kind);
  out.unit = UnitNamed(unit);
  out.margin = margin.value_or(0);
  TARE_TRY(out.baseline, reader.Number("baseline"));
  TARE_TRY(out.candidate, reader.Number("candidate"));
  TARE_TRY(out.statistic, reader.Number("statistic"));
  TARE_TRY(out.low, reader.Number("low"));
  TARE_TRY(out.high, reader.Number("high"));
  TARE_TRY(out.n, reader.Count("n"));
  TARE_TRY_VOID(ReadJudgement(reader, out));
  return out;
}

Result<std::optional<Decision>> ReadDecision(const JsonReader& document) {
  const Json* child = document.Child("gate");
  if (child == nullptr) return std::optional<Decision>();
  const JsonReader reader = document.Under("gate", *child);
  TARE_TRY_VOID(reader.ExpectObject());
  Decision out;
  TARE_TRY(out.policy, reader.Text("policy"));
  TARE_TRY(out.policy_digest, reader.Text("policy_digest"));
  TARE_TRY(const auto confidence, reader.Number("confidence"));
  out.confidence = confidence.value_or(out.confidence);
  TARE_TRY(out.checks, ReadList<CheckResult>(reader, "checks", ReadCheck));
  TARE_TRY(out.doubts, ReadWarnings(document, true));
  TARE_TRY(out.summary, document.Text("summary"));
  TARE_TRY(const auto verdict, document.Text("verdict"));
  out.verdict = VerdictNamed(verdict);
  TARE_TRY(out.look, document.Count("look"));
  return std::optional<Decision>(std::move(out));
}

Result<std::optional<DataUse>> ReadDataUse(const JsonReader& data, const char* key) {
  const Json* child = data.Child(key);
  if (child == nullptr) return std::optional<DataUse>();
  const JsonReader reader = data.Under(key, *child);
  TARE_TRY_VOID(reader.ExpectObject());
  DataUse out;
  TARE_TRY(out.path, reader.Text("path"));
  TARE_TRY(const auto n, reader.Count("n"));
  out.n = n.value_or(0);
  TARE_TRY(out.digest, reader.Text("digest"));
  out.seed = ReadSeed(reader);
  return std::optional<DataUse>(std::move(out));
}

Result<std::optional<DataSummary>> ReadData(const JsonReader& document) {
  const Json* child = document.Child("data");
  if (child == nullptr) return std::optional<DataSummary>();
  const JsonReader reader = document.Under("data", *child);
  TARE_TRY_VOID(reader.ExpectObject());
  DataSummary out;
  TARE_TRY(out.calibration, ReadDataUse(reader, "calibration"));
  TARE_TRY(out.search, ReadDataUse(reader, "search"));
  TARE_TRY(out.test, ReadDataUse(reader, "test"));
  if (const Json* disjoint = reader.Child("disjoint")) {
    if (!disjoint->is_boolean()) return reader.Wrong("disjoint", "true or false");
    out.disjoint = disjoint->get<bool>();
  }
  TARE_TRY(out.duplicates_across, reader.Count("duplicates_across"));
  TARE_TRY(out.inputs, reader.Texts("inputs"));
  return std::optional<DataSummary>(std::move(out));
}

Result<HostFacts> ReadHost(const JsonReader& document) {
  HostFacts out;
  const Json* child = document.Child("host");
  if (child == nullptr) return out;
  const JsonReader reader = document.Under("host", *child);
  TARE_TRY_VOID(reader.ExpectObject());
  TARE_TRY(out.cpu, reader.Text("cpu"));
  TARE_TRY(out.isa, reader.Texts("isa"));
  TARE_TRY(out.runtime, reader.Text("runtime"));
  TARE_TRY(out.os, reader.Text("os"));
  TARE_TRY(const auto threads, reader.Count("threads"));
  out.threads = static_cast<int>(std::min<int64_t>(threads.value_or(1), 1 << 20));
  TARE_TRY(out.cores, reader.Count("cores"));
  TARE_TRY(out.memory_bytes, reader.Count("memory_bytes"));
  return out;
}

Result<std::map<std::string, std::string>> ReadDigests(const JsonReader& document) {
  std::map<std::string, std::string> out;
  const Json* child = document.Child("digests");
  if (child == nullptr) return out;
  for (const auto& [name, value] : child->items()) {
    if (!value.is_string()) return document.Wrong("digests", "an object of texts");
    out[name] = value.get<std::string>();
  }
  return out;
}

Result<Report> ReadReport(const JsonReader& document, const std::string& source) {
  TARE_TRY_VOID(document.ExpectObject());
  TARE_TRY(const auto version, document.Count("schema_version"));
  if (!version) {
    return InvalidArgument(StrCat(source, " is not a report: it has no schema_version"),
                           "give the report.json that tare evaluate or tare run wrote");
  }
  if (*version > kReportSchemaVersion) {
    return Unsupported(StrCat(source, " has schema_version ", *version, ", this tare reads up to ",
                              kReportSchemaVersion),
                       "read it with the tare that wrote it, or a newer one");
  }
  Report out;
  TARE_TRY(out.tare_version, document.Text("tare_version"));
  TARE_TRY(out.created, document.Text("created"));
  TARE_TRY(out.name, document.Text("name"));
  TARE_TRY(out.evidence, ReadEvidence(document));
  TARE_TRY(out.decision, ReadDecision(document));
  TARE_TRY(out.data, ReadData(document));
  TARE_TRY(out.host, ReadHost(document));
  TARE_TRY(out.digests, ReadDigests(document));
  if (const Json* gate = document.Child("gate")) {
    TARE_TRY(out.policy_declared, document.Under("gate", *gate).Text("declared"));
  }
  return out;
}

}  // namespace

Result<std::vector<Warning>> ReadWarnings(const JsonReader& document, bool of_policy) {
  std::vector<Warning> out;
  TARE_TRY(const Json* const rows, document.Array("warnings"));
  for (size_t i = 0; rows != nullptr && i < rows->size(); ++i) {
    const JsonReader row = document.At("warnings", i, (*rows)[i]);
    TARE_TRY_VOID(row.ExpectObject());
    const Json* mark = row.Child("policy");
    if ((mark != nullptr && *mark == true) != of_policy) continue;
    TARE_TRY(out.emplace_back(), ReadWarning(row));
  }
  return out;
}

std::optional<uint64_t> ReadSeed(const JsonReader& reader) {
  const Json* seed = reader.Child("seed");
  if (seed == nullptr || !seed->is_number_unsigned()) return std::nullopt;
  return seed->get<uint64_t>();
}

Result<Report> ReadReportJson(std::string_view text, const std::string& source) {
  TARE_TRY(const auto json, ParseJson(text, source, kMaxReportBytes));
  return ReadReport(JsonReader(json, source, ""), source);
}

}  // namespace tare::verdict
