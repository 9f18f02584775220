// SARIF 2.1.0, for code scanning pages.

#include <nlohmann/json.hpp>
#include <set>

#include "tare/verdict/render.h"
#include "verdict/report_json_internal.h"

namespace tare::verdict {
namespace {

// Source: OASIS SARIF 2.1.0, 3.27.9 (kind) and 3.27.10 (level: none unless kind is fail).
Json ResultJson(const CheckResult& check, const std::string& artifact) {
  const bool fails = check.verdict == Verdict::kFail;
  Json properties{{"scope", check.scope}, {"verdict", VerdictName(check.verdict)}};
  properties["limit"] = Number(check.limit);
  if (check.statistic) properties["statistic"] = Number(*check.statistic);
  if (check.bound) properties["bound"] = Number(*check.bound);
  if (check.n) properties["n"] = *check.n;
  const Json location{{"physicalLocation", {{"artifactLocation", {{"uri", artifact}}}}}};
  return {{"ruleId", check.metric},
          {"kind", fails                             ? "fail"
                   : check.verdict == Verdict::kPass ? "pass"
                                                     : "open"},
          {"level", fails ? "error" : "none"},
          {"message", {{"text", check.label + ": " + check.reason}}},
          {"locations", Json::array({location})},
          {"properties", properties}};
}

}  // namespace

std::string WriteSarif(const Report& report, const std::string& artifact) {
  Json results = Json::array();
  Json rules = Json::array();
  std::set<std::string> seen;
  const auto checks = report.decision ? report.decision->checks : std::vector<CheckResult>{};
  for (const auto& check : checks) {
    results.push_back(ResultJson(check, artifact));
    if (!seen.insert(check.metric).second) continue;
    rules.push_back(
        {{"id", check.metric},
         {"shortDescription",
          {{"text", "the candidate keeps " + check.metric + " within its declared limit"}}}});
  }
  const Json driver{{"name", "tare"}, {"version", report.tare_version}, {"rules", rules}};
  Json run{{"tool", {{"driver", driver}}}, {"results", results}};
  const Json out{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                 {"version", "2.1.0"},
                 {"runs", Json::array({run})}};
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tare::verdict
