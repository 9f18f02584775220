// Where else was it compared? The test set under other conditions, and parts of it: declared ones and found ones.

import { Child, h } from "../lib/dom";
import { Absent, capital, Context, hasFlips, infoOf, intervalOf, keys, leadMetric, list, metricOf, note, Section, things, verdictBadge } from "./context";
import { count, fixed, isNumber, MetricInfo, plural, quantity, say, share, short, withInterval } from "../lib/format";
import { axis, scaleOf, strip } from "../lib/marks";
import { Column, num, Row, table } from "../lib/table";
import { PairRow, pairTable } from "./pairs";
import { Check, ExtraDamage, FoundSlice, Group, Interval, PairedGroup } from "./schema";

const MANY = 12, SURE = 0.05;
const SEVERITIES = [1, 2, 3, 4, 5];

interface Seen { name: string; about?: string; n?: number; group: Group; other?: Group; paired?: PairedGroup }

function seen(c: Context, kind: "distributions" | "slices"): Seen[] {
  const b = list(c.report.candidate?.[kind]), paired: PairedGroup[] = list(c.report.paired?.[kind]);
  return list(c.report.baseline?.[kind]).map((x) => {
    const y = b.find((z) => z.name === x.name), about = x.where ?? x.description;
    return { name: x.name ?? "–", about: about === x.name ? undefined : about, n: x.n ?? y?.n, group: x, other: y, paired: paired.find((z) => z.name === x.name) };
  });
}

function differenceOf(x: Seen, metric: string): Interval {
  const left = metricOf(x.group.metrics, metric).value, right = metricOf(x.other?.metrics, metric).value;
  return x.paired?.difference?.[metric] ?? (isNumber(left) && isNumber(right) ? { value: right - left } : {});
}

const harm = (value: number, info: MetricInfo) => (info.better === "higher" ? -value : value);
const interval = (i: Interval) => isNumber(i.low) && isNumber(i.high);
const points = (value: number, info: MetricInfo, n: number | undefined) => say(quantity(Math.abs(value), info.unit, n)).replace("\u00a0%", "\u00a0points");

/// Is the damage there beyond chance, among all distributions?
function isSure(d: ExtraDamage | undefined, info: MetricInfo): boolean {
  if (!d || !isNumber(d.value) || harm(d.value, info) <= 0) return false;
  if (isNumber(d.p_holm)) return d.p_holm <= SURE;
  const end = info.better === "higher" ? d.high : d.low;
  return isNumber(end) && harm(end, info) > 0;
}

/// A choice of metrics, and a holder that `draw` fills; the choice only where there is one to make.
function choice(c: Context, metrics: string[], label: string, draw: (metric: string) => Child): Child[] {
  const holder = h("div", {}), fill = (metric: string) => { holder.replaceChildren(); holder.append(...[draw(metric)].flat(9).filter((x): x is Node => x instanceof Node)); };
  fill(metrics[0]!);
  if (metrics.length < 2) return [holder];
  const select = h("select", { "aria-label": label }, metrics.map((x) => h("option", { value: x }, infoOf(c, x).label)));
  select.addEventListener("change", () => fill(select.value));
  return [h("div", { class: "controls on-screen" }, h("label", {}, "Metric ", select)), holder];
}

/// The metric whose extra damage the report holds.
const damageMetric = (c: Context): string | undefined => list(c.report.paired?.distributions).map((x) => x.extra_damage?.metric).find(Boolean) ?? leadMetric(c);

function metricsOf(rows: Seen[], lead: string | undefined): string[] {
  const all = [...new Set(rows.flatMap((x) => Object.keys(x.group.metrics ?? {})))];
  return lead && all.includes(lead) ? [lead, ...all.filter((x) => x !== lead)] : all;
}

// ---- distributions ----

