// Reports derived from the committed example: each is the example with one thing changed.
import { readFileSync } from "node:fs";

export const example = () => JSON.parse(readFileSync(new URL("../../web/testdata/report.json", import.meta.url), "utf8"));

export function failing() {
  const r = example();
  Object.assign(r, { verdict: "FAIL", summary: "int8 breaks 2 of 6 limits: recall of shirt is worse by 4.1 points [2.2, 6.0], allowed is 2.0; speedup is 0.91, asked for is 1.1." });
  Object.assign(r.gate.checks[2], { candidate: 0.762, statistic: -0.041, low: -0.06, high: -0.022, bound: -0.0571, verdict: "FAIL", reason: "the whole interval of the difference lies below the margin of -0.020" });
  Object.assign(r.gate.checks[5], { candidate: 0.892, statistic: 0.91, low: 0.88, high: 0.94, bound: 0.883, verdict: "FAIL", reason: "at least 0.88, asked for is 1.1" });
  r.cost = { ...r.cost, speedup: 0.91, speedup_interval: { low: 0.88, high: 0.94 } };
  r.warnings = [{ what: "3 calibration samples were skipped: they hold NaN.", next: "tare data check" }];
  r.findings = [{ scope: "all", what: "accuracy rises by 0.12 points [+0.03, +0.21] while F1 macro falls by 0.004 [-0.009, +0.001]" }];
  return r;
}

export function inconclusive() {
  const r = example();
  Object.assign(r, { verdict: "INCONCLUSIVE", n: 400, summary: "400 samples are too few to say that accuracy is not worse by more than 0.50 points: the difference is -0.25 points [-1.50, +1.00]. About 4,100 would settle it." });
  Object.assign(r.gate.checks[0], { n: 400, statistic: -0.0025, low: -0.015, high: 0.01, bound: -0.0131, verdict: "INCONCLUSIVE", settle_n: 4100, reason: "the interval of the difference reaches from below the margin of -0.50 points to above it" });
  return r;
}

/// Without labels: what `tare evaluate FLOAT QUANT --data FILE` measures on a stranger's model.
export function outputs() {
  const r = example();
  Object.assign(r, { task: "outputs", name: "minilm-l3", n: 512, summary: "int8 is 2.2 times as fast [2.1, 2.3] and its outputs hold: the mean cosine to float is at least 0.989, allowed is 0.970 (n = 512)." });
  for (const side of [r.baseline, r.candidate]) for (const k of ["metrics", "per_class", "confusion", "slices", "distributions"]) delete side[k];
  delete r.paired; delete r.classes; delete r.data.search;
  r.outputs = [
    { name: "last_hidden_state", shape: ["batch", "sequence", 384], n: 512, cosine: { mean: 0.9887, least: 0.9413 }, relative_error: 0.151, snr_db: 16.4 },
    { name: "pooler_output", shape: ["batch", 384], n: 512, cosine: { mean: 0.99731, least: 0.98102 }, relative_error: 0.073, snr_db: 22.7 },
  ];
  r.gate.checks = [
    { metric: "cosine", scope: "output:last_hidden_state", kind: "min", statistic: 0.9887, low: 0.9874, high: 0.9899, margin: 0.97, limit: 0.97, direction: "above", bound: 0.9876, unit: "score", n: 512, test: "bca", verdict: "PASS", reason: "at least 0.9876, asked for is 0.97" },
    { ...r.gate.checks[5] },
  ];
  return r;
}

/// The same with what decided for each output; one is a score, whose cosine sees nothing of what is wrong.
export function judgedOutputs() {
  const r = outputs();
  r.outputs[0].judged = { measure: "cosine", value: 0.9887, bound: 0.97, holds: true, strain: 0.377, text: "cosine 0.9887 of 'last_hidden_state'" };
  r.outputs[1].judged = { measure: "cosine", value: 0.99731, bound: 0.97, holds: true, strain: 0.09, text: "cosine 0.9973 of 'pooler_output'" };
  r.outputs.push({ name: "score", shape: ["batch", 1], n: 512, cosine: { mean: 0.99977, least: 0.9991 }, relative_error: 0.02, snr_db: 33.9,
    judged: { measure: "R2", value: 0.61, bound: 0.94, holds: false, strain: 6.5, text: "R2 0.6100 of 'score', value 0 (n = 512)" } });
  return r;
}

