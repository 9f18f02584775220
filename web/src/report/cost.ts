// What does it cost, and what is gained? Latency, memory, size, the formats that were tried, where the bytes went.

import { Child, h } from "../lib/dom";
import { brief, bytes, bytesLike, cosine, count, fixed, isNumber, NOTHING, plural, Quantity, quantity, say, share } from "../lib/format";
import { axis, bars, scaleOf, strip } from "../lib/marks";
import { Column, num, Row, table } from "../lib/table";
import { Absent, Context, keys, list, longName, note, Section } from "./context";
import { Latency, Side } from "./schema";

const ms = (x: number) => say(quantity(x, "ms"));

/// "2.1 times as fast [2.07, 2.16]", "12 % slower".
export function speedSentence(speedup: number, interval?: { low?: number; high?: number }): string {
  const range = isNumber(interval?.low) && isNumber(interval?.high) ? ` [${fixed(interval.low, 2)}, ${fixed(interval.high, 2)}]` : "";
  if (speedup >= 1.005) return `${fixed(speedup, 2)} times as fast${range}`;
  if (speedup > 0.995) return `as fast as before${range ? ` (speedup ${fixed(speedup, 2)}${range})` : ""}`;
  return `slower, at ${fixed(speedup, 2)} of the speed${range}`;
}

function byBatch(side: Side | undefined): Latency[] {
  const many = list(side?.latency);
  return many.length ? many : side?.latency_ms ? [side.latency_ms] : [];
}

export function latency(c: Context): Section | Absent {
  const a = byBatch(c.report.baseline), b = byBatch(c.report.candidate);
  const head = { id: "latency", kicker: "Latency" };
  if (!a.some((x) => isNumber(x.p50)) && !b.some((x) => isNumber(x.p50))) {
    return { ...head, what: "latency percentiles and throughput of both models on this host, measured in turns", how: "`tare evaluate FLOAT.onnx QUANT.onnx --data FILE`" };
  }
  const pairs = timings(c, a, b), several = new Set(pairs.map((x) => x.threads)).size > 1;
  const first = pairs[0]!, runs = first.a?.runs ?? first.b?.runs;
  const threads = first.threads ?? c.report.host?.threads;
  const where = first.batch === undefined ? "" : ` at batch ${first.batch}${several && isNumber(first.threads) ? `, ${plural(first.threads, "thread")}` : ""}`;
  const finding = isNumber(first.a?.p50) && isNumber(first.b?.p50)
    ? `${c.int8} answers in ${ms(first.b.p50)} instead of ${ms(first.a.p50)}${where}${isNumber(first.s.speedup) ? `: ${speedSentence(first.s.speedup, first.s)}` : ""}` : "Latency of one model";
  const name = (x: Timing) => (x.batch === undefined ? "as given" : `batch ${x.batch}${several && isNumber(x.threads) ? `, ${plural(x.threads, "thread")}` : ""}`);
  const how = `${!several && isNumber(threads) ? `, ${plural(threads, "thread")}` : ""}${isNumber(runs) && pairs.every((x) => (x.a?.runs ?? x.b?.runs) === runs) ? `, ${count(runs)} timed runs each, in turns` : ", runs in turns"}`;
  const FEW = 4;
  const quantiles = [
    quantileTable(c, pairs, name, how),
    note(`Mark: median. Short tick: p90, tall tick: p99, an arrow where it lies beyond the axis. Each batch is drawn in units of ${c.float}’s median there (1×).`),
  ];
  const intervals = intervalTable(c, pairs, name);
  return {
    ...head, finding: finding.charAt(0).toUpperCase() + finding.slice(1), body: [
      pairs.length > 2 && speedTable(c, pairs, several),
      pairs.length > FEW ? h("details", { class: "print" }, h("summary", {}, "Percentiles of every batch size"), quantiles) : quantiles,
      intervals && h("details", { class: "print" }, h("summary", {}, "Percentiles with their intervals"), intervals),
    ] as Child[],
  };
}

interface Timing { batch?: number; threads?: number; a?: Latency; b?: Latency; s: { speedup?: number; low?: number; high?: number } }