/// The gate's checks of one distribution, as a line under its row.
function checksOf(c: Context, name: string): Child {
  const mine = list(c.report.gate?.checks).filter((x) => x.scope === `distribution:${name}`);
  if (!mine.length) return undefined;
  const limit = (x: Check) => { const info = infoOf(c, x.metric ?? ""); return `${x.direction === "below" ? "≤" : "≥"}\u00a0${say(quantity(x.limit, x.unit ?? info.unit, x.n, x.kind === "difference"))}`; };
  return h("span", { class: "row-checks" }, mine.map((x) => h("span", {}, verdictBadge(x.verdict), ` ${infoOf(c, x.metric ?? "check").label} ${limit(x)}`)));
}

function distributionTable(c: Context, rows: Seen[], metric: string, caption: string): HTMLTableElement {
  const info = infoOf(c, metric), lead = metric === damageMetric(c), n = Math.max(...rows.map((x) => x.n ?? 0)) || c.n;
  const clean = intervalOf(c.report.paired?.difference?.[metric]);
  const q = (v: number | undefined, difference = false) => quantity(v, info.unit, n, difference);
  const cell = (i: Interval) => num(q(i.value, true), interval(i) ? q(i.low, true) : undefined, interval(i) ? q(i.high, true) : undefined);
  const scale = scaleOf([0, clean.value, ...rows.flatMap((x) => { const d = differenceOf(x, metric); return [d.low, d.value, d.high]; })], { pad: 0.05 });
  const [floatKey, int8Key] = keys(c);
  const columns: Column[] = [
    { head: "seen as", kind: "name" }, { head: "n", kind: "number" }, { head: floatKey, label: c.float, kind: "number" }, { head: int8Key, label: c.int8, kind: "number" },
    { head: axis(scale, (x) => (info.unit === "ratio" ? fixed(100 * x, scale.decimals(100)) : fixed(x, scale.decimals()))), label: "", kind: "chart" },
    { head: `${c.int8} − ${c.float}`, label: "difference", kind: "number" },
  ];
  if (lead) columns.push({ head: "beyond clean", kind: "number" });
  if (hasFlips(c)) columns.push({ head: h("abbr", { title: "flips: to wrong / to right" }, "flips −/+"), label: "flips −/+", kind: "number" });
  return table(caption, columns, rows.map((x): Row => {
    const d = differenceOf(x, metric), extra = x.paired?.extra_damage, p = x.paired;
    const cells: Row["cells"] = [
      [x.name, x.about ? h("small", { class: "muted about" }, x.about) : null], isNumber(x.n) ? count(x.n) : "–", num(q(metricOf(x.group.metrics, metric).value)), num(q(metricOf(x.other?.metrics, metric).value)),
      strip(scale, [{ series: "int8", ...d }], [{ at: 0, className: "zero" }, ...(isNumber(clean.value) ? [{ at: clean.value, className: "tick" as const }] : [])],
        `${x.name}: ${info.label} ${withInterval(d, info.unit, n, true)}${isNumber(clean.value) ? `; on clean data ${withInterval(clean, info.unit, n, true)}` : ""}`),
      cell(d),
    ];
    if (lead) cells.push(extra && extra.metric === metric ? cell(extra) : num({ text: "–", unit: "" }));
    if (hasFlips(c)) cells.push(isNumber(p?.flips) ? `${count(p!.harmful)} / ${count(p!.helpful)}` : null);
    return { mark: isSure(extra, info) ? "worse" : undefined, cells, note: checksOf(c, x.name) };
  }), { className: "pairs distributions wide-numbers" });
}

/// Rows by corruption and columns by severity, where every distribution is one; else nothing.
function gridOf(rows: Seen[]): Map<string, (Seen | undefined)[]> | null {
  const grid = new Map<string, (Seen | undefined)[]>();
  for (const x of rows) {
    const parts = /^(.+), severity ([1-5])$/.exec(x.group.description ?? "");
    if (!parts) return null;
    const row = grid.get(parts[1]!) ?? new Array<Seen | undefined>(5).fill(undefined), at = Number(parts[2]) - 1;
    if (row[at]) return null;
    row[at] = x;
    grid.set(parts[1]!, row);
  }
  return grid;
}

