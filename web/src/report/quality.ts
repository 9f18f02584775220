// Is the candidate as good? Checks, metrics, flips, outputs.

import { Child, drawing, h, s } from "../lib/dom";
import { bytesLike, cosine, count, fixed, isNumber, metricInfo, NOTHING, plural, quantity, say, share, short, trueMinus, withInterval } from "../lib/format";
import { axis, scaleOf, strip } from "../lib/marks";
import { Column, num, Row, table } from "../lib/table";
import { Absent, capital, Context, infoOf, keys, leadMetric, list, metricOf, note, samples, Section, things, verdictBadge } from "./context";
import { largestChanges, lookedAt } from "./looked_at";
import { Check, Interval, Output } from "./schema";

const EVALUATE = "tare evaluate FLOAT.onnx QUANT.onnx --data FILE";
const LABELLED = `\`${EVALUATE} --label NAME\``;

// ---- checks ----

const OWN_UNIT: Record<string, string> = { size_ratio: "bytes", speedup: "ms", memory_ratio: "bytes", energy_ratio: "joules" };

export function checkName(check: Check, classes: string[] | undefined): string {
  if (check.label) return check.label;
  const name = metricInfo(check.metric ?? "check").label, [kind = "", rest = ""] = (check.scope ?? "all").split(/:(.*)/s);
  if (kind === "all" || !rest) return name;
  return `${name}, ${kind === "class" ? classes?.[Number(rest)] ?? `class ${rest}` : kind === "batch" ? `batch ${rest}` : rest}`;
}

/// Distance from the limit in units of the margin: 0 at the limit, 1 at "no change" (at zero for a maximum, at 1 for a minimum share), negative when it fails.
function inMargins(check: Check, x: number | undefined): number | undefined {
  const { limit, margin } = check;
  if (!isNumber(x) || !isNumber(limit)) return undefined;
  // A minimum of a share or a cosine leaves the room up to 1, which is what its loss is counted against.
  const room = check.kind === "min" && limit > 0 && limit < 1 && check.unit !== "times" ? 1 - limit : isNumber(margin) && margin !== 0 ? margin : limit;
  const unit = Math.abs(room) || 1;
  return (check.direction === "below" ? limit - x : x - limit) / unit;
}