/// Both models at each batch size and number of threads. A report without `threads` in its ratios has one number of threads.
function timings(c: Context, a: Latency[], b: Latency[]): Timing[] {
  const cost = c.report.cost;
  const same = (x: { batch?: number; threads?: number }, y: { batch?: number; threads?: number }) =>
    x.batch === y.batch && (x.threads === undefined || y.threads === undefined || x.threads === y.threads);
  return (a.length ? a : b).map((row, i) => {
    const x = a[i], y = b.find((z) => same(row, z)) ?? (row.batch === undefined ? b[i] : undefined);
    const s = list(cost?.by_batch).find((z) => z.batch !== undefined && same(row, z))
      ?? (i === 0 && isNumber(cost?.speedup) ? { speedup: cost.speedup, ...cost.speedup_interval } : isNumber(x?.p50) && isNumber(y?.p50) && y.p50 > 0 ? { speedup: x.p50 / y.p50 } : {});
    return { batch: row.batch, threads: row.threads, a: x, b: y, s };
  });
}

/// One line for each batch size and number of threads, all ratios on one scale.
function speedTable(c: Context, pairs: Timing[], several: boolean): Child {
  const scale = scaleOf([1, ...pairs.flatMap((x) => [x.s.speedup, x.s.low, x.s.high])], { log: true, pad: 0.07 });
  const [floatKey, int8Key] = keys(c), times = (v: number | undefined) => quantity(v, "times");
  const columns: Column[] = [
    { head: "batch", kind: "name" }, ...(several ? [{ head: "threads", kind: "number" } as Column] : []), { head: floatKey, label: `${c.float}, p50`, kind: "number" }, { head: int8Key, label: `${c.int8}, p50`, kind: "number" },
    { head: axis(scale, (x) => `${brief(x)}×`), label: "", kind: "chart" }, { head: "speedup", kind: "number" },
  ];
  const rows = pairs.map((x): Row => {
    const ranged = isNumber(x.s.low) && isNumber(x.s.high);
    return { cells: [
      x.batch === undefined ? "as given" : `batch ${x.batch}`, ...(several ? [num({ text: isNumber(x.threads) ? count(x.threads) : "–", unit: "" })] : []),
      num(quantity(x.a?.p50, "ms")), num(quantity(x.b?.p50, "ms")),
      strip(scale, [{ series: "int8", value: x.s.speedup, low: x.s.low, high: x.s.high }], [{ at: 1, className: "limit" }],
        `batch ${x.batch ?? "as given"}${isNumber(x.threads) ? `, ${plural(x.threads, "thread")}` : ""}: speedup ${isNumber(x.s.speedup) ? fixed(x.s.speedup, 2) : "not measured"}`),
      num(times(x.s.speedup), ranged ? times(x.s.low) : undefined, ranged ? times(x.s.high) : undefined),
    ] };
  });
  return [
    table(`Median latency and speedup by batch size${several ? " and threads" : ""}`, columns, rows, { className: "speed" }),
    note("Whisker: interval of the speedup, from pairs of runs in turns; the scale is logarithmic, left of the line is slower than float."),
  ];
}

function quantileTable(c: Context, pairs: Timing[], name: (x: Timing) => string, how: string): Child {
  const unit = (x: Timing) => (x.a?.p50 ?? x.b?.p50 ?? 1) || 1;
  const scale = scaleOf(pairs.flatMap((x) => [0, 1, ...[x.a, x.b].flatMap((l) => [l?.p50, l?.p99]).filter(isNumber).map((v) => Math.min(3, v / unit(x)))]), { pad: 0.04, floor: 0 });
  const [floatKey, int8Key] = keys(c);
  const columns: Column[] = [
    { head: "batch", kind: "name" }, { head: "model", kind: "text" }, { head: "p50", kind: "number" }, { head: "p90", kind: "number" }, { head: "p99", kind: "number" },
    { head: axis(scale, (x) => `${fixed(x, scale.decimals())}×`), label: "", kind: "chart" }, { head: "throughput", kind: "number" }, { head: "speedup", kind: "number" },
  ];
  const rows = pairs.flatMap((x): Row[] => ([["float", x.a, floatKey], ["int8", x.b, int8Key]] as const).map(([series, l, label]) => {
    const mine = series === "int8";
    const q = (v: number | undefined) => num(quantity(v, "ms"));
    const rel = (v: number | undefined) => (isNumber(v) ? v / unit(x) : undefined);
    const s = x.s;
    const times = (v: number | undefined) => quantity(v, "times");
    return {
      mark: mine ? "second" : "group",
      cells: [
        mine ? h("span", { class: "repeat" }, name(x)) : name(x), label.cloneNode(true) as Node, q(l?.p50), q(l?.p90), q(l?.p99),
        strip(scale, [{ series, value: rel(l?.p50), tail: [l?.p90, l?.p99].map(rel).filter(isNumber) }], [{ at: 1, className: "zero" }],
          `${mine ? c.int8 : c.float}, ${name(x)}: median ${isNumber(l?.p50) ? ms(l.p50) : "–"}, p90 ${isNumber(l?.p90) ? ms(l.p90) : "–"}, p99 ${isNumber(l?.p99) ? ms(l.p99) : "–"}`),
        num(isNumber(l?.throughput_per_s) ? quantity(l.throughput_per_s, "per_s") : x === pairs[0] ? quantity((mine ? c.report.candidate : c.report.baseline)?.throughput_per_s, "per_s") : NOTHING),
        mine ? num(times(s.speedup), isNumber(s.low) && isNumber(s.high) ? times(s.low) : undefined, isNumber(s.low) && isNumber(s.high) ? times(s.high) : undefined) : null,
      ],
    };
  }));
  return table(`Latency by batch size${how}`, columns, rows, { className: "latency", phoneColumns: 3 });
}

