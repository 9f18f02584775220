// Writes report.json: a full, self-consistent example of docs/formats/report.md.
//
// The 10,000 predictions are simulated with a fixed seed; counts, metrics, intervals and bounds are then computed from them, so that every
// number in the example agrees with every other. Run: node web/testdata/make-report.mjs
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";

let state = 0x7a7e0001;
function uniform() {  // mulberry32
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
const round = (x, d = 5) => Number(x.toPrecision(d));
const digest = (text) => "sha256:" + createHash("sha256").update(text).digest("hex");

const classes = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"];
const rightShare = [0.872, 0.987, 0.885, 0.927, 0.894, 0.981, 0.794, 0.967, 0.985, 0.962];
const confusedWith = [[6, 3, 2], [3, 0], [4, 6, 0], [0, 4, 6], [2, 6, 3], [7, 9], [0, 2, 4], [9, 5], [6, 0], [7, 5]];
const K = classes.length, N = 10000;

function simulate(shift, flipShare) {
  const samples = [];
  for (let i = 0; i < N; i++) {
    const label = i % K;
    const other = () => {
      const list = confusedWith[label];
      return uniform() < 0.9 ? list[Math.floor(uniform() ** 1.6 * list.length)] : Math.floor(uniform() * K);
    };
    const a = uniform() < rightShare[label] - shift ? label : other();
    let b = a;  // flips sit where the baseline is unsure: among its errors far more often than among its hits
    if (a === label) { if (uniform() < flipShare * 0.66) b = other(); }
    else if (uniform() < (flipShare * 8) / (1 + shift / 0.075)) b = uniform() < 0.7 ? label : other();
    const confidence = (right) => (right ? 1 - 0.09 * uniform() ** 0.5 * -Math.log(1 - uniform()) : 0.42 + 0.5 * uniform());
    const ca = Math.min(0.9999, Math.max(0.3, confidence(a === label)));
    const cb = b === a ? Math.min(0.9999, Math.max(0.3, ca + 0.004 * normal() - 0.001)) : 0.4 + 0.15 * uniform();
    const pa = a === label ? ca : (1 - ca) * (0.2 + 0.7 * uniform());
    const pb = b === label ? cb : b === a ? Math.max(1e-3, pa * (1 + 0.02 * normal())) : (1 - cb) * 0.6;
    samples.push({ label, a, b, ca, cb, pa, pb, topA: a === label || uniform() < 0.97, kl: Math.exp(-7.6 + 1.5 * normal()) });
  }
  for (const s of samples) s.topB = s.topA;
  return samples;
}

function metrics(samples, pick) {
  const confusion = Array.from({ length: K }, () => new Array(K).fill(0));
  let logLoss = 0, top = 0;
  const bins = Array.from({ length: 15 }, () => [0, 0, 0]);
  for (const s of samples) {
    const prediction = s[pick];
    confusion[s.label][prediction]++;
    logLoss -= Math.log(s["p" + pick]);
    top += s["top" + pick.toUpperCase()] ? 1 : 0;
    const c = s["c" + pick], bin = bins[Math.min(14, Math.floor(c * 15))];
    bin[0]++; bin[1] += c; bin[2] += prediction === s.label ? 1 : 0;
  }
  const n = samples.length, recall = [], precision = [], f1 = [];
  for (let k = 0; k < K; k++) {
    const row = confusion[k].reduce((x, y) => x + y, 0), column = confusion.reduce((x, r) => x + r[k], 0);
    recall[k] = row ? confusion[k][k] / row : 0;
    precision[k] = column ? confusion[k][k] / column : 0;
    f1[k] = recall[k] + precision[k] ? (2 * recall[k] * precision[k]) / (recall[k] + precision[k]) : 0;
  }
  const mean = (v) => v.reduce((x, y) => x + y, 0) / v.length;
  return {
    flat: {
      accuracy: confusion.reduce((x, r, k) => x + r[k], 0) / n, top5_accuracy: top / n,
      precision_macro: mean(precision), recall_macro: mean(recall), f1_macro: mean(f1),
      log_loss: logLoss / n, ece: bins.reduce((x, [m, c, r]) => x + Math.abs(c - r), 0) / n,
    },
    recall, precision, f1, confusion,
  };
}

const REPLICATES = 1000;
function bootstrap(samples) {  // of both sides on the same resample, so that differences are paired
  const draws = [];
  for (let r = 0; r < REPLICATES; r++) {
    const resample = new Array(samples.length);
    for (let i = 0; i < samples.length; i++) resample[i] = samples[Math.floor(uniform() * samples.length)];
    draws.push([metrics(resample, "a"), metrics(resample, "b")]);
  }
  return draws;
}
const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(q * (sorted.length - 1))))];
function interval(value, draws, digits = 5) {
  const sorted = draws.slice().sort((x, y) => x - y);
  return { value: round(value, digits), low: round(quantile(sorted, 0.025), digits), high: round(quantile(sorted, 0.975), digits) };
}
const lower95 = (draws) => round(quantile(draws.slice().sort((x, y) => x - y), 0.05), 4);

