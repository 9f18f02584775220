// Is the candidate as good? Checks, metrics, flips, classes, slices and conditions, outputs.

import { Child, drawing, h, s } from "../lib/dom";
import { bytesLike, cosine, count, fixed, isNumber, metricInfo, NOTHING, plural, Quantity, quantity, say, share, short, trueMinus, withInterval } from "../lib/format";
import { axis, Mark, Scale, scaleOf, strip } from "../lib/marks";
import { Column, num, Row, table } from "../lib/table";
import { Absent, Context, intervalOf, keys, list, metricOf, note, samples, Section, verdictBadge } from "./context";
import { Check, Interval, PairedGroup } from "./schema";

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
    const value = (v: number | undefined) => (own === "bytes" && isNumber(x.baseline) ? bytesLike(v, x.baseline) : quantity(v, own, x.n));
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
        ? [x.reason ? sentence(x.reason) : null, isNumber(x.settle_n) ? ` About ${count(x.settle_n)} samples would settle it.` : null] : undefined,
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
  bootstrap: "Paired bootstrap", median_ratio: "Ratio of medians of interleaved runs", exact: "Exact: no sampling",
};
const pValue = (p: number) => (p < 0.0001 ? "p < 0.0001" : `p = ${short(p, 2)}`);
function sentence(text: string): string {
  const t = trueMinus(text.trim());
  return t.charAt(0).toUpperCase() + t.slice(1) + (/[.!?]$/.test(t) ? "" : ".");
}

// ---- metrics ----

const FIRST = ["accuracy", "f1_macro", "recall_macro", "precision_macro"];