function gridTable(c: Context, grid: Map<string, (Seen | undefined)[]>, metric: string): Child {
  const info = infoOf(c, metric), all = [...grid.values()].flat().filter((x): x is Seen => Boolean(x));
  const clean = intervalOf(c.report.paired?.difference?.[metric]).value ?? 0, lead = metric === damageMetric(c);
  const damage = (x: Seen): ExtraDamage => { const d = x.paired?.extra_damage; return lead && d?.metric === metric ? d : { value: (differenceOf(x, metric).value ?? NaN) - clean }; };
  const worst = Math.max(1e-12, ...all.map((x) => harm(damage(x).value ?? 0, info)).filter(isNumber));
  const text = (v: number) => { const shown = quantity(v, info.unit, 0, true).text; return shown.replace(/^([+−]?)0\./, "$10."); };
  const cell = (x: Seen | undefined) => {
    const d = x && damage(x);
    if (!d || !isNumber(d.value)) return h("td", { class: "nil" }, "");
    const sure = lead && isSure(d, info), bad = harm(d.value, info);
    const td = h("td", { class: sure ? "wrong sure" : bad > 0 ? "wrong" : "fine", title: `${x!.name}: ${withInterval(d, info.unit, x!.n, true)} beyond clean data` }, text(d.value), sure && h("span", { class: "hidden-text" }, " beyond chance"));
    if (bad > 0) td.style.setProperty("--heat", `${Math.round(6 + 50 * (bad / worst))}%`);
    return td;
  };
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "damage by corruption and severity" },
    h("table", { class: "matrix grid-table" }, h("caption", {}, `${capital(info.label)}, ${c.int8} − ${c.float} beyond the same on clean data${info.unit === "ratio" ? ", points" : ""}; by severity`),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "corruption"), SEVERITIES.map((x) => h("th", { scope: "col" }, x)))),
      h("tbody", {}, [...grid].map(([name, row]) => h("tr", {}, h("th", { scope: "row" }, name.replace(/_/g, " ")), row.map(cell))))));
}

function conditionFinding(c: Context, rows: Seen[], metric: string): string {
  const info = infoOf(c, metric), total = plural(rows.length, "distribution");
  const damaged = rows.map((x) => ({ x, d: x.paired?.extra_damage })).filter(({ d }) => d?.metric === metric && isNumber(d.value)).sort((a, b) => harm(b.d!.value!, info) - harm(a.d!.value!, info));
  const worst = damaged[0];
  if (!worst) {
    const by = rows.map((x) => ({ x, d: differenceOf(x, metric) })).filter(({ d }) => isNumber(d.value)).sort((a, b) => harm(b.d.value!, info) - harm(a.d.value!, info))[0];
    return by ? `${capital(info.label)} changes most under ${by.x.name}: ${withInterval(by.d, info.unit, by.x.n, true)}` : `${total} compared`;
  }
  const sure = damaged.filter(({ d }) => isSure(d, info)).length, value = worst.d!.value!;
  const costs = points(value, info, worst.x.n), of = info.label === "accuracy" ? "" : ` of ${info.label}`;
  if (sure) return `Quantization costs ${costs}${of} more under ${worst.x.name} than on clean data${rows.length > 1 ? `; ${sure} of ${total} ${sure === 1 ? "adds" : "add"} damage beyond chance` : ""}`;
  if (harm(value, info) <= 0) return rows.length === 1 ? `${rows[0]!.name} adds no damage to that on clean data` : `None of ${total} adds damage to that on clean data`;
  return rows.length === 1 ? `${worst.x.name} adds ${costs}${of}, not distinguishable from none` : `No distribution adds damage beyond chance: the most of ${total} is ${costs}${of}, under ${worst.x.name}`;
}