export function checks(c: Context): Section | Absent {
  const all = list(c.report.gate?.checks);
  const head = { id: "checks", kicker: "Checks" };
  if (!all.length) {
    return { ...head, what: "each declared margin with its statistic, interval and verdict", how: "declare `policy:` in `tare.yaml`, then `tare run`; or `tare gate report.json --policy FILE`" };
  }
  const rank = (x: Check) => (x.verdict === "FAIL" ? 0 : x.verdict === "INCONCLUSIVE" ? 1 : 2);
  const ordered = all.map((x, i) => ({ x, i })).sort((a, b) => rank(a.x) - rank(b.x) || a.i - b.i).map(({ x }) => x);
  const values = all.flatMap((x) => [inMargins(x, x.bound), inMargins(x, x.statistic), inMargins(x, x.low), inMargins(x, x.high)]).filter(isNumber);
  const scale = scaleOf([-0.35, 1.25, ...values.map((u) => Math.max(-1.4, Math.min(2, u)))], { pad: 0.03 });
  scale.ticks = [];

  const failed = all.filter((x) => x.verdict === "FAIL"), open = all.filter((x) => x.verdict === "INCONCLUSIVE");
  const closest = all.map((x) => ({ x, room: inMargins(x, x.bound ?? x.statistic) })).filter((y) => isNumber(y.room)).sort((a, b) => a.room! - b.room!)[0];
  const names = (some: Check[]) => some.slice(0, 3).map((x) => checkName(x, c.report.classes)).join(" and ") + (some.length > 3 ? ` and ${some.length - 3} more` : "");
  let finding: string;
  if (failed.length) finding = `${failed.length} of ${plural(all.length, "check")} ${failed.length === 1 ? "fails" : "fail"}: ${names(failed)}${open.length ? `; ${open.length} undecided` : ""}`;
  else if (open.length) finding = `${open.length} of ${plural(all.length, "check")} cannot be decided yet: ${names(open)}`;
  else {
    finding = all.length === 1 ? "The only check passes" : all.length === 2 ? "Both checks pass" : `All ${plural(all.length, "check")} pass`;
    if (closest && isNumber(closest.room)) {
      const x = closest.x, info = metricInfo(x.metric ?? "", x.unit), q = (v: number | undefined) => say(quantity(v, info.unit, x.n, x.kind === "difference"));
      finding += `; closest to its limit is ${checkName(x, c.report.classes)}, ${isNumber(x.bound) && x.bound !== x.statistic ? "bound " : ""}${q(x.bound ?? x.statistic)} against ${q(x.limit)}`;
    }
  }

  const [floatKey, int8Key] = keys(c);
  const columns: Column[] = [
    { head: "check", kind: "name" }, { head: floatKey, label: c.float, kind: "number" }, { head: int8Key, label: c.int8, kind: "number" },
    { head: `judged, ${c.confidence} interval`, label: "judged", kind: "number" },
    { head: axis(scale, String, [{ at: 0, text: "limit" }, { at: 1, text: "1 margin" }]), label: "", kind: "chart" },
    { head: "limit", kind: "number" }, { head: "n", kind: "number" }, { head: "verdict", label: "", kind: "verdict" },
  ];
  const rows = ordered.map((x): Row => {
    const info = metricInfo(x.metric ?? "", x.unit), difference = x.kind === "difference", own = OWN_UNIT[x.metric ?? ""] ?? info.unit;
    const q = (v: number | undefined) => quantity(v, info.unit, x.n, difference);
    const value = (v: number | undefined) => (x.metric === "extra_damage" ? q(v) : own === "bytes" && isNumber(x.baseline) ? bytesLike(v, x.baseline) : quantity(v, own, x.n));
    const name = checkName(x, c.report.classes);
    const zone = s("rect", { class: "fail-zone", x: 0, y: -30, height: 90, width: `${Math.max(0, scale.at(0)).toFixed(2)}%` });
    const sign = x.direction === "below" ? "≤ " : "≥ ";
    const limit = q(x.limit);
    return {
      mark: `v-${(x.verdict ?? "none").toLowerCase()}`,
      cells: [
        name, num(value(x.baseline)), num(value(x.candidate)),
        num(q(x.statistic), isNumber(x.low) && isNumber(x.high) ? q(x.low) : undefined, isNumber(x.low) && isNumber(x.high) ? q(x.high) : undefined),
        strip(scale, [{
          series: "int8", value: inMargins(x, x.statistic), bound: x.bound !== x.statistic ? inMargins(x, x.bound) : undefined,
          low: inMargins(x, x.direction === "below" ? x.high : x.low), high: inMargins(x, x.direction === "below" ? x.low : x.high),
        }], [{ at: 0, className: "limit" }, { at: 1, className: "tick" }],
        `${name}: ${withInterval({ value: x.statistic, low: x.low, high: x.high }, info.unit, x.n, difference)}, limit ${say(limit)}${isNumber(x.bound) ? `, bound ${say(q(x.bound))}` : ""}`, zone),
        limit === NOTHING ? "–" : h("span", {}, h("span", { class: "sign" }, sign), say(limit)),
        isNumber(x.n) ? count(x.n) : h("span", { class: "muted" }, "exact"), verdictBadge(x.verdict),
      ],
      note: x.verdict !== "PASS" && (x.reason || x.settle_n)
        ? [x.reason ? sentence(x.reason) : null, isNumber(x.settle_n) ? ` About ${count(x.settle_n)} ${things(c)} would settle it.` : null] : undefined,
    };
  });
  const decided = list(ordered).filter((x) => x.reason || x.test || isNumber(x.p));
  return {
    ...head, finding, body: [
      table(`Declared limits against what was measured, ${samples(c.n)}`, columns, rows, { className: "checks" }),
      note("Diamond: estimate. Whisker: its two-sided interval. Tall tick: the one-sided bound, which decides. Every row is scaled to its own margin, so one line is the limit of all; ",
        h("em", {}, "right of the line passes"), "."),
      decided.length > 0 && h("details", { class: "print" }, h("summary", {}, "How each was decided"), h("dl", { class: "reasons" }, decided.map((x) => [
        h("dt", {}, checkName(x, c.report.classes)),
        h("dd", {}, x.reason ? sentence(x.reason) : "", x.test ? ` ${TESTS[x.test] ?? x.test}${isNumber(x.p) ? `, ${pValue(x.p)}` : ""}.` : ""),
      ]))),
    ],
  };
}