export function metrics(c: Context): Section | Absent {
  const { baseline, candidate, paired } = c.report;
  const names = [...new Set([...Object.keys(baseline?.metrics ?? {}), ...Object.keys(candidate?.metrics ?? {})])];
  const head = { id: "quality", kicker: "Quality" };
  if (!names.length) return { ...head, what: "accuracy, precision, recall, F1, log loss and calibration error of both models, with intervals", how: LABELLED };
  names.sort((a, b) => (FIRST.indexOf(a) + 1 || 99) - (FIRST.indexOf(b) + 1 || 99));

  const rowsOf = names.map((name) => {
    const a = metricOf(baseline?.metrics, name), b = metricOf(candidate?.metrics, name);
    const info = metricInfo(name, a.unit ?? b.unit, a.better ?? b.better);
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
  const lead = rowsOf.find((r) => isNumber(r.d.value));
  const [floatKey, int8Key] = keys(c);
  return {
    ...head, finding: lead ? changeSentence(lead.info.label, lead.d, lead.info, c) : `${plural(names.length, "metric")} measured`,
    body: [
      table(`Metrics of both models with ${c.confidence} intervals, ${samples(c.n)}`, [
        { head: "metric", kind: "name" }, { head: floatKey, label: c.float, kind: "number" }, { head: int8Key, label: c.int8, kind: "number" },
        { head: "", label: "", kind: "chart" }, { head: `${c.int8} − ${c.float}`, label: "difference", kind: "number" },
      ], rows, { className: "wide-numbers", phoneColumns: 2 }),
      note("The difference is paired, sample by sample: its interval is narrower than the two beside it suggest. pp: percentage points. Each strip has its own origin; strips of the same unit have the same width."),
    ],
  };
}

/// "Accuracy differs by −0.11 pp [−0.31, +0.08]: no difference beyond chance".
function changeSentence(label: string, d: Interval, info: { unit: string; better: string }, c: Context): string {
  const name = label.charAt(0).toUpperCase() + label.slice(1), value = d.value ?? 0;
  const text = withInterval(d, info.unit, c.n, true);
  if (value === 0 && !isNumber(d.low)) return `${name} is the same`;
  if (!isNumber(d.low) || !isNumber(d.high)) return `${name} differs by ${text}`;
  if (d.low <= 0 && d.high >= 0) return `${name} differs by ${text}: not distinguishable from no change`;
  const worse = (value < 0) === (info.better === "higher");
  return `${name} is ${worse ? "worse" : "better"} by ${withInterval({ value: Math.abs(value), low: Math.min(Math.abs(d.low), Math.abs(d.high)), high: Math.max(Math.abs(d.low), Math.abs(d.high)) }, info.unit, c.n, true).replace(/\+/g, "")}`;
}

// ---- flips ----

export function flips(c: Context): Section | Absent {
  const p = c.report.paired, n = p?.n ?? c.n;
  const head = { id: "flips", kicker: "Flips" };
  if (!p || !isNumber(p.flips) || !isNumber(n)) return { ...head, what: "samples on which the two models answer differently, and which way", how: LABELLED };
  const harmful = p.harmful, helpful = p.helpful, rate = p.flip_rate ?? (n ? p.flips / n : 0);
  const labelled = isNumber(harmful) && isNumber(helpful);
  const other = labelled ? Math.max(0, p.flips - harmful - helpful) : 0;
  const interval = p.flip_rate_interval;
  const rateText = withInterval({ value: rate, ...interval }, "ratio", n);
  let finding = `${count(p.flips)} of ${count(n)} answers differ (${rateText})`;
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
  if (top && isNumber(top.value)) facts.push(["top-1 agreement", withInterval(top, "ratio", n)]);
  if (kl) {
    const parts = (["mean", "p50", "p95", "p99", "max"] as const).filter((k) => isNumber(kl[k])).map((k) => `${k} ${short(kl[k]!, 2)}`);
    if (parts.length) facts.push([`KL(${c.float} ‖ ${c.int8}) a sample, nats`, parts.join(" · ")]);
  }
  if (facts.length) body.push(h("dl", { class: "facts" }, facts.map(([k, v]) => h("div", {}, h("dt", {}, k), h("dd", {}, v)))));
  return { ...head, finding, body };
}

// ---- dot plots of two sides over rows ----

interface PairRow { name: Child; title: string; n?: number; a: Interval; b: Interval; d: Interval; flips?: { flips?: number; harmful?: number; helpful?: number } }

function pairTable(c: Context, caption: string, first: string, unit: string, rows: PairRow[], groups: Map<number, string> = new Map()): HTMLTableElement {
  const scale: Scale = scaleOf(rows.flatMap((r) => [r.a.low, r.a.value, r.a.high, r.b.low, r.b.value, r.b.high]), { pad: 0.04 });
  const tick = (x: number) => (unit === "ratio" ? `${fixed(100 * x, scale.decimals(100))}\u00a0%` : fixed(x, scale.decimals()));
  const n = Math.max(...rows.map((r) => r.n ?? 0)) || c.n;  // one number of decimals for the whole column
  const [floatKey, int8Key] = keys(c);
  const both = (i: Interval) => isNumber(i.low) && isNumber(i.high);
  const withFlips = rows.some((r) => isNumber(r.flips?.flips));
  const columns: Column[] = [
    { head: first, kind: "name" }, { head: "n", kind: "number" }, { head: floatKey, label: c.float, kind: "number" }, { head: int8Key, label: c.int8, kind: "number" },
    { head: axis(scale, tick), label: "", kind: "chart" }, { head: `${c.int8} − ${c.float}`, label: "difference", kind: "number" },
  ];
  if (withFlips) columns.push({ head: h("abbr", { title: "flips: to wrong / to right" }, "flips −/+"), label: "flips −/+", kind: "number" });
  return table(caption, columns, rows.map((r, i): Row => {
    const q = (v: number | undefined, diff = false) => quantity(v, unit, n, diff);
    const marks: Mark[] = [{ series: "float", ...r.a }, { series: "int8", ...r.b }];
    return {
      mark: [groups.has(i) ? "group" : "", both(r.d) && r.d.high! < 0 ? "worse" : ""].join(" ").trim() || undefined,
      cells: [
        groups.has(i) ? [h("small", { class: "group-name" }, groups.get(i)!), r.name] : r.name, isNumber(r.n) ? count(r.n) : "–", num(q(r.a.value)), num(q(r.b.value)),
        strip(scale, marks, [], `${r.title}: ${c.float} ${withInterval(r.a, unit, r.n)}, ${c.int8} ${withInterval(r.b, unit, r.n)}`),
        num(q(r.d.value, true), both(r.d) ? q(r.d.low, true) : undefined, both(r.d) ? q(r.d.high, true) : undefined),
        withFlips && isNumber(r.flips?.flips) ? `${count(r.flips!.harmful)} / ${count(r.flips!.helpful)}` : null,
      ],
    };
  }), { className: "pairs" });
}

const MANY = 24;

export function perClass(c: Context): Section | Absent {
  const a = list(c.report.baseline?.per_class), b = list(c.report.candidate?.per_class), paired = list(c.report.paired?.per_class);
  const head = { id: "classes", kicker: "Classes" };
  if (!a.length && !b.length) return { ...head, what: "recall of each class, float against quantized, and which confusions changed", how: LABELLED };
  const ids = (a.length ? a : b).map((x, i) => x.class ?? i);
  let rows = ids.map((id, i) => {
    const x = a.find((y) => y.class === id) ?? a[i], y = b.find((z) => z.class === id) ?? b[i], p = paired.find((z) => z.class === id);
    const left = intervalOf(x?.recall), right = intervalOf(y?.recall);
    const d = p?.recall_difference ?? (isNumber(left.value) && isNumber(right.value) ? { value: right.value - left.value } : {});
    const name = x?.name ?? y?.name ?? c.report.classes?.[id] ?? `class ${id}`;
    return { id, name, title: name, n: x?.n ?? y?.n, a: left, b: right, d, flips: p };
  });
  rows.sort((x, y) => (x.d.value ?? 0) - (y.d.value ?? 0));
  const sure = rows.filter((r) => isNumber(r.d.high) && r.d.high < 0), worst = rows[0]!;
  const say1 = (r: typeof worst) => `${r.name}, ${withInterval(r.d, "score", r.n, true)}`;
  const finding = sure.length
    ? `Recall falls beyond chance in ${sure.length} of ${plural(rows.length, "class", "classes")}${sure.length > 1 ? "; most in " : ": "}${say1(sure[0]!)}`
    : isNumber(worst.d.value) && worst.d.value < 0 ? `No class loses recall beyond chance; the largest fall is ${say1(worst)}` : "No class loses recall";
  const total = rows.length;
  const caption = (shown: number) => `Recall by class, greatest fall first${shown < total ? `: ${shown} of ${count(total)} classes` : ""}, ${c.confidence} intervals, ${samples(c.n)}`;
  const holder = h("div", {});
  const draw = (k: number) => holder.replaceChildren(pairTable(c, caption(k), "class", "score", rows.slice(0, k)));
  draw(total > MANY * 1.5 ? MANY : total);
  const body: Child[] = [holder];
  if (total > MANY * 1.5) {
    const more = h("button", { type: "button" }, `Show all ${count(total)} classes`);
    more.addEventListener("click", () => { draw(total); more.remove(); });
    body.push(more);
  }
  const expected = total * (1 - (c.report.intervals?.confidence ?? 0.95)) / 2;
  if (rows.some((r) => isNumber(r.d.low)) && total >= 4) body.push(note(`With ${count(total)} classes, about ${fixed(expected, expected < 1 ? 2 : expected < 10 ? 1 : 0)} would show such a fall by chance alone.`));
  body.push(confusions(c, a.length ? a.map((x, i) => x.name ?? c.report.classes?.[i]) : []));
  return { ...head, finding, body };
}

function confusions(c: Context, names: (string | undefined)[]): Child {
  const a = c.report.baseline?.confusion, b = c.report.candidate?.confusion;
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length || !a.length) return null;
  const name = (i: number) => c.report.classes?.[i] ?? names[i] ?? `class ${i}`;
  const cells = a.flatMap((row, i) => list(row).map((x, j) => ({ i, j, a: x, b: b[i]?.[j] ?? 0 })));
  const moved = cells.filter((x) => x.i !== x.j && x.a !== x.b).sort((x, y) => Math.abs(y.b - y.a) - Math.abs(x.b - x.a));
  const top = moved.slice(0, 6);
  const parts: Child[] = [];
  if (top.length) {
    const most = top[0]!;
    const [floatKey, int8Key] = keys(c);
    const full = Math.max(...top.map((x) => Math.max(x.a, x.b)));
    const plus = (x: number): Quantity => ({ text: x > 0 ? `+${fixed(x)}` : fixed(x), unit: "" });
    parts.push(h("h3", {}, `The confusion that changed most: ${name(most.i)} taken for ${name(most.j)}, ${count(most.a)} to ${count(most.b)}`),
      table(`Confusions that changed most, counts of ${count(c.n)}`, [
        { head: "true → predicted", kind: "name" }, { head: floatKey, label: c.float, kind: "number" }, { head: int8Key, label: c.int8, kind: "number" },
        { head: "", label: "", kind: "chart" }, { head: "change", kind: "number" },
      ], top.map((x) => ({
        cells: [`${name(x.i)} → ${name(x.j)}`, num({ text: fixed(x.a), unit: "" }), num({ text: fixed(x.b), unit: "" }), barsOf(x.a, x.b, full, c, `${name(x.i)} taken for ${name(x.j)}`), num(plus(x.b - x.a))],
      })), { className: "small" }));
  }
  if (a.length <= 24) {
    const full = Math.max(1, ...cells.filter((x) => x.i !== x.j).map((x) => x.b));
    parts.push(h("details", {}, h("summary", {}, `The whole confusion matrix of ${c.int8}, with the change from ${c.float}`),
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "confusion matrix" },
        h("table", { class: "matrix" }, h("caption", {}, `Rows: true class. Columns: predicted by ${c.int8}. Small: change from ${c.float}.`),
          h("thead", {}, h("tr", {}, h("td", {}), a.map((_, j) => h("th", { scope: "col" }, h("span", {}, name(j)))))),
          h("tbody", {}, a.map((row, i) => h("tr", {}, h("th", { scope: "row" }, name(i)), list(row).map((x, j) => {
            const y = b[i]?.[j] ?? 0, cell = h("td", { class: i === j ? "right" : y ? "wrong" : "nil" }, y ? count(y) : "·", y !== x ? h("small", {}, y > x ? `+${y - x}` : fixed(y - x)) : null);
            if (i !== j && y) cell.style.setProperty("--heat", `${Math.round(8 + 62 * Math.sqrt(y / full))}%`);
            return cell;
          }))))))));
  }
  return parts;
}

