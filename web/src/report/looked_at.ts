// The samples whose answer changed, one by one: harmful first, those that the baseline was surest of before the others.

import { Child, h } from "../lib/dom";
import { count, isNumber, plural, share, short, trueMinus } from "../lib/format";
import { csvButton } from "../lib/table";
import { Absent, Context, list, note, Section, things } from "./context";
import { Flip } from "./schema";

const FIRST = 12;
const KINDS: [string, (c: Context) => string][] = [
  ["harmful", (c) => `only ${c.float} is right`], ["both_wrong", () => "both wrong, differently"], ["changed", () => "largest change first"], ["helpful", (c) => `only ${c.int8} is right`],
];

/// The words of both, marked where they differ: the longest common subsequence keeps the others.
export function differing(before: string, after: string): [Child, Child] {
  const a = before.split(/(\s+)/), b = after.split(/(\s+)/);
  if (a.length * b.length > 250_000) return [before, after];
  const same = (x: string, y: string) => x === y;
  const longest = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--) {
    longest[i]![j] = same(a[i]!, b[j]!) ? longest[i + 1]![j + 1]! + 1 : Math.max(longest[i + 1]![j]!, longest[i]![j + 1]!);
  }
  const left: Child[] = [], right: Child[] = [];
  const mark = (x: string) => (x.trim() ? h("mark", {}, x) : x);
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && same(a[i]!, b[j]!)) { left.push(a[i++]); right.push(b[j++]); }
    else if (j >= b.length || (i < a.length && longest[i + 1]![j]! >= longest[i]![j + 1]!)) left.push(mark(a[i++]!));
    else right.push(mark(b[j++]!));
  }
  return [left, right];
}

const isPng = (uri: unknown): uri is string => typeof uri === "string" && /^data:image\/png;base64,[A-Za-z0-9+/=]+$/.test(uri);
const where = (x: Flip): string => (x.id ? x.id : isNumber(x.sample) ? `sample ${count(x.sample)}` : `sample ${count(x.place)}`);

function card(c: Context, x: Flip): HTMLElement {
  const text = (y: string | undefined) => y || "(nothing)";
  const [before, after] = (x.baseline ?? "").includes(" ") || (x.candidate ?? "").includes(" ") ? differing(x.baseline ?? "", x.candidate ?? "") : [x.baseline, x.candidate];
  const sure = (p: number | undefined) => (isNumber(p) ? h("small", { class: "muted" }, ` ${share(p)}`) : null);
  const margin = !isNumber(x.margin) ? null : isNumber(x.baseline_confidence) ? `ahead by ${share(x.margin)}` : `change ${short(x.margin, 3)}`;
  const fields = list(x.fields).filter((f) => Array.isArray(f) && f.length === 2);
  const long = (value: string) => value.length > 160;
  return h("li", { class: `flip ${x.kind ?? ""}` },
    isPng(x.image) && h("img", { src: x.image, alt: `what the models saw: ${where(x)}` }),
    h("div", { class: "flip-text" },
      h("p", { class: "flip-id" }, h("b", {}, where(x)), isNumber(x.line) ? `, line ${count(x.line)}` : null, margin && h("span", { class: "muted" }, ` · ${margin}`)),
      h("dl", { class: "answers" },
        h("div", {}, h("dt", {}, "right"), h("dd", {}, text(x.label))),
        h("div", {}, h("dt", {}, c.float), h("dd", { class: "float" }, x.baseline ? before : text(""), sure(x.baseline_confidence))),
        h("div", {}, h("dt", {}, c.int8), h("dd", { class: "int8" }, x.candidate ? after : text(""), sure(x.candidate_confidence)))),
      fields.length > 0 && h("dl", { class: "seen" }, fields.map(([k, v]) => h("div", { class: long(String(v)) ? "long" : undefined }, h("dt", {}, String(k)), h("dd", {}, trueMinus(String(v))))))));
}

function csv(flips: Flip[]): string[][] {
  const names = [...new Set(flips.flatMap((x) => list(x.fields).map((f) => String(f[0]))))];
  const keys = ["place", "sample", "id", "line", "kind", "label", "baseline", "candidate", "baseline_confidence", "candidate_confidence", "margin"] as const;
  const text = (x: unknown) => (x === undefined || x === null ? "" : String(x));
  return [[...keys, ...names], ...flips.map((x) => {
    const fields = new Map(list(x.fields).map((f) => [String(f[0]), String(f[1])]));
    return [...keys.map((k) => text(x[k])), ...names.map((n) => fields.get(n) ?? "")];
  })];
}

/// The list, or how to get it.
export function lookedAt(c: Context): Child {
  const shown = c.looked, flips = list(shown?.flips);
  if (c.report.task === "object_detection" || (c.report.paired?.flips ?? 0) === 0 && c.report.task !== "regression") return null;
  if (!shown) return note("The samples themselves are not in this page: ", h("code", {}, "tare run"), " and ", h("code", {}, "tare evaluate"), " write them; of boxes and embeddings nobody lists them.");
  const total = shown.total ?? flips.length, file = shown.file ?? "flips.jsonl";
  if (!flips.length) return note(`The ${plural(shown.in_file ?? total, "sample")} ${total === 1 ? "stands" : "stand"} in `, h("code", {}, file), ", without what the models saw. This page was asked to show none.");
  const parts: Child[] = [h("h3", {}, total > flips.length ? `${count(flips.length)} of ${count(total)}, ` : "", "one by one", " ", csvButton("Samples whose answer changed", () => csv(flips)))];
  for (const [kind, words] of KINDS) {
    const some = flips.filter((x) => (x.kind ?? "changed") === kind);
    if (!some.length) continue;
    const holder = h("ul", { class: "flip-list" }, some.slice(0, FIRST).map((x) => card(c, x)));
    const rest = some.length - FIRST, more = rest > 0 && h("button", { type: "button" }, `Show ${count(rest)} more`);
    if (more) more.addEventListener("click", () => { holder.append(...some.slice(FIRST).map((x) => card(c, x))); more.remove(); });
    parts.push(h("details", { class: "print flip-kind", open: kind !== "helpful" }, h("summary", {}, `${count(some.length)} shown: ${words(c)}`), holder, more));
  }
  const rest = total > flips.length ? [`All ${count(shown.in_file ?? total)}${(shown.in_file ?? total) < total ? ` that were kept of ${count(total)}` : ""} stand in `, h("code", {}, file), ". "] : ["The same without what the models saw: ", h("code", {}, file), ". "];
  parts.push(note(...rest, `This page holds data of the test: ${things(c)} above, as the models saw them.`));
  return parts;
}

export function largestChanges(c: Context): Section | Absent | null {
  const flips = list(c.looked?.flips);
  if (!c.looked || (!flips.length && !c.looked.total)) return null;
  const x = flips[0];
  return { id: "flips", kicker: "Largest changes", finding: x && isNumber(x.margin) ? `The answer that moved most: ${x.baseline} became ${x.candidate}, where ${x.label} is right` : "The answers that moved most", body: [lookedAt(c)] };
}
