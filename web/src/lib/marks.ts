// Small drawings: intervals on a line, bars, histograms. Two marks everywhere: the baseline is a hollow circle, the candidate a filled diamond.

import { Child, drawing, s } from "./dom";
import { isNumber } from "./format";

export interface Scale { low: number; high: number; log: boolean; ticks: number[]; decimals: (factor?: number) => number; at: (x: number) => number }

/// About four round numbers inside [low, high].
function niceTicks(low: number, high: number, wanted: number): number[] {
  const raw = (high - low) / wanted, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((m) => m >= raw * 0.999) ?? raw;
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/// A scale over the finite values among `values`, with a margin of `pad` on each side, never of zero width.
export function scaleOf(values: (number | undefined)[], options: { pad?: number; log?: boolean; ticks?: number; floor?: number; ceiling?: number } = {}): Scale {
  const log = options.log ?? false;
  const usable = values.filter(isNumber).filter((x) => !log || x > 0).map((x) => (log ? Math.log(x) : x));
  let low = usable.length ? Math.min(...usable) : 0, high = usable.length ? Math.max(...usable) : 1;
  if (high - low < 1e-12) { const half = Math.abs(low) * 0.05 || 0.5; low -= half; high += half; }
  const pad = (options.pad ?? 0.06) * (high - low);
  low -= pad; high += pad;
  if (isNumber(options.floor)) low = Math.max(low, options.floor);
  if (isNumber(options.ceiling)) high = Math.min(high, options.ceiling);
  const ticks = log
    ? [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].filter((x) => Math.log(x) >= low && Math.log(x) <= high)
    : niceTicks(low, high, options.ticks ?? 4);
  // Decimals that tell all ticks apart, when the labels are the ticks times `factor`.
  const decimals = (factor = 1) => {
    for (let d = 0; d < 7; d++) if (ticks.every((x) => Math.abs(x * factor - Number((x * factor).toFixed(d))) < 1e-9)) return d;
    return 7;
  };
  return { low, high, log, ticks, decimals, at: (x) => (100 * ((log ? Math.log(x) : x) - low)) / (high - low) };
}

const percent = (x: number) => `${Math.round(x * 100) / 100}%`;

export type Series = "float" | "int8";
export function symbol(series: Series, size = 5): SVGElement {
  return series === "float" ? s("circle", { r: size - 0.5, class: "mark float" })
    : s("path", { d: `M0 ${-size - 0.7}L${size + 0.7} 0L0 ${size + 0.7}L${-size - 0.7} 0Z`, class: "mark int8" });
}

export interface Mark { series: Series; value?: number; low?: number; high?: number; bound?: number; tail?: number[] }
export interface Guide { at: number; className: "limit" | "zero" | "tick" }

/// One row of a dot plot: a lane a mark, guides through all of them. What lies outside the scale ends in an arrow at the edge.
export function strip(scale: Scale, marks: Mark[], guides: Guide[], title: string, extra: Child = null): SVGElement {
  const lane = 13, height = Math.max(22, marks.length * lane + 4), top = (height - (marks.length - 1) * lane) / 2;
  const clamp = (x: number) => Math.max(1.5, Math.min(98.5, scale.at(x)));
  return drawing("strip", title, { height, width: "100%" },
    extra,
    scale.ticks.map((x) => s("line", { class: "grid", x1: percent(scale.at(x)), x2: percent(scale.at(x)), y1: -30, y2: height + 30 })),
    guides.filter((g) => isNumber(g.at)).map((g) => s("line", { class: g.className, x1: percent(scale.at(g.at)), x2: percent(scale.at(g.at)), y1: -30, y2: height + 30 })),
    marks.map((mark, i) => {
      const y = top + i * lane, on = (x: number | undefined) => (isNumber(x) && Number.isFinite(scale.at(x)) ? x : undefined);
      const value = on(mark.value), low = on(mark.low), high = on(mark.high), bound = on(mark.bound);
      const parts: SVGElement[] = [];
      const put = (x: number, ...children: SVGElement[]) => parts.push(s("svg", { x: percent(clamp(x)), y, overflow: "visible" }, ...children));
      const whisker = [low, high].filter(isNumber);
      if (!whisker.length && isNumber(bound) && isNumber(value) && bound !== value) whisker.push(bound, value);
      if (whisker.length === 2) {
        parts.push(s("line", { class: `whisker ${mark.series}`, x1: percent(clamp(whisker[0]!)), x2: percent(clamp(whisker[1]!)), y1: y, y2: y }));
        for (const [end, sign] of [[whisker[0]!, -1], [whisker[1]!, 1]] as const) {
          const out = sign < 0 ? scale.at(end) < 0 : scale.at(end) > 100;
          put(end, out ? s("path", { class: `arrow ${mark.series}`, d: `M${-4 * sign} -4L${2 * sign} 0L${-4 * sign} 4` })
            : s("line", { class: `cap ${mark.series}`, x1: 0, x2: 0, y1: -3, y2: 3 }));
        }
      }
      for (const [j, x] of (mark.tail ?? []).entries()) {
        if (!isNumber(on(x)) || !isNumber(value)) continue;
        parts.push(s("line", { class: `whisker ${mark.series}`, x1: percent(clamp(value)), x2: percent(clamp(x)), y1: y, y2: y }));
        const out = scale.at(x) < 0 || scale.at(x) > 100, sign = scale.at(x) < 0 ? -1 : 1;
        put(x, out ? s("path", { class: `arrow ${mark.series}`, d: `M${-4 * sign} -4L${2 * sign} 0L${-4 * sign} 4` })
          : s("line", { class: `cap ${mark.series}`, x1: 0, x2: 0, y1: j ? -5 : -3, y2: j ? 5 : 3 }));
      }
      if (isNumber(bound)) put(bound, s("line", { class: `bound ${mark.series}`, x1: 0, x2: 0, y1: -7, y2: 7 }));
      if (isNumber(value)) put(value, scale.at(value) < -0.5 || scale.at(value) > 100.5
        ? s("path", { class: `arrow ${mark.series}`, d: scale.at(value) < 0 ? "M4 -5L-3 0L4 5" : "M-4 -5L3 0L-4 5" }) : symbol(mark.series));
      return parts;
    }));
}

/// The axis that belongs over a column of strips.
export function axis(scale: Scale, label: (x: number) => string, marks: { at: number; text: string }[] = []): SVGElement {
  const texts = marks.length ? marks : scale.ticks.map((x) => ({ at: x, text: label(x) }));
  return s("svg", { class: "axis", width: "100%", height: 15, "aria-hidden": "true", focusable: "false" },
    texts.map(({ at, text }) => {
      const x = scale.at(at);
      return s("text", { x: percent(x), y: 11, "text-anchor": x < 8 ? "start" : x > 92 ? "end" : "middle" }, text);
    }));
}

/// Two bars from zero, the baseline hollow and the candidate filled, as shares of `full`.
export function bars(float: number | undefined, int8: number | undefined, full: number, title: string): SVGElement {
  const one = (x: number | undefined, series: Series, y: number) => {
    if (!isNumber(x)) return null;
    const width = full > 0 ? Math.max(0, (99.4 * x) / full) : 0;
    return s("rect", { class: `bar ${series}`, x: "0.3%", y, height: 6, width: percent(width), rx: 1 });
  };
  return drawing("bars", title, { width: "100%", height: 22 }, one(float, "float", 4), one(int8, "int8", 12));
}

/// Counts on a square-root height scale, the chosen range as a bracket, what lies outside it hollow.
export function histogram(h: { low: number; high: number; counts: number[] }, chosen: { low?: number; high?: number }, title: string): SVGElement {
  const width = 240, height = 64, base = 54;
  const span = h.high - h.low || 1;
  const left = Math.min(h.low, chosen.low ?? h.low), right = Math.max(h.high, chosen.high ?? h.high);
  const total = right - left || 1;
  const x = (v: number) => 3 + ((width - 6) * (v - left)) / total;
  const most = Math.max(1, ...h.counts), step = span / h.counts.length;
  const bin = (c: number, i: number) => {
    if (!(c > 0)) return null;
    const from = h.low + i * step, middle = from + step / 2;
    const out = (isNumber(chosen.low) && middle < chosen.low) || (isNumber(chosen.high) && middle > chosen.high);
    const tall = Math.max(1, (base - 4) * Math.sqrt(c / most));
    return s("rect", { class: out ? "bin out" : "bin", x: x(from).toFixed(1), width: Math.max(0.6, x(from + step) - x(from) - 0.4).toFixed(1), y: (base - tall).toFixed(1), height: tall.toFixed(1) });
  };
  const range = isNumber(chosen.low) && isNumber(chosen.high)
    ? [s("rect", { class: "chosen", x: x(chosen.low).toFixed(1), width: Math.max(1, x(chosen.high) - x(chosen.low)).toFixed(1), y: 2, height: base - 2 }),
       s("path", { class: "bracket", d: `M${x(chosen.low).toFixed(1)} 2V${base + 6}H${x(chosen.high).toFixed(1)}V2` })] : [];
  const zero = left < 0 && right > 0 ? s("path", { class: "origin", d: `M${x(0).toFixed(1)} ${base}v4` }) : null;
  return drawing("histogram", title, { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none" },
    range[0] ?? null, h.counts.map(bin), s("path", { class: "base", d: `M0 ${base}H${width}` }), zero, range[1] ?? null);
}

export type VerdictWord = "PASS" | "FAIL" | "INCONCLUSIVE";
/// A circle for PASS, an octagon for FAIL, a triangle for INCONCLUSIVE, a dashed square for no verdict.
export function verdictShape(verdict: string | null | undefined, size = 16): SVGElement {
  const shape = verdict === "PASS" ? [s("circle", { cx: 12, cy: 12, r: 11 }), s("path", { class: "sign", d: "M6.5 12.5l3.7 3.7L17.5 8.4" })]
    : verdict === "FAIL" ? [s("path", { d: "M7.4 1h9.2L23 7.4v9.2L16.6 23H7.4L1 16.6V7.4z" }), s("path", { class: "sign", d: "M8 8l8 8M16 8l-8 8" })]
    : verdict === "INCONCLUSIVE" ? [s("path", { d: "M12 1.5L23.2 22H.8z" }), s("path", { class: "sign", d: "M9.6 11.4c.1-3.4 5-3.3 4.9-.2-.1 2-2.4 2-2.4 4.3M12.1 18.4v.6" })]
    : [s("rect", { class: "open", x: 2, y: 2, width: 20, height: 20, rx: 3 }), s("path", { class: "sign", d: "M7.5 12h9" })];
  return s("svg", { class: "shape", viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true", focusable: "false" }, shape);
}
