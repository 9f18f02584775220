// Tables that align numbers on the decimal point and fold into labelled blocks on a phone.

import { Child, h } from "./dom";
import { NOTHING, Quantity } from "./format";

/// A number in a cell, or a number with its interval.
export interface Num { value: Quantity; low?: Quantity; high?: Quantity }
export const num = (value: Quantity, low?: Quantity, high?: Quantity): Num => ({ value, low, high });
const isNum = (x: Cell): x is Num => typeof x === "object" && x !== null && "value" in x && !(x instanceof Node) && !Array.isArray(x);

export type Cell = Num | Child;
export interface Column {
  head: Child;
  /// Shown before the value on a phone; the head, when absent.
  label?: string;
  kind?: "name" | "number" | "chart" | "text" | "verdict";
}
export interface Row { cells: Cell[]; id?: string; mark?: string; note?: Child }

function split(text: string): [string, string] {
  const at = text.indexOf(".");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at)];
}
// About the width in ch (a digit is one) in common fonts. Every row of a column gets the widest, so an error moves the column, not its alignment.
const WIDTHS: Record<string, number> = { ".": 0.5, ",": 0.5, " ": 0.5, "\u00a0": 0.5, "[": 0.62, "]": 0.62, "\u2212": 1.33, "+": 1.33, "×": 1.33, "%": 1.5, m: 1.5, M: 1.4 };
const width = (text: string) => [...text].reduce((sum, x) => sum + (WIDTHS[x] ?? 1), 0);
const tail = (q: Quantity) => split(q.text)[1] + (q.unit ? `\u00a0${q.unit}` : "");
const rangeText = (x: Num) => (x.low && x.high ? `[${x.low.text}, ${x.high.text}]` : "");

class Aligner {
  private whole = 0;
  private tail = 0;
  private range = 0;
  add(x: Num): void {
    if (x.value !== NOTHING) {
      this.whole = Math.max(this.whole, width(split(x.value.text)[0]));
      this.tail = Math.max(this.tail, width(tail(x.value)));
    }
    this.range = Math.max(this.range, width(rangeText(x)));
  }
  get ranged(): boolean { return this.range > 0; }
  put(x: Num): HTMLElement {
    const [whole, fraction] = split(x.value.text), range = rangeText(x);
    const box = (className: string, ch: number, ...content: Child[]) => {
      const span = h("span", { class: className }, content);
      span.style.minWidth = `${ch.toFixed(2)}ch`;
      return span;
    };
    return h("span", { class: "q" }, box("qw", this.whole, whole),
      this.tail > 0 && box("qf", this.tail, fraction, x.value.unit && h("span", { class: "unit" }, `\u00a0${x.value.unit}`)),
      this.range > 0 && [" ", box("range", this.range, range)]);
  }
}

/// `columns[0]` names the row. A row's note is a second line under it.
export function table(caption: string, columns: Column[], rows: Row[], options: { className?: string; phoneColumns?: number } = {}): HTMLTableElement {
  const aligners = columns.map((_, c) => {
    const aligner = new Aligner();
    for (const row of rows) { const cell = row.cells[c]; if (isNum(cell)) aligner.add(cell); }
    return aligner;
  });
  const element = h("table", { role: "table", class: [options.className, columns.some((x) => x.kind === "chart") && "figures-table"].filter(Boolean).join(" ") || undefined },
    h("caption", {}, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map((column) =>
      h("th", { role: "columnheader", scope: "col", class: `k-${column.kind ?? "text"}` }, column.head)))),
    h("tbody", { role: "rowgroup" }, rows.map((row) => {
      const cells = columns.map((column, c) => {
        const cell = row.cells[c], kind = column.kind ?? "text";
        const content: Child = isNum(cell) ? aligners[c]!.put(cell) : cell;
        if (c === 0) return h("th", { role: "rowheader", scope: "row", class: "k-name" }, content);
        const label = column.label ?? (typeof column.head === "string" ? column.head : "");
        const empty = content === undefined || content === null || content === "";
        return h("td", { role: "cell", class: `k-${kind}${empty ? " empty" : ""}${isNum(cell) && aligners[c]!.ranged ? " ranged" : ""}`, "data-label": label }, content);
      });
      const main = h("tr", { role: "row", id: row.id, class: row.mark }, cells);
      if (!row.note) return main;
      main.classList.add("noted");
      return [main, h("tr", { role: "row", class: "note-row" }, h("td", { role: "cell", colspan: columns.length }, row.note))];
    })));
  element.style.setProperty("--phone-columns", String(options.phoneColumns ?? 3));
  return element;
}