// Tango's score test (reference: monitoring notes, gates), inverted by bisection for a one-sided lower bound of candidate - baseline.
function tangoT(b, c, n, margin) {
  const A = 2 * n, B = -b - c + (2 * n - b + c) * margin, C = -c * margin * (1 - margin);
  const q = (Math.sqrt(B * B - 4 * A * C) - B) / (2 * A);
  return (b - c - n * margin) / Math.sqrt(n * (2 * q + margin * (1 - margin)));
}
function tangoLower(b, c, n) {
  let lo = -0.2, hi = 0.2;
  for (let i = 0; i < 60; i++) {
    const mid = (lo + hi) / 2;
    if (tangoT(b, c, n, -mid) < -1.6449) lo = mid; else hi = mid;
  }
  return round(lo, 4);
}
const wilson = (k, n, z = 1.96) => {
  const p = k / n, d = 1 + (z * z) / n, m = (p + (z * z) / (2 * n)) / d, h = (z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))) / d;
  return [round(m - h), round(m + h)];
};
function counts(samples) {
  let flips = 0, harmful = 0, helpful = 0;
  for (const { label, a, b } of samples) if (a !== b) { flips++; if (a === label) harmful++; else if (b === label) helpful++; }
  return { n: samples.length, flips, harmful, helpful };
}
function mcnemar(b, c) {
  const n = b + c, k = Math.min(b, c);
  let p = 0, term = Math.pow(0.5, n);
  for (let i = 0; i <= k; i++) { p += term; term = (term * (n - i)) / (i + 1); }
  return round(Math.min(1, 2 * p), 4);
}

const samples = simulate(0, 0.0085);
const A = metrics(samples, "a"), B = metrics(samples, "b"), draws = bootstrap(samples), all = counts(samples);
const names = Object.keys(A.flat);
const sideMetrics = (m, which, d) => Object.fromEntries(names.map((k) => [k, interval(m.flat[k], d.map((x) => x[which].flat[k]))]));
const difference = (k) => interval(B.flat[k] - A.flat[k], draws.map((x) => x[1].flat[k] - x[0].flat[k]), 4);
const perClass = (m, which) => classes.map((name, k) => ({
  class: k, name, n: 1000,
  recall: interval(m.recall[k], draws.map((x) => x[which].recall[k])),
  precision: interval(m.precision[k], draws.map((x) => x[which].precision[k])),
  f1: interval(m.f1[k], draws.map((x) => x[which].f1[k])),
}));
const pairedClass = classes.map((_, k) => {
  const { n, flips, harmful, helpful } = counts(samples.filter((s) => s.label === k));
  return { class: k, n, flips, harmful, helpful, recall_difference: interval(B.recall[k] - A.recall[k], draws.map((x) => x[1].recall[k] - x[0].recall[k]), 4) };
});

