// Tables that align numbers on the decimal point and fold into labelled blocks on a phone.

import { Child, h, save } from "./dom";
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

/// A button that saves rows as CSV (RFC 4180), numbers as they are shown, without separators of thousands.
export function csvButton(caption: string, rows: () => string[][]): HTMLButtonElement {
  const button = h("button", { type: "button", class: "csv", title: `Save this table: ${caption}`, "aria-label": `save as CSV: ${caption}` }, "CSV");
  button.addEventListener("click", () => {
    const text = rows().map((row) => row.map(csvField).join(",") + "\r\n").join("");
    save(new Blob(["\ufeff", text], { type: "text/csv" }), `${caption.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60) || "table"}.csv`);
  });
  return button;
}

/// Names of strangers must not become formulas of a spreadsheet.
function csvField(text: string): string {
  const safe = /^[=+@\t\r]|^-(?![\d.])/.test(text) && !/^\+[\d.]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}
const plain = (q: Quantity) => (q === NOTHING ? "" : q.text.replace(/\u2212/g, "-").replace(/(\d),(?=\d{3})/g, "$1"));
const textOf = (x: Child): string => {
  if (x === null || x === undefined || x === false) return "";
  if (Array.isArray(x)) return x.map(textOf).join("");
  const text = x instanceof Node ? x.textContent ?? "" : String(x);
  return text.replace(/[\u00a0\u2009]/g, " ").replace(/(^|[^\w])\u2212(?=\d)/g, "$1-").trim();
};

/// Charts are left out: what they show stands in the numbers. A number has its unit and its interval beside it.
function csvRows(columns: Column[], rows: Row[]): string[][] {
  const parts = columns.map((column, c) => {
    const nums = rows.map((row) => row.cells[c]).filter(isNum);
    return { chart: column.kind === "chart", name: column.label || textOf(column.head), unit: nums.some((x) => x.value.unit), range: nums.some((x) => x.low && x.high) };
  });
  const shown = parts.map((part, c) => ({ ...part, c })).filter((x) => !x.chart);
  const head = shown.flatMap((x) => [x.name, ...(x.unit ? [`${x.name} unit`] : []), ...(x.range ? [`${x.name} low`, `${x.name} high`] : [])]);
  const noted = rows.some((row) => row.note);
  return [noted ? [...head, "note"] : head, ...rows.map((row) => [...shown.flatMap((x) => {
    const cell = row.cells[x.c];
    const [value, unit, low, high] = isNum(cell) ? [plain(cell.value), cell.value.unit, cell.low ? plain(cell.low) : "", cell.high ? plain(cell.high) : ""] : [textOf(cell), "", "", ""];
    return [value, ...(x.unit ? [unit] : []), ...(x.range ? [low, high] : [])];
  }), ...(noted ? [textOf(row.note)] : [])])];
}

/// `columns[0]` names the row. A row's note is a second line under it.
export function table(caption: string, columns: Column[], rows: Row[], options: { className?: string; phoneColumns?: number } = {}): HTMLTableElement {
  const aligners = columns.map((_, c) => {
    const aligner = new Aligner();
    for (const row of rows) { const cell = row.cells[c]; if (isNum(cell)) aligner.add(cell); }
    return aligner;
  });
  const element = h("table", { role: "table", class: [options.className, columns.some((x) => x.kind === "chart") && "figures-table"].filter(Boolean).join(" ") || undefined },
    h("caption", {}, caption, " ", csvButton(caption, () => csvRows(columns, rows))),
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