function barsOf(a: number, b: number, full: number, c: Context, what: string): SVGElement {
  const bar = (x: number, series: string, y: number) => s("rect", { class: `bar ${series}`, x: "0.3%", y, height: 6, width: `${((99.4 * x) / (full || 1)).toFixed(2)}%`, rx: 1 });
  return drawing("bars", `${what}: ${c.float} ${count(a)}, ${c.int8} ${count(b)}`, { width: "100%", height: 22 }, bar(a, "float", 4), bar(b, "int8", 12));
}

// ---- slices and distributions ----

export function conditions(c: Context): Section | Absent {
  const head = { id: "conditions", kicker: "Slices and conditions" };
  const kinds = [["distributions", "input distributions"], ["slices", "slices of the test set"]] as const;
  const rows: PairRow[] = [], groups = new Map<number, string>();
  let metric: string | undefined;
  for (const [kind, title] of kinds) {
    const a = list(c.report.baseline?.[kind]), b = list(c.report.candidate?.[kind]), paired: PairedGroup[] = list(c.report.paired?.[kind]);
    a.forEach((x, i) => {
      metric ??= ["accuracy", "f1_macro", ...Object.keys(x.metrics ?? {})].find((name) => x.metrics && name in x.metrics);
      if (!metric) return;
      const y = b.find((z) => z.name === x.name) ?? b[i], p = paired.find((z) => z.name === x.name);
      const left = metricOf(x.metrics, metric), right = metricOf(y?.metrics, metric);
      const d = p?.difference?.[metric] ?? (isNumber(left.value) && isNumber(right.value) ? { value: right.value - left.value } : {});
      if (![...groups.values()].includes(title)) groups.set(rows.length, title);
      const about = x.where ?? x.description;
      rows.push({ name: [x.name ?? "–", about ? h("small", { class: "muted about" }, about) : null], title: x.name ?? "", n: x.n ?? y?.n, a: left, b: right, d, flips: p });
    });
  }
  if (!rows.length || !metric) {
    return { ...head, what: "the same comparison on slices of the test set and under other conditions (noise, compression, light)", how: "declare `data.slices` and `data.distributions` in `tare.yaml`, then `tare run`" };
  }
  const info = metricInfo(metric);
  const worst = rows.filter((r) => isNumber(r.d.value)).sort((x, y) => x.d.value! - y.d.value!)[0];
  const spread = rows.filter((r) => isNumber(r.d.high) && r.d.high < 0);
  const finding = !worst ? `${plural(rows.length, "slice or condition", "slices and conditions")}`
    : spread.length ? `${info.label.charAt(0).toUpperCase() + info.label.slice(1)} falls beyond chance on ${spread.length} of ${rows.length} slices and conditions; most on ${worst.title}, ${withInterval(worst.d, info.unit, worst.n, true)}`
    : `No slice or condition loses ${info.label} beyond chance; the lowest is ${worst.title}, ${withInterval(worst.d, info.unit, worst.n, true)}`;
  return { ...head, finding, body: [pairTable(c, `${info.label} by slice and condition, ${c.confidence} intervals`, "seen on", info.unit, rows, groups)] };
}