function group(list) {  // slices and distributions: accuracy and macro F1 alone
  const m = [metrics(list, "a"), metrics(list, "b")], saved = [];
  for (let r = 0; r < 300; r++) {
    const resample = list.map(() => list[Math.floor(uniform() * list.length)]);
    saved.push([metrics(resample, "a").flat.accuracy, metrics(resample, "b").flat.accuracy]);
  }
  return {
    sides: [0, 1].map((w) => ({ accuracy: interval(m[w].flat.accuracy, saved.map((x) => x[w])) })),
    paired: { ...counts(list), difference: { accuracy: interval(m[1].flat.accuracy - m[0].flat.accuracy, saved.map((x) => x[1] - x[0]), 4) } },
  };
}
const slices = [
  { name: "shirts", where: "label == 6", list: samples.filter((s) => s.label === 6) },
  { name: "footwear", where: "label in [5, 7, 9]", list: samples.filter((s) => [5, 7, 9].includes(s.label)) },
].map((s) => ({ ...s, ...group(s.list) }));
const distributions = [
  { name: "test", description: "as given", list: samples },
  { name: "noise", description: "gaussian_noise, severity 3", list: simulate(0.071, 0.017) },
  { name: "jpeg", description: "test-jpeg.npz", list: simulate(0.018, 0.0105) },
  { name: "dark", description: "brightness, severity 4", list: simulate(0.048, 0.014) },
].map((s) => ({ ...s, ...group(s.list) }));

// By variance recovery, and its p-value as that of a normal variable with the interval's width.
function extraDamage(s) {
  const a = s.paired.difference.accuracy, b = distributions[0].paired.difference.accuracy, value = a.value - b.value;
  const low = value - Math.hypot(a.value - a.low, b.high - b.value), high = value + Math.hypot(a.high - a.value, b.value - b.low);
  const z = value / ((high - low) / 3.92), t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail = 0.39894228 * Math.exp((-z * z) / 2) * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const p = value >= 0 ? 1 : tail;
  return { metric: "accuracy", value: round(value, 4), low: round(low, 4), high: round(high, 4), n: s.paired.n, method: "mover", p: round(p, 3), p_holm: round(Math.min(1, distributions.length * p), 3) };
}

// ---- nodes and tensors of a small residual CNN ----
const layers = [], channels = [16, 32, 64];
layers.push(["/stem/Conv", "Conv", 1 * 9 * 16, 16]);
let input = 16;
channels.forEach((width, stage) => {
  for (let block = 0; block < 3; block++) {
    const base = `/layer${stage + 1}/${block}`;
    layers.push([`${base}/conv1/Conv`, "Conv", input * 9 * width, width], [`${base}/conv2/Conv`, "Conv", width * 9 * width, width]);
    if (input !== width) layers.push([`${base}/shortcut/Conv`, "Conv", input * width, width]);
    layers.push([`${base}/Add`, "Add", 0, 0]);
    input = width;
  }
});
layers.push(["/pool/GlobalAveragePool", "GlobalAveragePool", 0, 0], ["/head/Gemm", "Gemm", 64 * 10, 10]);
const island = "/layer3/2/Add";
const nodes = layers.map(([name, op, weights, out]) => name === island
  ? { name, op, format: "int8_static", float_bytes: 0, quantized_bytes: 0, fused: false, reason: "its output also feeds the graph output 'features', which must stay float" }
  : { name, op, format: "int8_static", float_bytes: 4 * (weights + out), quantized_bytes: weights + 4 * out + 5 * out + (op === "Add" ? 0 : 5), fused: true });
nodes.push({ name: "/head/Softmax", op: "Softmax", format: "float32", float_bytes: 0, quantized_bytes: 0, fused: null, reason: "left in float: int8 gained 0.00 ms and cost 9 flips" });