const TESTS: Record<string, string> = {
  tango: "Tango’s score test for paired proportions", bca: "Paired bootstrap, BCa", clopper_pearson: "Exact binomial bound (Clopper–Pearson)",
  bootstrap: "Paired bootstrap", signed_rank: "Signed ranks over pairs of sessions", median_ratio: "Ratio of medians of interleaved runs", exact: "Exact: no sampling",
};
const pValue = (p: number) => (p < 0.0001 ? "p < 0.0001" : `p = ${short(p, 2)}`);
function sentence(text: string): string {
  const t = trueMinus(text.trim());
  return t.charAt(0).toUpperCase() + t.slice(1) + (/[.!?]$/.test(t) ? "" : ".");
}

// ---- metrics ----

const FIRST = ["accuracy", "exact_match", "f1_macro", "recall_macro", "precision_macro"];
/// Who never answers never errs: the two stand one under the other.
const LAST = ["answer_rate", "hallucination_rate", "hallucination_rate_corrected"];

export function metrics(c: Context): Section | Absent {
  const { baseline, candidate, paired } = c.report;
  const names = [...new Set([...Object.keys(baseline?.metrics ?? {}), ...Object.keys(candidate?.metrics ?? {})])];
  const head = { id: "quality", kicker: "Quality" };
  if (!names.length) return { ...head, what: "accuracy, precision, recall, F1, log loss and calibration error of both models, with intervals", how: LABELLED };
  // With one label a sample every micro average is the accuracy again.
  const repeats = names.filter((name) => /^(precision|recall|f1)_micro$/.test(name) && [baseline, candidate].every((side) => {
    const x = metricOf(side?.metrics, name).value, accuracy = metricOf(side?.metrics, "accuracy").value;
    return isNumber(x) && isNumber(accuracy) && Math.abs(x - accuracy) < 1e-9;
  }));
  for (const name of repeats) names.splice(names.indexOf(name), 1);
  const place = (name: string) => (LAST.includes(name) ? 100 + LAST.indexOf(name) : FIRST.indexOf(name) + 1 || 99);
  names.sort((a, b) => place(a) - place(b));

  const rowsOf = names.map((name) => {
    const a = metricOf(baseline?.metrics, name), b = metricOf(candidate?.metrics, name);
    const info = infoOf(c, name);
    const given = paired?.difference?.[name];
    const d = given ?? (isNumber(a.value) && isNumber(b.value) ? { value: b.value - a.value } : {});
    return { name, a, b, d, info };
  });
  // Strips of the same unit have the same width in that unit, so that whiskers compare from row to row.
  const spans = new Map<string, number>();
  const kind = (r: (typeof rowsOf)[number]) => (r.info.unit === "ratio" || r.info.unit === "score" ? (r.info.better === "higher" ? "share" : `share:${r.name}`) : r.name);
  const ends = (r: (typeof rowsOf)[number]) => [r.a.low, r.a.value, r.a.high, r.b.low, r.b.value, r.b.high].filter(isNumber);
  for (const r of rowsOf) {
    const e = ends(r);
    if (e.length) spans.set(kind(r), Math.max(spans.get(kind(r)) ?? 0, (Math.max(...e) - Math.min(...e)) * 1.12 || 1e-9));
  }
  const rows = rowsOf.map((r): Row => {
    const q = (v: number | undefined, diff = false) => quantity(v, r.info.unit, c.n, diff);
    const e = ends(r), middle = e.length ? (Math.max(...e) + Math.min(...e)) / 2 : 0, half = (spans.get(kind(r)) ?? 1) / 2;
    const scale = scaleOf([middle - half, middle + half], { pad: 0.02 });
    scale.ticks = [];
    const text = (i: Interval) => withInterval(i, r.info.unit, c.n);
    const both = (i: Interval) => isNumber(i.low) && isNumber(i.high);
    return {
      cells: [
        h("span", {}, r.info.label, r.info.better === "lower" ? h("small", { class: "muted" }, " lower is better") : null),
        num(q(r.a.value), both(r.a) ? q(r.a.low) : undefined, both(r.a) ? q(r.a.high) : undefined),
        num(q(r.b.value), both(r.b) ? q(r.b.low) : undefined, both(r.b) ? q(r.b.high) : undefined),
        strip(scale, [{ series: "float", ...r.a }, { series: "int8", ...r.b }], [], `${r.info.label}: ${c.float} ${text(r.a)}, ${c.int8} ${text(r.b)}`),
        num(q(r.d.value, true), both(r.d) ? q(r.d.low, true) : undefined, both(r.d) ? q(r.d.high, true) : undefined),
      ],
    };
  });
  const lead = rowsOf.find((r) => r.name === leadMetric(c)) ?? rowsOf.find((r) => isNumber(r.d.value));
  const [floatKey, int8Key] = keys(c);
  return {
    ...head, finding: lead ? changeSentence(lead.info.label, lead.d, lead.info, c) : `${plural(names.length, "metric")} measured`,
    body: [
      table(`Metrics of both models with ${c.confidence} intervals, ${samples(c.n)}`, [
        { head: "metric", kind: "name" }, { head: floatKey, label: c.float, kind: "number" }, { head: int8Key, label: c.int8, kind: "number" },
        { head: "", label: "", kind: "chart" }, { head: `${c.int8} − ${c.float}`, label: "difference", kind: "number" },
      ], rows, { className: "wide-numbers", phoneColumns: 2 }),
      repeats.length > 0 && note(`${capital(repeats.map((name) => infoOf(c, name).label).join(", ").replace(/, ([^,]*)$/, " and $1"))} equal the accuracy here, where each sample has one label: they are not shown again.`),
      note("The difference is paired, sample by sample: its interval is narrower than the two beside it suggest. pp: percentage points. Each strip has its own origin; strips of the same unit have the same width."),
    ],
  };
}