/// Three batch sizes at two numbers of threads, with resident memory and an estimate of energy.
export function costs() {
  const r = example(), rows = [], ratios = [];
  for (const [t, threads] of [2, 1].entries()) for (const [i, batch] of [1, 8, 32].entries()) {
    rows.push({ batch, threads, p50: batch ** 0.9 * (1 + t) * 0.8 });
    ratios.push({ batch, threads, speedup: 2.1 + i * 0.2 - t * 0.5, low: 2.0 + i * 0.15 - t * 0.5, high: 2.2 + i * 0.3 - t * 0.5 });
  }
  const side = (factor, bytes, joules, accuracy) => {
    const latency = rows.map(({ batch, threads, p50 }, i) => {
      const at = (p, low, high) => ({ value: p * p50 * factor(i), low: low * p50 * factor(i), ...(high && { high: high * p50 * factor(i) }), n: 220 });
      const quantiles = { p50: at(1, 0.97, 1.04), p90: at(1.2, 1.1, 1.35), p99: at(1.6, 1.4, batch === 32 ? undefined : 2) };
      return { batch, threads, runs: 220, p50: quantiles.p50.value, p90: quantiles.p90.value, p99: quantiles.p99.value, throughput_per_s: (1e3 * batch) / quantiles.p50.value, quantiles };
    });
    return { latency, latency_ms: latency[0], throughput_per_s: latency[0].throughput_per_s, loaded_rss_bytes: bytes, resident_rss_bytes: bytes * 1.1, load_ms: 12.5, cold_start_ms: 15.2,
      energy: { status: "estimated", joules_per_sample: joules, joules_per_correct: joules / accuracy, method: "processor time x 65 W / 4 processors, median of 5 blocks, batch 1" } };
  };
  Object.assign(r.baseline, side(() => 1, 48e6, 0.0246, r.baseline.metrics.accuracy.value));
  Object.assign(r.candidate, side((i) => 1 / ratios[i].speedup, 41e6, 0.0157, r.candidate.metrics.accuracy.value));
  r.cost = { ...r.cost, speedup: ratios[0].speedup, speedup_interval: { low: ratios[0].low, high: ratios[0].high }, by_batch: ratios };
  return r;
}

/// The required keys and nothing else.
export const bare = () => ({
  schema_version: 1, tare_version: "0.1.0", created: "2026-03-14T09:26:53Z", name: "bare.onnx", task: "outputs", verdict: null, summary: "", n: 8,
  baseline: {}, candidate: {}, host: {}, digests: {},
});

export const HOSTILE = ["</script><script>window.hacked=1</script>", "<img src=x onerror=window.hacked=1>", "\u2028\u2029\"'`&amp;", "javascript:window.hacked=1", "{{SCRIPT}} $& $1 /*TARE_REPORT*/"];
export function hostile() {
  const r = example(), long = "a/".repeat(400) + "end";
  r.name = HOSTILE[0]; r.summary = `Names are text: ${HOSTILE[1]}`; r.classes[6] = HOSTILE[1];
  r.baseline.label = HOSTILE[1]; r.baseline.path = HOSTILE[0]; r.baseline.per_class[6].name = HOSTILE[1];
  for (const [i, text] of HOSTILE.entries()) { r.nodes[i].name = text; r.nodes[i].reason = text; r.tensors[i].name = text; r.gate.checks[i].label = text; r.gate.checks[i].reason = text; }
  r.fusion.islands[0] = { node: HOSTILE[1], op: HOSTILE[0], rule: HOSTILE[1], reason: HOSTILE[0] };
  r.nodes[6].name = long; r.tensors[6].name = long; r.candidates[2].reason = HOSTILE[1]; r.host.cpu = HOSTILE[1]; r.digests[HOSTILE[1]] = HOSTILE[0];
  r.baseline.slices[0].name = HOSTILE[1]; r.warnings = [{ what: HOSTILE[0], next: HOSTILE[1] }]; r.findings = [{ scope: HOSTILE[0], what: HOSTILE[1] }];
  return r;
}