const tensors = [];
function tensor(name, kind, shape, method = "mse") {
  const values = Array.from({ length: 20000 }, shape);
  let min = Infinity, max = -Infinity, zero = 0;
  for (const v of values) { min = Math.min(min, v); max = Math.max(max, v); if (v === 0) zero++; }
  const sorted = values.slice().sort((x, y) => x - y);
  let low = Math.min(0, kind === "weight" ? -Math.max(-min, max) : min < 0 ? quantile(sorted, 0.0004) : 0);
  let high = kind === "weight" ? -low : quantile(sorted, 0.9994);
  if (method === "minmax") { low = min; high = max; }
  const levels = kind === "weight" ? 254 : 255, scale = (high - low) / levels;
  const bins = new Array(64).fill(0), width = (max - min) / 64;
  for (const v of values) bins[Math.min(63, Math.floor((v - min) / width))]++;
  const factor = kind === "weight" ? 1 : 11760;
  tensors.push({
    name, kind, dtype: kind === "weight" ? "int8" : "uint8", n: values.length * factor, min: round(min), max: round(max), low: round(low), high: round(high),
    method: kind === "weight" ? "absmax" : method, scale: round(scale, 6), zero_point: kind === "weight" ? 0 : Math.round(-low / scale),
    clipped_share: round(values.filter((v) => v < low || v > high).length / values.length, 3), zero_share: round(zero / values.length, 3),
    histogram: { low: round(min), high: round(max), counts: bins.map((x) => x * factor) },
  });
}
tensor("input", "activation", () => (uniform() < 0.5 ? -0.8102 : -0.8102 + 2.8 * uniform() ** 0.8), "minmax");
for (const [name, op] of layers) {
  if (op === "GlobalAveragePool") tensor(`${name}_output_0`, "activation", () => Math.abs(0.9 * normal()) * uniform());
  else if (op === "Gemm") tensor("logits", "activation", () => 4.5 * normal() - 2 + (uniform() < 0.1 ? 14 : 0));
  else if (name.includes("shortcut")) tensor(`${name}_output_0`, "activation", () => 0.8 * normal() + 0.2);
  else if (name.includes("conv2")) tensor(`${name}_output_0`, "activation", () => (0.7 + uniform()) * normal() - 0.1);
  else { const spread = 0.5 + uniform(); tensor(`${name.replace("Conv", "Relu").replace("Add", "Relu")}_output_0`, "activation", () => Math.max(0, spread * normal() * (uniform() < 0.004 ? 3.5 : 1))); }
}
for (const name of ["stem.weight", "layer2.0.conv1.weight", "layer3.2.conv2.weight", "head.weight"]) tensor(name, "weight", () => 0.09 * normal());

// ---- cost ----
const batches = [1, 8, 32], p50A = [0.812, 5.31, 20.6], p50B = [0.384, 2.42, 9.18];
const latency = (p50, wobble) => batches.map((batch, i) => ({
  batch, threads: 1, runs: 400, p50: p50[i], p90: round(p50[i] * 1.035, 4), p99: round(p50[i] * (1.12 + wobble), 4),
  low: round(p50[i] * 0.988, 4), high: round(p50[i] * 1.013, 4), throughput_per_s: round((1000 * batch) / p50[i], 5),
}));
const byBatch = batches.map((batch, i) => ({ batch, speedup: round(p50A[i] / p50B[i], 4), low: round((p50A[i] / p50B[i]) * 0.978, 4), high: round((p50A[i] / p50B[i]) * 1.021, 4) }));
const bytes = [nodes.reduce((x, y) => x + y.float_bytes, 0) + 21480, nodes.reduce((x, y) => x + y.quantized_bytes, 0) + 48310];
const sizeRatio = round(bytes[1] / bytes[0], 4);

