// Classes: recall, precision and F1 of each, float against quantized, and the confusions that changed.

import { Child, drawing, h, s } from "../lib/dom";
import { count, fixed, isNumber, plural, Quantity, quantity, withInterval } from "../lib/format";
import { Column, csvButton, num, table } from "../lib/table";
import { Absent, Context, intervalOf, keys, list, note, samples, Section } from "./context";
import { PairRow, pairTable } from "./pairs";
import { ClassRow, Interval } from "./schema";

const MANY = 24;
const MEASURES = [["recall", "recall"], ["precision", "precision"], ["f1", "F1"]] as const;
type Measure = (typeof MEASURES)[number][0];

interface ClassPair { id: number; name: string; n?: number; a?: ClassRow; b?: ClassRow; d: Record<Measure, Interval>; flips?: PairRow["flips"] }

function classPairs(c: Context): ClassPair[] {
  const a = list(c.report.baseline?.per_class), b = list(c.report.candidate?.per_class), paired = new Map(list(c.report.paired?.per_class).map((x) => [x.class, x]));
  const byClass = (rows: ClassRow[]) => new Map(rows.map((x, i) => [x.class ?? i, x]));
  const left = byClass(a), right = byClass(b);
  return [...(a.length ? left : right).keys()].map((id) => {
    const x = left.get(id), y = right.get(id), p = paired.get(id);
    const difference = (measure: Measure): Interval => {
      const before = intervalOf(x?.[measure]).value, after = intervalOf(y?.[measure]).value;
      return p?.[`${measure}_difference`] ?? (isNumber(before) && isNumber(after) ? { value: after - before } : {});
    };
    return {
      id, name: x?.name ?? y?.name ?? c.report.classes?.[id] ?? `class ${id}`, n: x?.n ?? y?.n, a: x, b: y, flips: p,
      d: { recall: difference("recall"), precision: difference("precision"), f1: difference("f1") },
    };
  });
}

const byFall = (rows: ClassPair[], measure: Measure) => [...rows].sort((x, y) => (x.d[measure].value ?? 0) - (y.d[measure].value ?? 0));

/// Falls that hold when all classes are looked at: the exact test of each class's flips, adjusted by Holm for their number.
function findingOf(c: Context, rows: ClassPair[]): string {
  const adjusted = new Map(list(c.report.paired?.per_class).map((x) => [x.class, x.p_holm])), alpha = 1 - (c.report.intervals?.confidence ?? 0.95);
  const known = rows.some((r) => isNumber(adjusted.get(r.id))), worst = rows[0]!;
  const sure = rows.filter((r) => (isNumber(adjusted.get(r.id)) ? adjusted.get(r.id)! < alpha : !known && isNumber(r.d.recall.high) && r.d.recall.high < 0));
  const say1 = (r: ClassPair) => `${r.name}, ${withInterval(r.d.recall, "score", r.n, true)}`;
  if (sure.length) return `Recall falls beyond chance in ${sure.length} of ${plural(rows.length, "class", "classes")}${sure.length > 1 ? "; most in " : ": "}${say1(sure[0]!)}`;
  return isNumber(worst.d.recall.value) && worst.d.recall.value < 0 ? `No class loses recall beyond chance; the largest fall is ${say1(worst)}` : "No class loses recall";
}

/// Every measure of every class in numbers: float over int8, each with its interval.
function allMeasures(c: Context, rows: ClassPair[], caption: string): HTMLTableElement {
  const [floatKey, int8Key] = keys(c);
  const columns: Column[] = [{ head: "class", kind: "name" }, { head: "n", kind: "number" },
    ...MEASURES.flatMap(([, label]): Column[] => [
      { head: [`${label} `, floatKey.cloneNode(true) as Node], label: `${label}, ${c.float}`, kind: "number" }, { head: [`${label} `, int8Key.cloneNode(true) as Node], label: `${label}, ${c.int8}`, kind: "number" }])];
  const q = (v: number | undefined) => quantity(v, "score");
  const cell = (x: Interval) => num(q(x.value), isNumber(x.low) && isNumber(x.high) ? q(x.low) : undefined, isNumber(x.low) && isNumber(x.high) ? q(x.high) : undefined);
  return table(caption, columns, rows.map((r) => ({
    cells: [r.name, isNumber(r.n) ? count(r.n) : "–", ...MEASURES.flatMap(([measure]) => [cell(intervalOf(r.a?.[measure])), cell(intervalOf(r.b?.[measure]))])],
  })), { className: "wide-numbers small measures", phoneColumns: 2 });
}