/// "Accuracy differs by −0.11 pp [−0.31, +0.08]: no difference beyond chance".
function changeSentence(label: string, d: Interval, info: { unit: string; better: string }, c: Context): string {
  const name = capital(label), value = d.value ?? 0;
  const text = withInterval(d, info.unit, c.n, true);
  if (value === 0 && !isNumber(d.low)) return `${name} is the same`;
  if (!isNumber(d.low) || !isNumber(d.high)) return `${name} differs by ${text}`;
  if (d.low <= 0 && d.high >= 0) return `${name} differs by ${text}: not distinguishable from no change`;
  const worse = (value < 0) === (info.better === "higher");
  return `${name} is ${worse ? "worse" : "better"} by ${withInterval({ value: Math.abs(value), low: Math.min(Math.abs(d.low), Math.abs(d.high)), high: Math.max(Math.abs(d.low), Math.abs(d.high)) }, info.unit, c.n, true).replace(/\+/g, "")}`;
}

// ---- flips ----

export function flips(c: Context): Section | Absent | null {
  const p = c.report.paired, n = p?.n ?? c.n;
  const head = { id: "flips", kicker: "Flips" };
  if (!p || !isNumber(p.flips) || !isNumber(n)) return { ...head, what: "samples on which the two models answer differently, and which way", how: LABELLED };
  if (c.report.task === "regression") return largestChanges(c);  // every number differs by something
  const boxes = c.report.task === "object_detection";  // have no one answer that is right or wrong
  const harmful = boxes ? undefined : p.harmful, helpful = boxes ? undefined : p.helpful, rate = p.flip_rate ?? (n ? p.flips / n : 0);
  const labelled = isNumber(harmful) && isNumber(helpful);
  const other = labelled ? Math.max(0, p.flips - harmful - helpful) : 0;
  const interval = p.flip_rate_interval;
  const rateText = withInterval({ value: rate, ...interval }, "ratio", n);
  let finding = boxes ? `The boxes of ${count(p.flips)} of ${count(n)} images differ (${rateText})` : `${count(p.flips)} of ${count(n)} answers differ (${rateText})`;
  if (labelled && p.flips > 0) finding += `: ${count(harmful)} became wrong, ${count(helpful)} became right`;
  const body: Child[] = [];
  if (labelled && p.flips > 0) {
    const part = (k: number) => (100 * k) / p.flips!;
    const pieces = [["harmful", harmful, `only ${c.float} is right`], ["helpful", helpful, `only ${c.int8} is right`], ["other", other, "both wrong, differently"]] as const;
    let x = 0;
    body.push(drawing("flips", `Of ${count(p.flips)} flips, ${pieces.map(([, k, w]) => `${count(k)} ${w}`).join(", ")}`, { width: "100%", height: 22 },
      pieces.map(([name, k]) => {
        const rect = s("rect", { class: `piece ${name}`, x: `${x.toFixed(2)}%`, width: `${Math.max(0, part(k) - 0.25).toFixed(2)}%`, y: 2, height: 18 });
        x += part(k);
        return rect;
      })),
    h("ul", { class: "legend" }, pieces.map(([name, k, words]) => h("li", { class: name }, h("span", { class: `swatch ${name}` }), h("b", {}, count(k)), ` ${words}`))));
    const sense = isNumber(p.mcnemar_p) ? `McNemar’s exact test of ${count(harmful)} against ${count(helpful)}: ${pValue(p.mcnemar_p)}${p.mcnemar_p > 0.05 ? ", as chance alone would give" : ", more one-sided than chance would give"}.` : null;
    if (sense) body.push(note(sense));
  }
  const kl = p.kl_nats, top = p.top1_agreement;
  const facts: [string, string][] = [];
  if (top && isNumber(top.value) && !boxes) facts.push([c.report.task === "classification" || !c.report.task ? "top-1 agreement" : "same answer", withInterval(top, "ratio", n)]);
  if (kl) {
    const parts = (["mean", "p50", "p95", "p99", "max"] as const).filter((k) => isNumber(kl[k])).map((k) => `${k} ${short(kl[k]!, 2)}`);
    if (parts.length) facts.push([`KL(${c.float} ‖ ${c.int8}) a sample, nats`, parts.join(" · ")]);
  }
  if (facts.length) body.push(h("dl", { class: "facts" }, facts.map(([k, v]) => h("div", {}, h("dt", {}, k), h("dd", {}, v)))));
  body.push(lookedAt(c));
  return { ...head, finding, body };
}