// ---- gate ----
const accuracy = difference("accuracy"), f1 = difference("f1_macro"), shirt = pairedClass[6];
const [flipLow, flipHigh] = wilson(all.flips, N), flipBound = wilson(all.flips, N, 1.6449)[1];
const pct = (x) => `${x < 0 ? "−" : "+"}${Math.abs(100 * x).toFixed(2)}`;
const checks = [
  { metric: "accuracy", scope: "all", label: "accuracy", kind: "difference", baseline: A.flat.accuracy, candidate: B.flat.accuracy, statistic: accuracy.value, low: accuracy.low, high: accuracy.high, margin: 0.005, limit: -0.005, direction: "above", bound: tangoLower(all.harmful, all.helpful, N), unit: "ratio", n: N, test: "tango", p: 1e-6 },
  { metric: "f1_macro", scope: "all", label: "F1 macro", kind: "difference", baseline: round(A.flat.f1_macro), candidate: round(B.flat.f1_macro), statistic: f1.value, low: f1.low, high: f1.high, margin: 0.01, limit: -0.01, direction: "above", bound: lower95(draws.map((x) => x[1].flat.f1_macro - x[0].flat.f1_macro)), unit: "score", n: N, test: "bca" },
  { metric: "recall", scope: "class:6", label: "recall, shirt", kind: "difference", baseline: A.recall[6], candidate: B.recall[6], statistic: shirt.recall_difference.value, low: shirt.recall_difference.low, high: shirt.recall_difference.high, margin: 0.02, limit: -0.02, direction: "above", bound: tangoLower(shirt.harmful, shirt.helpful, 1000), unit: "score", n: 1000, test: "tango" },
  { metric: "flip_rate", scope: "all", label: "flips", kind: "max", candidate: all.flips / N, statistic: all.flips / N, low: flipLow, high: flipHigh, margin: 0.03, limit: 0.03, direction: "below", bound: flipBound, unit: "ratio", n: N, test: "clopper_pearson" },
  { metric: "size_ratio", scope: "all", label: "size", kind: "max", baseline: bytes[0], candidate: bytes[1], statistic: sizeRatio, margin: 0.35, limit: 0.35, direction: "below", bound: sizeRatio, unit: "times", n: null, test: "exact" },
  { metric: "speedup", scope: "batch:1", label: "speedup, batch 1", kind: "min", baseline: p50A[0], candidate: p50B[0], statistic: byBatch[0].speedup, low: byBatch[0].low, high: byBatch[0].high, margin: 1.1, limit: 1.1, direction: "above", bound: round(byBatch[0].low * 1.003, 4), unit: "times", n: 400, test: "median_ratio" },
].map((c) => {
  const put = (x) => (c.unit === "ratio" ? (c.kind === "difference" ? `${pct(x)} points` : `${(100 * x).toFixed(2)} %`) : c.unit === "times" ? x.toFixed(2) : `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(3)}`);
  const reason = c.kind === "difference" ? `the lower 95 % bound of the difference, ${put(c.bound)}, is above the margin of ${put(-c.margin)}`
    : c.kind === "max" ? `at most ${put(c.bound)} with 95 % confidence, allowed is ${put(c.margin)}` : `at least ${put(c.bound)} with 95 % confidence, asked for is ${put(c.margin)}`;
  return { ...c, verdict: "PASS", reason: c.test === "exact" ? reason.replace(" with 95 % confidence", "") : reason };
});

const KL = samples.map((s) => s.kl).sort((x, y) => x - y);
const energy = { status: "unavailable", method: "no readable energy counter on this host" };
const side = (label, path, m, which, p50, size, rss) => ({
  label, path, metrics: sideMetrics(m, which, draws), per_class: perClass(m, which), confusion: m.confusion,
  slices: slices.map((s) => ({ name: s.name, where: s.where, n: s.list.length, metrics: s.sides[which] })),
  distributions: distributions.map((s) => ({ name: s.name, description: s.description, n: s.list.length, metrics: s.sides[which] })),
  latency_ms: latency(p50, which * 0.03)[0], latency: latency(p50, which * 0.03), throughput_per_s: latency(p50, 0)[0].throughput_per_s,
  model_bytes: size, peak_rss_bytes: rss, energy,
});