/// Absent where the report holds no intervals of percentiles.
function intervalTable(c: Context, pairs: Timing[], name: (x: Timing) => string): Child | undefined {
  const names = ["p50", "p90", "p99"] as const;
  const known = pairs.flatMap((x) => [x.a, x.b]).some((l) => names.some((p) => isNumber(l?.quantiles?.[p]?.low) || isNumber(l?.quantiles?.[p]?.high)));
  if (!known) return undefined;
  const [floatKey, int8Key] = keys(c), none: Quantity = { text: "?", unit: "" };
  const rows = pairs.flatMap((x): Row[] => ([[x.a, floatKey], [x.b, int8Key]] as const).map(([l, label], i) => ({
    mark: i ? "second" : "group",
    cells: [
      i ? h("span", { class: "repeat" }, name(x)) : name(x), label.cloneNode(true) as Node,
      ...names.map((p) => {
        const e = l?.quantiles?.[p], bounded = isNumber(e?.low) || isNumber(e?.high);
        const end = (v: number | undefined) => (!bounded ? undefined : isNumber(v) ? quantity(v, "ms") : none);
        return num(quantity(l?.[p], "ms"), end(e?.low), end(e?.high));
      }),
      num({ text: isNumber(l?.runs) ? count(l.runs) : "–", unit: "" }),
    ],
  })));
  return [
    table("Percentiles with the interval of each, by order statistics", [
      { head: "batch", kind: "name" }, { head: "model", kind: "text" }, ...names.map((p): Column => ({ head: p, kind: "number" })), { head: "runs", kind: "number" },
    ], rows, { className: "latency percentiles", phoneColumns: 2 }),
    note("?: so few runs do not bound that percentile on this side."),
  ];
}

export function resources(c: Context): Section | Absent {
  const { baseline: a, candidate: b, cost } = c.report;
  const head = { id: "resources", kicker: "Size, memory, energy" };
  const rows: Row[] = [];
  const phrases: string[] = [];
  const add = (name: string, x: number | undefined, y: number | undefined, ratio: number | undefined, unit: string, phrase: string) => {
    if (!isNumber(x) && !isNumber(y)) return;
    const r = ratio ?? (isNumber(x) && isNumber(y) && x > 0 ? y / x : undefined);
    const reference = Math.max(x ?? 0, y ?? 0);
    const q = (v: number | undefined) => (unit === "bytes" ? bytesLike(v, reference) : quantity(v, unit)), qx = q(x), qy = q(y);
    rows.push({ cells: [name, num(qx), num(qy), bars(x, y, Math.max(x ?? 0, y ?? 0), `${name}: ${c.float} ${say(qx)}, ${c.int8} ${say(qy)}`), num(quantity(r, "times"))] });
    if (isNumber(r) && phrase) phrases.push(`${phrase} ${share(r)}`);
  };
  add("model file", a?.model_bytes, b?.model_bytes, cost?.size_ratio, "bytes", "file");
  add("resident memory, model open", a?.loaded_rss_bytes, b?.loaded_rss_bytes, undefined, "bytes", "");
  add("resident memory, after a run", a?.resident_rss_bytes, b?.resident_rss_bytes, undefined, "bytes", "");
  add("peak memory", a?.peak_rss_bytes, b?.peak_rss_bytes, cost?.memory_ratio, "bytes", "peak memory");
  add("load time", a?.load_ms, b?.load_ms, undefined, "ms", "load time");
  add("cold start: load and first run", a?.cold_start_ms, b?.cold_start_ms, undefined, "ms", "cold start");
  const energy = [a?.energy, b?.energy], measured = energy.every((e) => e?.status === "measured");
  const guessed = measured ? "" : energy.some((e) => e?.status === "estimated") ? ", estimated" : "";
  add(`energy a sample${guessed}`, energy[0]?.joules_per_sample, energy[1]?.joules_per_sample, measured ? cost?.energy_ratio : undefined, "joules", measured ? "energy" : "estimated energy");
  add(`energy a correct answer${guessed}`, energy[0]?.joules_per_correct, energy[1]?.joules_per_correct, undefined, "joules", "");
  if (!rows.length) return { ...head, what: "file size, peak memory and energy a sample of both models", how: "`tare evaluate FLOAT.onnx QUANT.onnx --data FILE`" };
  const [floatKey, int8Key] = keys(c);
  const silent = energy.find((e) => e && !isNumber(e.joules_per_sample));
  return {
    ...head, finding: phrases.length ? `Against ${c.float}: ${phrases.join(", ")}` : "Size and memory of one model", body: [
      table(`Size, memory and energy, bars from zero`, [
        { head: "", kind: "name" }, { head: floatKey, label: c.float, kind: "number" }, { head: int8Key, label: c.int8, kind: "number" }, { head: "", label: "", kind: "chart" }, { head: "ratio", kind: "number" },
      ], rows, {}),
      silent && note(`Energy: ${silent.status ?? "unavailable"}${silent.method ? ` (${silent.method})` : ""}.`),
      energy.some((e) => e?.status === "estimated") && note(`Energy is estimated, not measured${energy[0]?.method ? `: ${energy[0].method}` : ""}. It decides nothing: a policy on energy needs a measured one.`),
    ],
  };
}

