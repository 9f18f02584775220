// What every section needs: the report, the short names of the two sides, and small shared pieces.

import { Child, h, s } from "../lib/dom";
import { count, isNumber, MetricInfo, metricInfo } from "../lib/format";
import { Series, symbol, verdictShape } from "../lib/marks";
import { Interval, Metrics, Report, ShownFlips } from "./schema";

export interface Context { report: Report; float: string; int8: string; n: number | undefined; confidence: string; looked?: ShownFlips }

/// A drawn section: `finding` is what its charts show, in words.
export interface Section { id: string; kicker: string; finding: Child; body: Child[] }
/// A section without data: what it would show, and how to get it.
export interface Absent { id: string; kicker: string; what: string; how: string }
export const isAbsent = (x: Section | Absent): x is Absent => "how" in x;

export const list = <T>(x: T[] | null | undefined): T[] => (Array.isArray(x) ? x.filter((y) => y !== null && y !== undefined) : []);

function shortName(label: string | undefined, fallback: string): string {
  if (!label) return fallback;
  const known = /^(float|int\d+|uint\d+|fp\d+)(_|32$|$)/.exec(label);
  return known ? known[1]! : label.length > 14 ? fallback : label;
}

export function contextOf(report: Report, looked?: ShownFlips): Context {
  const float = shortName(report.baseline?.label, "baseline"), int8 = shortName(report.candidate?.label, "candidate");
  const level = report.intervals?.confidence;
  return {
    report, looked, n: isNumber(report.n) ? report.n : undefined, confidence: `${isNumber(level) ? +(100 * level).toFixed(2) : 95}\u00a0%`,
    float: float === int8 ? "baseline" : float, int8: float === int8 ? "candidate" : int8,
  };
}

export function intervalOf(x: Interval | number | undefined | null): Interval {
  return typeof x === "number" ? { value: x } : x && typeof x === "object" ? x : {};
}
export const metricOf = (metrics: Metrics | undefined, name: string): Interval & { unit?: string; better?: string } => intervalOf(metrics?.[name]);

/// Name, unit and direction of a metric: as the report says of it, else what its name says.
export function infoOf(c: Context, name: string): MetricInfo {
  const of = (metrics: Metrics | undefined) => { const x = metrics?.[name]; return x && typeof x === "object" ? x : undefined; };
  const said = of(c.report.baseline?.metrics) ?? of(c.report.candidate?.metrics);
  return metricInfo(name, said?.unit, said?.better, said?.label);
}
/// The metric that the task is known by.
export const leadMetric = (c: Context): string | undefined => {
  const names = Object.keys(c.report.paired?.difference ?? c.report.baseline?.metrics ?? {});
  const said = c.report.headline;
  return said && names.includes(said) ? said : names.includes("accuracy") ? "accuracy" : names[0];
};

const THINGS: Record<string, string> = { question_answering: "questions", object_detection: "images", retrieval: "queries", token_classification: "texts", generation: "prompts" };
/// What n counts, in the words of the task.
export const things = (c: Context): string => THINGS[c.report.task ?? ""] ?? "samples";

/// For the start of a sentence; "mAP" stays as it is.
export const capital = (text: string): string => (/^[a-z][A-Z]/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1));
/// Flips say something of every task but regression (every number differs by something), and harmful ones of none that has boxes.
export const hasFlips = (c: Context): boolean => c.report.task !== "regression" && c.report.task !== "object_detection";

/// "○ float" or "◆ int8", as in every chart.
export function key(series: Series, text: string): HTMLElement {
  return h("span", { class: `key ${series}` }, s("svg", { width: 13, height: 13, viewBox: "-6.5 -6.5 13 13", "aria-hidden": "true", focusable: "false" }, symbol(series, 5)), text);
}
export const keys = (c: Context): [HTMLElement, HTMLElement] => [key("float", c.float), key("int8", c.int8)];

export function verdictBadge(verdict: string | null | undefined): HTMLElement {
  const word = verdict === "PASS" || verdict === "FAIL" || verdict === "INCONCLUSIVE" ? verdict : null;
  return h("span", { class: `verdict ${word ? word.toLowerCase() : "none"}` }, verdictShape(word), word ?? "not judged");
}

export const samples = (n: number | null | undefined): string => (isNumber(n) ? `n\u00a0=\u00a0${count(n)}` : "");
export const code = (text: Child): HTMLElement => h("code", {}, text);
export const note = (...children: Child[]): HTMLElement => h("p", { class: "note" }, ...children);

/// A long name that may break after each separator, shown whole.
export function longName(text: string | undefined): HTMLElement {
  const element = h("span", { class: "name" });
  for (const part of (text ?? "–").split(/(?<=[/._:])/)) element.append(part, h("wbr"));
  return element;
}
