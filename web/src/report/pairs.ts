// Dot plots of the two sides over rows: classes, slices.

import { Child, h } from "../lib/dom";
import { count, fixed, isNumber, quantity, withInterval } from "../lib/format";
import { axis, Mark, Scale, scaleOf, strip } from "../lib/marks";
import { Column, num, Row, table } from "../lib/table";
import { Context, keys } from "./context";
import { Interval } from "./schema";

export interface PairRow { name: Child; title: string; n?: number; a: Interval; b: Interval; d: Interval; flips?: { flips?: number; harmful?: number; helpful?: number }; worse?: boolean }

export function pairTable(c: Context, caption: string, first: string, unit: string, rows: PairRow[], groups: Map<number, string> = new Map()): HTMLTableElement {
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
      mark: [groups.has(i) ? "group" : "", r.worse ?? (both(r.d) && r.d.high! < 0) ? "worse" : ""].join(" ").trim() || undefined,
      cells: [
        groups.has(i) ? [h("small", { class: "group-name" }, groups.get(i)!), r.name] : r.name, isNumber(r.n) ? count(r.n) : "–", num(q(r.a.value)), num(q(r.b.value)),
        strip(scale, marks, [], `${r.title}: ${c.float} ${withInterval(r.a, unit, r.n)}, ${c.int8} ${withInterval(r.b, unit, r.n)}`),
        num(q(r.d.value, true), both(r.d) ? q(r.d.low, true) : undefined, both(r.d) ? q(r.d.high, true) : undefined),
        withFlips && isNumber(r.flips?.flips) ? `${count(r.flips!.harmful)} / ${count(r.flips!.helpful)}` : null,
      ],
    };
  }), { className: "pairs" });
}
