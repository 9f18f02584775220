// Writes what report.json says of both models on the same samples.

#include "tare/stats/multiplicity.h"
#include "verdict/extra_damage_internal.h"
#include "verdict/report_write_internal.h"

namespace tare::verdict {
namespace {

void PutCounts(Json& to, const FlipCounts& counts) {
  to["n"] = counts.n;
  to["flips"] = counts.flips;
  to["harmful"] = counts.harmful;
  to["helpful"] = counts.helpful;
}

Json ToJson(const KlSummary& kl) {
  return {{"mean", Number(kl.mean.value)}, {"p50", Number(kl.p50)},
          {"p95", Number(kl.p95)},         {"p99", Number(kl.p99.value)},
          {"max", Number(kl.max)},         {"mean_interval", ToJson(kl.mean)},
          {"p99_interval", ToJson(kl.p99)}};
}

Json DamageJson(const DistributionDamage& damage) {
  Json out{{"metric", damage.metric}};
  Json estimate = ToJson(damage.estimate);
  estimate.erase("bounds");  // the gate makes its own of the differences
  out.update(estimate);
  Put(out, "p", damage.p);
  Put(out, "p_holm", damage.p_holm);
  return out;
}

Json FoundJson(const FoundScope& found) {
  return {{"where", found.where},
          {"n", found.n},
          {"harmful", found.harmful},
          {"rest_n", found.rest_n},
          {"rest_harmful", found.rest_harmful},
          {"baseline", ToJson(found.baseline)},
          {"candidate", ToJson(found.candidate)},
          {"difference", ToJson(found.difference)},
          {"p", Number(found.p)},
          {"p_holm", Number(found.p_holm)}};
}

// Whether a class loses more than chance takes, with all classes looked at.
void PutClassTests(const Paired& paired, Json& rows) {
  std::vector<double> p;
  for (const PairedClass& row : paired.per_class) {
    p.push_back(stats::McNemar({row.counts.n, row.counts.harmful, row.counts.helpful},
                               stats::Tail::kCandidateWorse));
  }
  const auto adjusted = stats::AdjustByHolm(p);
  for (size_t i = 0; i < p.size(); ++i) {
    rows[i]["p"] = Number(p[i]);
    rows[i]["p_holm"] = Number(adjusted[i]);
  }
}

}  // namespace

Json ToJson(const PairedClass& row) {
  Json out{{"class", row.index}};
  PutCounts(out, row.counts);
  for (const auto& [name, estimate] : row.difference) out[name + "_difference"] = ToJson(estimate);
  return out;
}

Json ToJson(const PairedScope& scope) {
  Json out{{"name", scope.name}};
  PutCounts(out, scope.counts);
  out["difference"] = ToJson(scope.difference);
  return out;
}

void PutDamages(const Evidence& evidence, Json& paired) {
  const auto damages = DistributionDamages(evidence);
  for (size_t i = 0; i < damages.size(); ++i) {
    if (damages[i]) paired["distributions"][i]["extra_damage"] = DamageJson(*damages[i]);
  }
}

void PutFindings(const SliceFindings& findings, Json& out) {
  out["slice_search"] = {{"metric", findings.metric},
                         {"tests", findings.num_tests},
                         {"alpha", findings.alpha},
                         {"test", "fisher_exact"},
                         {"adjustment", "holm"}};
  out["found_slices"] = Json::array();
  for (const auto& found : findings.found) out["found_slices"].push_back(FoundJson(found));
}

Json PairedJson(const Paired& paired, double confidence) {
  Json out;
  PutCounts(out, paired.counts);
  out["discordant"] = paired.counts.discordant();
  if (paired.counts.n > 0) {
    const auto& counts = paired.counts;
    const Estimate rate = ShareEstimate(counts.flips, counts.n, confidence);
    out["flip_rate"] = Number(rate.value);
    out["flip_rate_interval"] = {{"low", *rate.low}, {"high", *rate.high}};
    out["top1_agreement"] = ToJson(ShareEstimate(counts.n - counts.flips, counts.n, confidence));
  }
  out["mcnemar_p"] = Number(paired.mcnemar_p);
  if (paired.kl_nats) out["kl_nats"] = ToJson(*paired.kl_nats);
  out["difference"] = ToJson(paired.difference);
  PutList(out, "per_class", paired.per_class);
  if (!paired.per_class.empty()) PutClassTests(paired, out["per_class"]);
  PutList(out, "slices", paired.slices);
  PutList(out, "distributions", paired.distributions);
  return out;
}

}  // namespace tare::verdict