/// Wrong types and impossible values where numbers and lists belong.
export function malformed() {
  const r = example();
  r.baseline.metrics.accuracy = "high"; r.candidate.metrics = { accuracy: null, f1_macro: 0.9 }; r.tensors[0].histogram = { low: 0, high: 0, counts: [] };
  r.tensors[1].histogram.counts = [0, 0, 0]; r.tensors[2] = null; r.nodes = { not: "a list" }; r.gate.checks[0].limit = null; r.gate.checks[1] = {};
  r.paired.per_class = "none"; r.cost.by_batch = [{}]; r.baseline.latency = [{ batch: 1 }]; r.host.isa = "avx2"; r.candidates[1].speedup = -1; r.outputs[0].cosine = {};
  return r;
}

export function huge() {
  const r = example(), classes = 1000;
  r.classes = Array.from({ length: classes }, (_, i) => `class ${i}`);
  const rows = (shift) => Array.from({ length: classes }, (_, i) => {
    const value = 0.5 + ((i * 37) % 500) / 1001 + shift * ((i % 7) - 4);
    return { class: i, name: `class ${i}`, n: 50, recall: { value, low: value - 0.1, high: Math.min(1, value + 0.1) }, precision: { value }, f1: { value } };
  });
  r.baseline.per_class = rows(0); r.candidate.per_class = rows(0.004); delete r.paired.per_class; delete r.baseline.confusion; delete r.candidate.confusion;
  r.nodes = Array.from({ length: 3000 }, (_, i) => ({ ...r.nodes[i % 22], name: `/encoder/layer.${Math.floor(i / 20)}/node_${i}` }));
  r.tensors = Array.from({ length: 800 }, (_, i) => ({ ...r.tensors[i % 22], name: `/encoder/layer.${Math.floor(i / 20)}/tensor_${i}` }));
  r.fusion.islands = Array.from({ length: 140 }, (_, i) => ({ ...r.fusion.islands[0], node: `/encoder/node_${i}` }));
  return r;
}

/// As the C++ writer does it.
export const embed = (page, report, flips = "") => {
  const safe = (x) => (typeof x === "string" ? x : JSON.stringify(x)).replace(/</g, "\\u003c").replace(/\u2028/g, "\\u2028").replace(/\u2029/g, "\\u2029");
  return page.replace("/*TARE_FLIPS*/", () => safe(flips)).replace("/*TARE_REPORT*/", () => safe(report));
};

/// 8 x 8 pixels, gray.
const PICTURE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAKklEQVR42mNgEFAwcAhIKIDRDQxQegIDlF7AAKU3MEDpAwxQ+gIDlH4AAB51HAGfRI9tAAAAAElFTkSuQmCC";
export function flips() {
  const harmful = Array.from({ length: 14 }, (_, i) => ({
    place: i, sample: i ? 2000 + i : 1304, kind: "harmful", label: "coat", baseline: "coat", candidate: i === 5 ? "=HYPERLINK(1)" : "shirt",
    baseline_confidence: 0.81 - i / 50, candidate_confidence: 0.5, margin: 0.62 - i / 50, image: PICTURE,
  }));
  const wrong = Array.from({ length: 3 }, (_, i) => ({
    place: 40 + i, id: `q${i}`, line: 41 + i, kind: "both_wrong", label: "on the kitchen table", baseline: i ? "bag" : "in the red shed", candidate: i ? "coat" : "in the blue shed", margin: 0.2,
    fields: [["question", "Where is the <b>knife</b>?"], ["context", "Olga hid the knife under the bed. ".repeat(12)], ["length", "44"]],
  }));
  return { total: 98, in_file: 98, file: "flips.jsonl", flips: [...harmful, ...wrong, { place: 90, sample: 90, kind: "helpful", label: "bag", baseline: "coat", candidate: "bag", fields: [["age", "42"], ["income", "-3.5"]] }] };
}