const report = {
  schema_version: 1, tare_version: "0.1.0", created: "2026-03-14T09:26:53Z", name: "fashion", task: "classification", verdict: "PASS",
  summary: `int8 is not worse than float within the declared margins (n = 10,000, 95 %): accuracy ${pct(accuracy.value)} points [${pct(accuracy.low)}, ${pct(accuracy.high)}], ${byBatch[0].speedup.toFixed(1)} times as fast, ${sizeRatio.toFixed(2)} of the size.`,
  n: N, classes, intervals: { confidence: 0.95, method: "paired bootstrap", replicates: REPLICATES, seed: 1 },
  baseline: side("float32", "fashion.onnx", A, 0, p50A, bytes[0], 58515456),
  candidate: side("int8_static", "model.onnx", B, 1, p50B, bytes[1], 51183616),
  paired: {
    ...all, flip_rate: all.flips / N, flip_rate_interval: { low: flipLow, high: flipHigh }, discordant: all.harmful + all.helpful,
    mcnemar_p: mcnemar(all.harmful, all.helpful), top1_agreement: { value: round(1 - all.flips / N), low: round(1 - flipHigh), high: round(1 - flipLow) },
    kl_nats: { mean: round(KL.reduce((x, y) => x + y, 0) / N, 4), p50: round(quantile(KL, 0.5), 4), p95: round(quantile(KL, 0.95), 4), p99: round(quantile(KL, 0.99), 4), max: round(KL[N - 1], 4) },
    difference: Object.fromEntries(names.map((k) => [k, difference(k)])), per_class: pairedClass,
    slices: slices.map((s) => ({ name: s.name, ...s.paired })), distributions: distributions.map((s) => ({ name: s.name, ...s.paired, extra_damage: extraDamage(s) })),
  },
  slice_search: { metric: "accuracy", tests: 10, alpha: 0.05, test: "fisher_exact", adjustment: "holm" }, found_slices: [],
  outputs: [{ name: "logits", shape: ["batch", 10], n: N, cosine: { mean: 0.99934, least: 0.98127, low: 0.99931, high: 0.99937 }, relative_error: 0.0341, snr_db: 29.3, flips: all.flips, flip_rate: all.flips / N }],
  gate: { policy_digest: digest("policy"), confidence: 0.95, declared: "2026-03-14T09:26:31Z", checks },
  cost: { speedup: byBatch[0].speedup, speedup_interval: { low: byBatch[0].low, high: byBatch[0].high }, by_batch: byBatch, size_ratio: sizeRatio, memory_ratio: 0.8747 },
  candidates: [
    { format: "float32", speedup: 1, cosine: { mean: 1, least: 1 }, size_ratio: 1, latency_ms: p50A[0], chosen: false, reason: "the baseline" },
    { format: "int8_static", speedup: byBatch[0].speedup, speedup_interval: { low: byBatch[0].low, high: byBatch[0].high }, cosine: { mean: 0.99934, least: 0.98127 }, size_ratio: sizeRatio, latency_ms: p50B[0], fused: nodes.filter((x) => x.fused).length, expected: nodes.filter((x) => x.fused !== null).length, chosen: true, reason: "fastest of those whose outputs hold" },
    { format: "int8_dynamic", speedup: 0.214, speedup_interval: { low: 0.209, high: 0.22 }, cosine: { mean: 0.99961, least: 0.99012 }, size_ratio: 0.268, latency_ms: 3.79, fused: 1, expected: 1, chosen: false, reason: "slower than float: convolutions have no fast dynamic kernel" },
  ],
  fusion: { expected: nodes.filter((x) => x.fused !== null).length, fused: nodes.filter((x) => x.fused).length, islands: [{ node: island, op: "Add", rule: "output-is-graph-output", reason: "its output also feeds the graph output 'features', which must stay float" }] },
  nodes, tensors,
  data: {
    calibration: { path: "train.npz", n: 300, digest: digest("calibration"), seed: 1 }, search: { path: "train.npz", n: 2000, digest: digest("search"), seed: 1 },
    test: { path: "test.npz", n: N, digest: digest("test") }, disjoint: true, duplicates_across: 0,
  },
  host: { cpu: "Intel Xeon, 2 cores at 2.8 GHz", isa: ["avx2", "avx512f", "avx512_vnni"], threads: 1, cores: 2, memory_bytes: 8368709120, os: "Debian GNU/Linux 12", runtime: "onnxruntime 1.32.0" },
  digests: Object.fromEntries(["baseline", "candidate", "recipe", "calibration", "policy", "data_calibration", "data_search", "data_test"].map((k) => [k, digest(k)])),
  warnings: [],
};
const text = JSON.stringify(report, null, 1).replace(/\[\n\s+(-?[\d.e+-]+(?:,\n\s+-?[\d.e+-]+)*)\n\s+\]/g, (_, list) => "[" + list.replace(/\n\s+/g, " ") + "]");
writeFileSync(new URL("report.json", import.meta.url), text + "\n");