export function candidates(c: Context): Section | Absent {
  const all = list(c.report.candidates);
  const head = { id: "candidates", kicker: "What was tried" };
  if (!all.length) return { ...head, what: "each format measured on this host: speed, closeness, size, and why one was chosen", how: "`tare run`, or `tare quantize MODEL --data FILE -o OUT.onnx --format auto`" };
  const scale = scaleOf([1, ...all.flatMap((x) => [x.speedup, x.speedup_interval?.low, x.speedup_interval?.high])], { log: true, pad: 0.07 });
  const chosen = all.find((x) => x.chosen), rest = all.filter((x) => x !== chosen);
  const faster = chosen ? rest.filter((x) => isNumber(x.speedup) && isNumber(chosen.speedup) && x.speedup > chosen.speedup) : [];
  // What ran faster and was not taken: refused where its interval lies above, else as fast as can be told.
  const sure = faster.filter((x) => isNumber(x.speedup_interval?.low) && isNumber(chosen?.speedup_interval?.high) && x.speedup_interval.low > chosen.speedup_interval.high);
  const names = (some: typeof faster) => some.map((x) => x.format).join(", ");
  const better = sure.length ? `; ${names(sure)} ran faster and ${sure.length === 1 ? "was" : "were"} not taken, as ${sure.length === 1 ? "its row says" : "their rows say"}`
    : faster.length ? `; ${names(faster)} ran as fast, as far as can be told` : "";
  const finding = !chosen ? `None of ${plural(all.length, "format")} was chosen`
    : `${chosen.format ?? "One"} was chosen of ${plural(all.length, "format")}${faster.length ? better : isNumber(chosen.speedup) ? `: the fastest, ${speedSentence(chosen.speedup, chosen.speedup_interval)}` : ""}`;
  const withFusion = all.some((x) => isNumber(x.expected));
  const columns: Column[] = [
    { head: "format", kind: "name" }, { head: "speedup", kind: "number" }, { head: axis(scale, (x) => `${brief(x)}×`), label: "", kind: "chart" },
    { head: "mean cosine", kind: "number" }, { head: "worst", label: "worst cosine", kind: "number" }, { head: "size", kind: "number" },
  ];
  if (withFusion) columns.push({ head: "fused", kind: "number" });
  const rows = all.map((x): Row => {
    const t = (v: number | undefined) => quantity(v, "times"), i = x.speedup_interval;
    const cos = (v: number | undefined) => num(isNumber(v) ? { text: cosine(v), unit: "" } : NOTHING);
    const cells: Row["cells"] = [
      h("span", {}, x.format ?? "–", x.chosen ? h("b", { class: "tag" }, "chosen") : null),
      num(t(x.speedup), isNumber(i?.low) && isNumber(i?.high) ? t(i.low) : undefined, isNumber(i?.low) && isNumber(i?.high) ? t(i.high) : undefined),
      strip(scale, [{ series: x.format === "float32" ? "float" : "int8", value: x.speedup, low: i?.low, high: i?.high }], [{ at: 1, className: "limit" }],
        `${x.format ?? "format"}: speedup ${isNumber(x.speedup) ? fixed(x.speedup, 2) : "not measured"}`),
      cos(x.cosine?.mean), cos(x.cosine?.least), num(t(x.size_ratio)),
    ];
    if (withFusion) cells.push(isNumber(x.expected) ? `${count(x.fused)} / ${count(x.expected)}` : "");
    return { mark: x.chosen ? "chosen-row" : undefined, cells, note: x.reason };
  });
  return {
    ...head, finding, body: [
      table("Formats measured before the choice, against float32 on this host", columns, rows, { className: "candidates" }),
      note("Speedup on a logarithmic scale; left of the line is slower than float."),
    ],
  };
}