// ---- conditions, slices and tasks ----

const FIFTEEN = ["gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "snow", "frost", "fog", "brightness", "contrast", "elastic_transform", "pixelate", "jpeg_compression"];

/// `extra` points beyond the clean set's difference.
function addDistribution(r, name, description, extra, p_holm) {
  const clean = r.paired.difference.accuracy.value, accuracy = (value, half = 0.008) => ({ value, low: value - half, high: value + half });
  r.baseline.distributions.push({ name, description, n: 2000, metrics: { accuracy: accuracy(0.8), f1_macro: accuracy(0.79) } });
  r.candidate.distributions.push({ name, description, n: 2000, metrics: { accuracy: accuracy(0.8 + clean + extra), f1_macro: accuracy(0.78) } });
  r.paired.distributions.push({
    name, n: 2000, flips: 60, harmful: 30, helpful: 20, difference: { accuracy: accuracy(clean + extra, 0.004), f1_macro: accuracy(-0.01, 0.004) },
    extra_damage: { metric: "accuracy", ...accuracy(extra, 0.005), p: p_holm / 75, p_holm },
  });
}
function withoutDistributions() {
  const r = example();
  for (const side of [r.baseline, r.candidate, r.paired]) side.distributions = [];
  return r;
}

/// Fifteen corruptions at five severities; one is worse beyond chance.
export function corruptions() {
  const r = withoutDistributions();
  FIFTEEN.forEach((name, i) => [1, 2, 3, 4, 5].forEach((severity) => {
    const sure = name === "glass_blur" && severity === 5;
    addDistribution(r, `${name}:${severity}`, `${name}, severity ${severity}`, sure ? -0.021 : 0.001 * ((i * 7 + severity * 3) % 9 - 4), sure ? 0.0004 : 1);
  }));
  return r;
}

/// A table under noise, and data of another source, with a check each.
export function conditions() {
  const r = withoutDistributions();
  addDistribution(r, "noisy", "table_noise, severity 2", -0.008, 0.01);
  addDistribution(r, "winter", "winter.csv.gz", 0.001, 1);
  r.gate.checks.push({ metric: "extra_damage", scope: "distribution:noisy", kind: "difference", baseline: 0, candidate: -0.008, statistic: -0.008, low: -0.013, high: -0.003, margin: 0.01, limit: -0.01, direction: "above", bound: -0.0122, unit: "ratio", n: 2000, test: "mover", verdict: "INCONCLUSIVE", reason: "the bound lies beyond the margin" });
  return r;
}

export function foundSlices() {
  const r = example(), share = (value, half = 0.05) => ({ value, low: value - half, high: value + half });
  Object.assign(r.slice_search, { tests: 1234 });
  r.found_slices = [
    { where: "label == 3 and size < 0.25", n: 104, harmful: 31, rest_n: 9896, rest_harmful: 40, baseline: share(0.92), candidate: share(0.63), difference: share(-0.29, 0.09), p: 1e-9, p_holm: 1e-6 },
    { where: "width >= 9", n: 40, harmful: 9, rest_n: 9960, rest_harmful: 62, baseline: share(0.9), candidate: share(0.7), difference: share(-0.2, 0.12), p: 1e-5, p_holm: 0.012 },
  ];
  return r;
}

/// What programs around two models said, without the models.
function predictions(task, metrics, more = {}) {
  const r = example();
  for (const k of ["classes", "outputs", "candidates", "fusion", "nodes", "tensors", "data", "cost", "slice_search", "found_slices"]) delete r[k];
  Object.assign(r, { task, name: `${task}.int8.jsonl`, n: 600, summary: "nothing was demanded of int8 (n = 600, 95 %).", verdict: null, gate: undefined, digests: { baseline_predictions: "sha256:1", candidate_predictions: "sha256:2" } });
  const side = (label, at) => ({ label, path: `${task}.${label}.jsonl`, metrics: Object.fromEntries(metrics.map(([name, says, unit, better, values]) => [name, { value: values[at], low: values[at] * 0.97, high: values[at] * 1.03, label: says, unit, better }])) });
  r.baseline = side("float", 0); r.candidate = side("int8", 1);
  r.paired = { n: 600, flips: 38, flip_rate: 38 / 600, harmful: 22, helpful: 4, discordant: 26, mcnemar_p: 0.0005, top1_agreement: { value: 562 / 600 }, difference: Object.fromEntries(metrics.map(([name, , , , [a, b]]) => [name, { value: b - a, low: b - a - Math.abs(a) * 0.02, high: b - a + Math.abs(a) * 0.02 }])), ...more };
  return r;
}
export const TASKS = {
  question_answering: () => predictions("question_answering", [["exact_match", "exact match", "ratio", "higher", [0.8996, 0.8992]], ["hallucination_rate", "hallucination rate", "ratio", "lower", [0.106, 0.151]], ["token_f1", "token F1", "score", "higher", [0.905, 0.905]], ["answer_rate", "answer rate", "ratio", "higher", [0.832, 0.832]]]),
  generation: () => predictions("generation", [["rouge_l", "ROUGE-L", "score", "higher", [0.589, 0.561]], ["answer_rate", "answer rate", "ratio", "higher", [0.905, 0.907]], ["hallucination_rate", "hallucination rate", "ratio", "lower", [0.226, 0.246]]]),
  token_classification: () => predictions("token_classification", [["f1_micro", "F1 micro", "score", "higher", [0.953, 0.946]], ["token_accuracy", "token accuracy", "ratio", "higher", [0.963, 0.958]]]),
  retrieval: () => predictions("retrieval", [["mrr", "mean reciprocal rank", "score", "higher", [0.4, 0.39981]], ["ndcg_at_10", "nDCG at 10", "score", "higher", [0.481, 0.482]]]),
  regression: () => predictions("regression", [["mae", "mean absolute error", "number", "lower", [4.725, 4.951]], ["r2", "R squared", "score", "higher", [0.959, 0.958]]], { flips: 600, harmful: 0, helpful: 0 }),
  multi_label: () => predictions("multi_label", [["f1_micro", "F1 micro", "score", "higher", [0.877, 0.872]], ["hamming_loss", "Hamming loss", "ratio", "lower", [0.0756, 0.0789]]]),
  object_detection: () => predictions("object_detection", [["map", "mAP 0.5:0.95", "score", "higher", [0.483, 0.47]]], { flips: 11, flip_rate: 11 / 600, harmful: 0, helpful: 0 }),
};

/// A classifier of `k` classes with all three measures, their intervals and differences.
export function classes(k) {
  const r = example(), share = (value) => ({ value, low: Math.max(0, value - 0.08), high: Math.min(1, value + 0.08) });
  r.classes = Array.from({ length: k }, (_, i) => `class ${i}`);
  const rows = (shift) => r.classes.map((name, i) => ({ class: i, name, n: 50 + (i % 9), recall: share(0.6 + ((i * 37) % 300) / 1000 + shift), precision: share(0.55 + ((i * 53) % 300) / 1000 + shift), f1: share(0.58 + ((i * 41) % 300) / 1000 + shift) }));
  r.baseline.per_class = rows(0); r.candidate.per_class = rows(-0.01);
  const difference = (i) => ({ value: -0.01 - (i % 5) / 1000, low: -0.04, high: 0.02 });
  r.paired.per_class = r.classes.map((_, i) => ({ class: i, n: 50, flips: 3, harmful: 2, helpful: 1, recall_difference: difference(i), precision_difference: difference(i + 1), f1_difference: difference(i + 2) }));
  if (k !== 10) for (const side of [r.baseline, r.candidate]) delete side.confusion;
  return r;
}