export function perClass(c: Context): Section | Absent | null {
  const head = { id: "classes", kicker: "Classes" };
  const rows = byFall(classPairs(c), "recall"), total = rows.length;
  if (!total) {
    if (c.report.task && c.report.task !== "classification" && c.report.task !== "outputs") return null;
    return { ...head, what: "recall, precision and F1 of each class, float against quantized, and which confusions changed", how: "`tare evaluate FLOAT.onnx QUANT.onnx --data FILE --label NAME`" };
  }
  const holder = h("div", {}), shownText = h("p", { class: "note", "aria-live": "polite" });
  const filter = h("input", { type: "search", placeholder: "filter by name", "aria-label": "filter classes" });
  const select = h("select", { "aria-label": "measure of classes" }, MEASURES.map(([value, label]) => h("option", { value }, label)), h("option", { value: "all" }, "all three, in numbers"));
  const more = h("button", { type: "button" }, `Show all ${count(total)} classes`);
  const many = total > MANY * 1.5;
  let all = !many;
  const draw = () => {
    const measure = select.value === "all" ? "recall" : (select.value as Measure), label = MEASURES.find(([x]) => x === measure)![1];
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const matching = byFall(rows, measure).filter((r) => words.every((w) => r.name.toLowerCase().includes(w)));
    const shown = all ? matching : matching.slice(0, MANY), what = select.value === "all" ? "Recall, precision and F1" : label.charAt(0).toUpperCase() + label.slice(1);
    const caption = `${what} by class, greatest fall${select.value === "all" ? " of recall" : ""} first${shown.length < total ? `: ${shown.length} of ${count(total)} classes` : ""}, ${c.confidence} intervals, ${samples(c.n)}`;
    shownText.replaceChildren(matching.length ? "" : "No class of that name.");
    holder.replaceChildren(...(shown.length === 0 ? [] : [select.value === "all" ? allMeasures(c, shown, caption)
      : pairTable(c, caption, "class", "score", shown.map((r) => ({ name: r.name, title: `${label} of ${r.name}`, n: r.n, a: intervalOf(r.a?.[measure]), b: intervalOf(r.b?.[measure]), d: r.d[measure], flips: r.flips })))]));
    more.hidden = all || matching.length <= MANY;
  };
  draw();
  filter.addEventListener("input", draw);
  select.addEventListener("change", draw);
  more.addEventListener("click", () => { all = true; draw(); });
  const body: Child[] = [h("div", { class: "controls" }, h("label", {}, "Measure ", select), many && filter), holder, shownText, many && more];
  const adjusts = list(c.report.paired?.per_class).some((x) => isNumber(x.p_holm));
  if (adjusts && total > 1) body.push(note(`Whether a fall is beyond chance: exact one-sided test of the class’s flips, p adjusted by Holm for ${count(total)} classes. The intervals are of each class by itself.`));
  const names: (string | undefined)[] = [];
  for (const r of rows) names[r.id] = r.name;
  body.push(confusions(c, names));
  return { ...head, finding: findingOf(c, rows), body };
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
    parts.push(h("details", { class: "print" }, h("summary", {}, "The confusion matrices of both models"),
      h("div", { class: "matrices" }, matrix(c, "float", a, undefined, name), matrix(c, "int8", b, a, name))));
  }
  return parts;
}

/// Counts of one model; with the change from another where it is given.
function matrix(c: Context, series: "float" | "int8", counts: number[][], from: number[][] | undefined, name: (i: number) => string): Child {
  const model = c[series], full = Math.max(1, ...counts.flatMap((row, i) => list(row).filter((_, j) => i !== j)));
  const caption = `${model}: rows are true classes, columns predicted ones${from ? `; small: change from ${c.float}` : ""}`;
  return h("div", { class: `scroll ${series}`, tabindex: 0, role: "region", "aria-label": `confusion matrix of ${model}` },
    h("table", { class: "matrix" }, h("caption", {}, caption, " ", csvButton(`Confusion matrix of ${model}`, () => [["true", ...counts.map((_, j) => name(j))], ...counts.map((row, i) => [name(i), ...list(row).map(String)])])),
      h("thead", {}, h("tr", {}, h("td", {}), counts.map((_, j) => h("th", { scope: "col" }, h("span", {}, name(j)))))),
      h("tbody", {}, counts.map((row, i) => h("tr", {}, h("th", { scope: "row" }, name(i)), list(row).map((y, j) => {
        const x = from?.[i]?.[j] ?? y, cell = h("td", { class: i === j ? "right" : y ? "wrong" : "nil" }, y ? count(y) : "·", y !== x ? h("small", {}, y > x ? `+${y - x}` : fixed(y - x)) : null);
        if (i !== j && y) cell.style.setProperty("--heat", `${Math.round(8 + 62 * Math.sqrt(y / full))}%`);
        return cell;
      }))))));
}

function barsOf(a: number, b: number, full: number, c: Context, what: string): SVGElement {
  const bar = (x: number, series: string, y: number) => s("rect", { class: `bar ${series}`, x: "0.3%", y, height: 6, width: `${((99.4 * x) / (full || 1)).toFixed(2)}%`, rx: 1 });
  return drawing("bars", `${what}: ${c.float} ${count(a)}, ${c.int8} ${count(b)}`, { width: "100%", height: 22 }, bar(a, "float", 4), bar(b, "int8", 12));
}