export function distributions(c: Context): Section | Absent {
  const head = { id: "conditions", kicker: "Conditions" }, rows = seen(c, "distributions"), metrics = metricsOf(rows, damageMetric(c));
  if (!rows.length || !metrics.length) {
    return { ...head, what: "the same comparison under other conditions (noise, compression, missing values), and what they add to the damage", how: "declare `data.distributions` in `tare.yaml`, then `tare run`; or `tare evaluate ... --corrupt NAME`" };
  }
  const grid = rows.length > MANY ? gridOf(rows) : null;
  const caption = (metric: string) => `${capital(infoOf(c, metric).label)} under ${plural(rows.length, "distribution")}: paired difference, ${c.confidence} intervals`;
  const body: Child[] = grid
    ? [...choice(c, metrics, "metric of distributions", (metric) => [gridTable(c, grid, metric), h("details", {}, h("summary", {}, `All ${count(rows.length)}, with both models and intervals`), distributionTable(c, rows, metric, caption(metric)))]),
      note("Shaded: the darker, the more damage beyond that on clean data. ", h("b", {}, "Bold in a frame"), ": beyond chance at 5 %, adjusted by Holm for all of them.")]
    : choice(c, metrics, "metric of distributions", (metric) => distributionTable(c, rows, metric, caption(metric)));
  body.push(note("Dashed line: the same difference on clean data. Beyond clean: what quantization costs more there than on the clean set; negative is worse where more is better. Its interval treats the two sets as independent, so it is wider than it need be, never narrower."));
  return { ...head, finding: conditionFinding(c, rows, metrics[0]!), body };
}

// ---- slices ----

function sliceRows(c: Context, rows: Seen[], metric: string): PairRow[] {
  const info = infoOf(c, metric), worse = (d: Interval) => { const end = info.better === "higher" ? d.high : d.low; return isNumber(end) && harm(end, info) > 0; };
  return rows.map((x) => ({
    name: [x.name, x.about ? h("small", { class: "muted about" }, x.about) : null], title: `${info.label} of ${x.name}`, n: x.n, a: metricOf(x.group.metrics, metric), b: metricOf(x.other?.metrics, metric),
    d: differenceOf(x, metric), flips: hasFlips(c) ? x.paired : undefined, worse: worse(differenceOf(x, metric)),
  }));
}

function foundTable(c: Context, found: FoundSlice[], info: MetricInfo): HTMLTableElement {
  const rate = (part: number | undefined, n: number | undefined) => (isNumber(part) && isNumber(n) && n > 0 ? share(part / n) : "–");
  const scale = scaleOf(found.flatMap((x) => [0, x.difference?.low, x.difference?.value, x.difference?.high]), { pad: 0.05 });
  const [floatKey, int8Key] = keys(c), n = Math.max(...found.map((x) => x.n ?? 0));
  const q = (v: number | undefined, difference = false) => quantity(v, info.unit, n, difference);
  return table("Slices in which harmful flips gather, most significant first", [
    { head: "where", kind: "name" }, { head: "n", kind: "number" }, { head: floatKey, label: c.float, kind: "number" }, { head: int8Key, label: c.int8, kind: "number" },
    { head: axis(scale, (x) => (info.unit === "ratio" ? fixed(100 * x, scale.decimals(100)) : fixed(x, scale.decimals()))), label: "", kind: "chart" },
    { head: `${c.int8} − ${c.float}`, label: "difference", kind: "number" }, { head: "harmful flips", kind: "number" }, { head: "elsewhere", kind: "number" }, { head: "p, Holm", kind: "number" },
  ], found.map((x) => {
    const d = x.difference ?? {};
    return { cells: [
      h("code", {}, x.where ?? "–"), count(x.n), num(q(intervalOf(x.baseline).value)), num(q(intervalOf(x.candidate).value)),
      strip(scale, [{ series: "int8", ...d }], [{ at: 0, className: "zero" }], `${x.where ?? "slice"}: ${info.label} ${withInterval(d, info.unit, n, true)}`),
      num(q(d.value, true), interval(d) ? q(d.low, true) : undefined, interval(d) ? q(d.high, true) : undefined),
      `${count(x.harmful)} (${rate(x.harmful, x.n)})`, rate(x.rest_harmful, x.rest_n), isNumber(x.p_holm) ? (x.p_holm < 0.001 ? "< 0.001" : short(x.p_holm, 2)) : "–",
    ] };
  }), { className: "pairs found wide-numbers" });
}