// ---- outputs ----

/// The output that uses up most of what the tolerance allows; a report of an older tare says it of none.
export function mostStrained(all: Output[]): Output | undefined {
  return all.filter((x) => isNumber(x.judged?.strain)).sort((x, y) => y.judged!.strain! - x.judged!.strain!)[0];
}

/// "R2 0.9970"; a fault has no value, and is said in words.
export function measured(judged: NonNullable<Output["judged"]>): string {
  return isNumber(judged.value) ? `${judged.measure ?? "measure"} ${fixed(judged.value, 4)}` : judged.text ?? judged.measure ?? "";
}

const JUDGED: Column[] = [{ head: "judged by", kind: "name" }, { head: "bound", kind: "number" }, { head: "used up", kind: "number" }];

function judgedCells(x: Output): Row["cells"] {
  const judged = x.judged ?? {};
  return [judged.measure ? measured(judged) : "–", num(isNumber(judged.bound) ? { text: fixed(judged.bound, 4), unit: "" } : NOTHING), num(isNumber(judged.strain) ? { text: short(100 * judged.strain, 3), unit: "%" } : NOTHING)];
}

export function outputs(c: Context): Section | Absent {
  const all = list(c.report.outputs);
  const head = { id: "outputs", kicker: "Outputs" };
  if (!all.length) return { ...head, what: "how close each output is to float: the measure that fits it and its bound, cosine, relative error, signal to noise", how: `\`${EVALUATE}\`, without \`--label\`` };
  const nearest = mostStrained(all);
  const far = all.filter((x) => isNumber(x.cosine?.mean)).sort((x, y) => x.cosine!.mean! - y.cosine!.mean!)[0];
  let finding: string = `${plural(all.length, "output")} compared`;
  if (nearest) {
    const judged = nearest.judged!, wrong = all.filter((x) => x.judged?.holds === false).length;
    const what = all.length === 1 ? `${nearest.name ?? "The output"} ${wrong ? "does not hold" : "holds"}`
      : wrong ? `${wrong} of ${all.length} outputs ${wrong === 1 ? "does" : "do"} not hold, farthest beyond its bound ${nearest.name ?? "unnamed"}`
      : `All ${all.length} outputs hold, nearest its bound ${nearest.name ?? "unnamed"}`;
    finding = `${what}: ${measured(judged)}${isNumber(judged.bound) ? `, bound ${fixed(judged.bound, 4)}` : ""} (${samples(nearest.n ?? c.n)})`;
  } else if (far) {
    const least = far.cosine?.least;
    finding = `${all.length === 1 ? far.name ?? "The output" : `Farthest of ${all.length} outputs: ${far.name ?? "unnamed"}`} keeps a mean cosine of ${cosine(far.cosine!.mean!)} to ${c.float}` +
      (isNumber(least) ? `, ${cosine(least)} in the worst of ${count(far.n ?? c.n)} samples` : "");
  }
  const scale = scaleOf([1, ...all.flatMap((x) => [x.cosine?.mean, x.cosine?.least])], { pad: 0.04 });
  const withFlips = all.some((x) => isNumber(x.flips));
  const columns: Column[] = [
    { head: "output", kind: "name" }, ...(nearest ? JUDGED : []), { head: "mean cosine", kind: "number" }, { head: "worst", kind: "number" },
    { head: axis(scale, (x) => fixed(x, scale.decimals())), label: "", kind: "chart" }, { head: "relative error", kind: "number" }, { head: "signal to noise", kind: "number" },
  ];
  if (withFlips) columns.push({ head: "flips", kind: "number" });
  columns.push({ head: "n", kind: "number" });
  const rows = all.map((x): Row => {
    const mean = x.cosine?.mean, least = x.cosine?.least, n = x.n ?? c.n;
    const text = (v: number | undefined) => (isNumber(v) ? cosine(v) : "–");
    const cells: Row["cells"] = [
      h("span", {}, x.name ?? "–", list(x.shape).length ? h("small", { class: "muted about" }, `[${list(x.shape).join(", ")}]`) : null),
      ...(nearest ? judgedCells(x) : []), num({ text: text(mean), unit: "" }), num({ text: text(least), unit: "" }),
      strip(scale, [{ series: "int8", value: mean, tail: isNumber(least) ? [least] : [] }], [{ at: 1, className: "zero" }], `${x.name ?? "output"}: mean cosine ${text(mean)}, worst ${text(least)}; 1 is identical`),
      num(isNumber(x.relative_error) ? { text: short(100 * x.relative_error, 3), unit: "%" } : NOTHING), num(quantity(x.snr_db, "db")),
    ];
    if (withFlips) cells.push(isNumber(x.flips) ? `${count(x.flips)}${isNumber(x.flip_rate) ? ` (${share(x.flip_rate)})` : ""}` : "–");
    cells.push(count(n));
    return { cells };
  });
  return {
    ...head, finding, body: [
      table(`Closeness of each output to ${c.float}, ${samples(c.n)}`, columns, rows, {}),
      nearest ? note("Judged by the measure that fits the output: few values around their mean, integers by agreement, wide outputs by their cosine. Used up: the share of what the tolerance allows; above 100 % the output does not hold.") : null,
      note("Diamond: mean over samples; the tail reaches to the worst one. A cosine of 1 is identical up to scale."),
    ],
  };
}
