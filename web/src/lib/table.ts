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
// Widths in ch: a digit is one, separators are narrower, so this is an upper bound that is the same for the whole column.
const width = (text: string) => text.replace(/[,.]/g, "").length + 0.5 * (text.match(/[,.]/g)?.length ?? 0);

class Aligner {
  private whole = 0;
  private fraction = 0;
  private unit = 0;
  add(q: Quantity): void {
    if (q === NOTHING) return;
    const [whole, fraction] = split(q.text);
    this.whole = Math.max(this.whole, width(whole));
    this.fraction = Math.max(this.fraction, width(fraction));
    this.unit = Math.max(this.unit, q.unit.length);
  }
  put(q: Quantity, withUnit = true): HTMLElement {
    const [whole, fraction] = split(q.text);
    const box = (className: string, text: string, ch: number) => {
      const span = h("span", { class: className }, text);
      span.style.minWidth = `${ch}ch`;
      return span;
    };
    return h("span", { class: "q" }, box("qw", whole, this.whole), this.fraction > 0 && box("qf", fraction, this.fraction),
      withUnit && this.unit > 0 && box("qu", q.unit ? `\u00a0${q.unit}` : "", this.unit + 0.6));
  }
}

/// `columns[0]` names the row. A row's note is a second line under it.
export function table(caption: string, columns: Column[], rows: Row[], options: { className?: string; phoneColumns?: number } = {}): HTMLTableElement {
  const aligners = columns.map((_, c) => {
    const main = new Aligner(), ends = new Aligner();
    for (const row of rows) {
      const cell = row.cells[c];
      if (!isNum(cell)) continue;
      main.add(cell.value);
      if (cell.low) ends.add(cell.low);
      if (cell.high) ends.add(cell.high);
    }
    return { main, ends };
  });
  const element = h("table", { role: "table", class: options.className },
    h("caption", {}, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map((column) =>
      h("th", { role: "columnheader", scope: "col", class: `k-${column.kind ?? "text"}` }, column.head)))),
    h("tbody", { role: "rowgroup" }, rows.map((row) => {
      const cells = columns.map((column, c) => {
        const cell = row.cells[c], kind = column.kind ?? "text", { main, ends } = aligners[c]!;
        const content: Child = !isNum(cell) ? cell
          : cell.low && cell.high ? [main.put(cell.value), h("span", { class: "range" }, "\u00a0[", ends.put(cell.low, false), ", ", ends.put(cell.high, false), "]")]
          : main.put(cell.value);
        if (c === 0) return h("th", { role: "rowheader", scope: "row", class: "k-name" }, content);
        const label = column.label ?? (typeof column.head === "string" ? column.head : "");
        const empty = content === undefined || content === null || content === "";
        return h("td", { role: "cell", class: `k-${kind}${empty ? " empty" : ""}`, "data-label": label }, content);
      });
      const main = h("tr", { role: "row", id: row.id, class: row.mark }, cells);
      if (!row.note) return main;
      main.classList.add("noted");
      return [main, h("tr", { role: "row", class: "note-row" }, h("td", { role: "cell", colspan: columns.length }, row.note))];
    })));
  element.style.setProperty("--phone-columns", String(options.phoneColumns ?? 3));
  return element;
}