export function whereBytes(c: Context): Section | Absent {
  const head = { id: "bytes", kicker: "Bytes" };
  const all = list(c.report.nodes).filter((x) => isNumber(x.float_bytes) && (x.float_bytes > 0 || (x.quantized_bytes ?? 0) > 0));
  if (!all.length) return { ...head, what: "the bytes of each node before and after", how: "`tare run`, or `tare evaluate FLOAT.onnx QUANT.onnx --data FILE`" };
  const sorted = all.slice().sort((x, y) => y.float_bytes! - x.float_bytes!);
  const total = sorted.reduce((sum, x) => sum + x.float_bytes!, 0), after = sorted.reduce((sum, x) => sum + (x.quantized_bytes ?? x.float_bytes!), 0);
  let carried = 0, few = 0;
  while (few < sorted.length && carried < 0.8 * total) carried += sorted[few++]!.float_bytes!;
  const finding = `${few} of ${plural(sorted.length, "layer")} ${few === 1 ? "carries" : "carry"} ${share(carried / total)} of the weight bytes; together the weights ${after <= total ? "shrink" : "grow"} to ${share(after / total)}`;
  const SHOWN = 10, shown = sorted.slice(0, sorted.length > SHOWN + 2 ? SHOWN : sorted.length), others = sorted.slice(shown.length);
  const rest = {
    name: plural(others.length, "other layer"), op: "", format: "", float_bytes: others.reduce((x, y) => x + y.float_bytes!, 0),
    quantized_bytes: others.reduce((x, y) => x + (y.quantized_bytes ?? y.float_bytes!), 0),
  };
  const files = [c.report.baseline?.model_bytes, c.report.candidate?.model_bytes];
  const over = isNumber(files[0]) && isNumber(files[1]) && files[0] >= total && files[1] >= after
    ? { name: "graph, names, everything else", op: "", format: "", float_bytes: files[0] - total, quantized_bytes: files[1] - after } : null;
  const extra = [...(others.length ? [rest] : []), ...(over ? [over] : [])];
  const full = Math.max(...shown.map((x) => Math.max(x.float_bytes!, x.quantized_bytes ?? 0)), ...extra.map((x) => Math.max(x.float_bytes, x.quantized_bytes)));
  const [floatKey, int8Key] = keys(c);
  const sum = files[0] ?? total;
  const row = (x: { name?: string; op?: string; format?: string; float_bytes?: number; quantized_bytes?: number }, plain: boolean): Row => {
    const qa = bytesLike(x.float_bytes, full), qb = bytesLike(x.quantized_bytes, full);
    return {
      mark: plain ? "rest" : undefined,
      cells: [
        plain ? x.name : h("span", {}, longName(x.name), h("small", { class: "muted about" }, [x.op, x.format === "float32" ? "in float" : ""].filter(Boolean).join(", "))),
        num(qa), num(qb), bars(x.float_bytes, x.quantized_bytes, full, `${x.name ?? "node"}: ${c.float} ${say(qa)}, ${c.int8} ${say(qb)}`),
        num({ text: fixed((100 * (x.float_bytes ?? 0)) / (sum || 1), 1), unit: "%" }),
      ],
    };
  };
  return {
    ...head, finding, body: [
      table(`Bytes by layer, largest first, of ${say(bytes(sum))} before and ${say(bytes(files[1] ?? after))} after`, [
        { head: "layer", kind: "name" }, { head: floatKey, label: c.float, kind: "number" }, { head: int8Key, label: c.int8, kind: "number" }, { head: "", label: "", kind: "chart" },
        { head: `of ${c.float} file`, label: `of ${c.float}`, kind: "number" },
      ], [...shown.map((x) => row(x, false)), ...extra.map((x) => row(x, true))], { className: "bytes" }),
    ] as Child[],
  };
}