// ---- outputs ----

export function outputs(c: Context): Section | Absent {
  const all = list(c.report.outputs);
  const head = { id: "outputs", kicker: "Outputs" };
  if (!all.length) return { ...head, what: "how close each output is to float: cosine, relative error, signal to noise", how: `\`${EVALUATE}\`, without \`--label\`` };
  const far = all.filter((x) => isNumber(x.cosine?.mean)).sort((x, y) => x.cosine!.mean! - y.cosine!.mean!)[0];
  let finding: string = `${plural(all.length, "output")} compared`;
  if (far) {
    const least = far.cosine?.least;
    finding = `${all.length === 1 ? far.name ?? "The output" : `Farthest of ${all.length} outputs: ${far.name ?? "unnamed"}`} keeps a mean cosine of ${cosine(far.cosine!.mean!)} to ${c.float}` +
      (isNumber(least) ? `, ${cosine(least)} in the worst of ${count(far.n ?? c.n)} samples` : "");
  }
  const scale = scaleOf([1, ...all.flatMap((x) => [x.cosine?.mean, x.cosine?.least])], { pad: 0.04 });
  const withFlips = all.some((x) => isNumber(x.flips));
  const columns: Column[] = [
    { head: "output", kind: "name" }, { head: "mean cosine", kind: "number" }, { head: "worst", kind: "number" },
    { head: axis(scale, (x) => fixed(x, scale.decimals())), label: "", kind: "chart" }, { head: "relative error", kind: "number" }, { head: "signal to noise", kind: "number" },
  ];
  if (withFlips) columns.push({ head: "flips", kind: "number" });
  columns.push({ head: "n", kind: "number" });
  const rows = all.map((x): Row => {
    const mean = x.cosine?.mean, least = x.cosine?.least, n = x.n ?? c.n;
    const text = (v: number | undefined) => (isNumber(v) ? cosine(v) : "–");
    const cells: Row["cells"] = [
      h("span", {}, x.name ?? "–", list(x.shape).length ? h("small", { class: "muted about" }, `[${list(x.shape).join(", ")}]`) : null),
      num({ text: text(mean), unit: "" }), num({ text: text(least), unit: "" }),
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
      note("Diamond: mean over samples; the tail reaches to the worst one. A cosine of 1 is identical up to scale."),
    ],
  };
}