function searchBody(c: Context, found: FoundSlice[]): Child[] {
  const search = c.report.slice_search;
  if (!search) return [];
  const alpha = share(search.alpha ?? 0.05);
  if (!search.tests) return [h("h3", {}, "No harmful flip, so nothing to search for")];
  const basis = `${count(search.tests)} conditions and pairs of conditions on the columns of the data were tested for a gathering of harmful flips (Fisher’s exact test, one-sided). p is adjusted by Holm for all of them, so that any finding by chance has a probability of at most ${alpha}.`;
  if (!found.length) return [h("h3", {}, "No slice gathers harmful flips beyond chance"), note(basis)];
  return [
    h("h3", {}, `Found by search: harmful flips gather in ${plural(found.length, "slice")}`), foundTable(c, found, infoOf(c, search.metric ?? "accuracy")),
    note(basis, " Intervals are not adjusted: a slice that was picked for its damage looks worse than it is. Declare it under ", h("code", {}, "data: slices"), " to judge it on other ", things(c), "."),
  ];
}

export function slices(c: Context): Section | Absent | null {
  const head = { id: "slices", kicker: "Slices" }, rows = seen(c, "slices"), metrics = metricsOf(rows, leadMetric(c)), found = list(c.report.found_slices);
  if (!rows.length && c.report.task === "object_detection") return null;  // is judged on the whole set
  if (!rows.length && !c.report.slice_search) return { ...head, what: "the same comparison on parts of the test set", how: "declare `data.slices` in `tare.yaml`, then `tare run`; or `tare evaluate ... --slice NAME=CONDITION`" };
  const metric = metrics[0], body: Child[] = [];
  let finding = found.length ? `Harmful flips gather where ${found[0]!.where ?? "–"}: ${count(found[0]!.harmful)} of ${count(found[0]!.n)} ${things(c)}, by search` : "No slice gathers harmful flips beyond chance";
  if (metric) {
    const info = infoOf(c, metric), all = sliceRows(c, rows, metric);
    const known = all.filter((r) => isNumber(r.d.value)).map((r, i) => ({ r, name: rows[i]!.name })).sort((x, y) => harm(y.r.d.value!, info) - harm(x.r.d.value!, info));
    const sure = known.filter(({ r }) => r.worse), worst = known[0];
    const verb = info.better === "higher" ? "falls" : "rises", at = (x: { r: PairRow; name: string }) => `${x.name}, ${withInterval(x.r.d, info.unit, x.r.n, true)}`;
    if (!found.length && worst) {
      finding = sure.length ? `${capital(info.label)} ${verb} beyond chance on ${sure.length} of ${plural(rows.length, "slice")}; most on ${at(sure[0]!)}`
        : rows.length === 1 ? `${capital(info.label)} on ${at(worst)}: not distinguishable from no change` : `${capital(info.label)} ${verb} beyond chance on none of ${plural(rows.length, "slice")}${harm(worst.r.d.value!, info) > 0 ? `; most on ${at(worst)}` : ""}`;
    }
    body.push(...choice(c, metrics, "metric of slices", (chosen) => pairTable(c, `${capital(infoOf(c, chosen).label)} by slice, ${c.confidence} intervals`, "slice", infoOf(c, chosen).unit, sliceRows(c, rows, chosen))));
  }
  return { ...head, finding, body: [...body, ...searchBody(c, found)] };
}
