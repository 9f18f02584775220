// What the runtime did with the graph, and which range each tensor got.

import { Child, drawing, h, s } from "../lib/dom";
import { brief, count, fixed, isNumber, plural, short } from "../lib/format";
import { histogram } from "../lib/marks";
import { Row, table } from "../lib/table";
import { Absent, Context, code, list, longName, note, Section } from "./context";
import { Node as GraphNode, TensorRow } from "./schema";

const INSPECT = "`tare run`, or `tare evaluate FLOAT.onnx QUANT.onnx --data FILE`";

type State = "fused" | "island" | "float";
const stateOf = (x: GraphNode): State => (x.fused === true ? "fused" : x.fused === false ? "island" : "float");
const STATE_WORDS: Record<State, string> = { fused: "integer kernel", island: "not fused", float: "float on purpose" };

function stateSign(state: State): SVGElement {
  return s("svg", { class: `cell ${state}`, viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true", focusable: "false" },
    s("rect", { x: 1, y: 1, width: 10, height: 10, rx: 1.5 }),
    state === "island" ? s("path", { d: "M3.5 3.5l5 5M8.5 3.5l-5 5" }) : state === "float" ? s("circle", { cx: 6, cy: 6, r: 1.6 }) : null);
}

export function fusion(c: Context): Section | Absent {
  const f = c.report.fusion, nodes = list(c.report.nodes), islands = list(f?.islands);
  const head = { id: "fusion", kicker: "Fusion" };
  if (!f && !nodes.some((x) => typeof x.fused === "boolean")) return { ...head, what: "which nodes the runtime runs as one integer kernel, and the rule that kept the others in float", how: INSPECT };
  const expected = f?.expected ?? nodes.filter((x) => typeof x.fused === "boolean").length, fused = f?.fused ?? nodes.filter((x) => x.fused).length;
  const missing = Math.max(0, expected - fused, islands.length);
  const finding = expected === 0 ? "No node was expected to fuse"
    : missing === 0 ? `All ${count(expected)} quantized nodes run as integer kernels`
    : `${count(fused)} of ${count(expected)} quantized nodes run as integer kernels; ${count(missing)} ${missing === 1 ? "falls" : "fall"} back to float`;
  const body: Child[] = [];
  const counts = { fused: 0, island: 0, float: 0 };
  for (const x of nodes) counts[stateOf(x)]++;
  const states = (["fused", "island", "float"] as const).filter((k) => counts[k]);
  if (nodes.length > 1 && nodes.length <= 2000) {
    const perRow = 40, size = 14, rows = Math.ceil(nodes.length / perRow);
    body.push(h("figure", { class: "graph-strip" },
      drawing("cells", `${nodes.length} nodes in order of execution: ${states.map((k) => `${counts[k]} ${STATE_WORDS[k]}`).join(", ")}`,
        { viewBox: `0 0 ${Math.min(perRow, nodes.length) * size} ${rows * size}`, width: Math.min(perRow, nodes.length) * size, height: rows * size },
        nodes.map((x, i) => {
          const state = stateOf(x);
          return s("g", { class: `cell ${state}`, transform: `translate(${(i % perRow) * size + 1} ${Math.floor(i / perRow) * size + 1})` },
            s("title", {}, `${x.name ?? "node"} (${x.op ?? "?"}): ${STATE_WORDS[state]}${x.reason ? `, ${x.reason}` : ""}`),
            s("rect", { x: 0.5, y: 0.5, width: 11, height: 11, rx: 1.5 }),
            state === "island" ? s("path", { d: "M3.5 3.5l5 5M8.5 3.5l-5 5" }) : state === "float" ? s("circle", { cx: 6, cy: 6, r: 1.6 }) : null);
        })),
      h("figcaption", {}, h("ul", { class: "legend" }, states.map((k) => h("li", {}, stateSign(k), h("b", {}, count(counts[k])), ` ${STATE_WORDS[k]}`)), h("li", { class: "muted" }, "in order of execution")))));
  }
  if (islands.length) {
    const draw = (some: typeof islands) => table(`Nodes that were meant to fuse and did not: ${count(islands.length)}`, [
      { head: "node", kind: "name" }, { head: "operator", kind: "text" }, { head: "rule", kind: "text" }, { head: "why", label: "", kind: "text" },
    ], some.map((x): Row => ({ cells: [longName(x.node), x.op ?? "–", x.rule ? code(x.rule) : "–", x.reason ?? ""] })), { className: "small islands", phoneColumns: 2 });
    body.push(capped(islands, 12, draw, "islands"));
  }
  const left = nodes.filter((x) => stateOf(x) === "float" && x.reason);
  if (left.length) {
    body.push(h("h3", {}, `${plural(left.length, "node")} left in float on purpose`), capped(left, 8, (some) => table("Nodes left in float, with the reason", [
      { head: "node", kind: "name" }, { head: "operator", kind: "text" }, { head: "why", label: "", kind: "text" },
    ], some.map((x): Row => ({ cells: [longName(x.name), x.op ?? "–", x.reason ?? ""] })), { className: "small islands", phoneColumns: 2 }), "nodes"));
  }
  if (nodes.length) body.push(allNodes(nodes));
  return { ...head, finding, body };
}

/// The first `k` of a list with a button for the others.
function capped<T>(items: T[], k: number, draw: (some: T[]) => HTMLElement, what: string): HTMLElement {
  const holder = h("div", {});
  if (items.length <= k * 1.5) { holder.append(draw(items)); return holder; }
  const more = h("button", { type: "button" }, `Show all ${count(items.length)} ${what}`);
  more.addEventListener("click", () => holder.replaceChildren(draw(items)));
  holder.append(draw(items.slice(0, k)), more);
  return holder;
}

function allNodes(nodes: GraphNode[]): HTMLElement {
  const holder = h("div", {}), count_ = h("span", { class: "muted", "aria-live": "polite" });
  const input = h("input", { type: "search", placeholder: "name, operator, format", "aria-label": "filter nodes" });
  const draw = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = nodes.filter((x) => words.every((w) => [x.name, x.op, x.format, STATE_WORDS[stateOf(x)]].join(" ").toLowerCase().includes(w)));
    count_.textContent = `${count(found.length)} of ${count(nodes.length)}${found.length > 300 ? ", the first 300 shown" : ""}`;
    holder.replaceChildren(table("Nodes in order of execution", [
      { head: "node", kind: "name" }, { head: "operator", kind: "text" }, { head: "format", kind: "text" }, { head: "runs as", kind: "text" },
    ], found.slice(0, 300).map((x): Row => ({
      cells: [longName(x.name), x.op ?? "–", x.format ?? "–", h("span", { class: "state" }, stateSign(stateOf(x)), STATE_WORDS[stateOf(x)])],
    })), { className: "small", phoneColumns: 2 }));
  };
  const details = h("details", {}, h("summary", {}, `All ${plural(nodes.length, "node")}`), nodes.length > 12 && h("p", { class: "controls" }, input, count_), holder);
  // Built when first opened: a large model has thousands of nodes.
  details.addEventListener("toggle", () => { if (details.open && !holder.hasChildNodes()) draw(); });
  input.addEventListener("input", draw);
  return details;
}

// ---- tensors ----

const one = (x: number | number[] | undefined, put: (x: number) => string): string | null =>
  isNumber(x) ? put(x) : Array.isArray(x) && x.length ? `${put(Math.min(...x))} to ${put(Math.max(...x))}` : null;

function tensorFigure(t: TensorRow): HTMLElement {
  const hist = t.histogram, counts = list(hist?.counts).filter(isNumber);
  const range = isNumber(t.low) && isNumber(t.high) ? `[${short(t.low, 3)}, ${short(t.high, 3)}]` : null;
  const seen = isNumber(t.min) && isNumber(t.max) ? `[${short(t.min, 3)}, ${short(t.max, 3)}]` : null;
  const clipped = isNumber(t.clipped_share) ? (t.clipped_share > 0 ? `clips ${brief(100 * t.clipped_share)}\u00a0%` : "clips nothing") : null;
  const title = `${t.name ?? "tensor"}: ${[range && `chosen range ${range}`, seen && `values seen ${seen}`, clipped, isNumber(t.n) && `n = ${count(t.n)}`].filter(Boolean).join(", ")}`;
  const scale = one(t.scale, (x) => short(x, 3)), zero = one(t.zero_point, (x) => fixed(x));
  return h("figure", { class: "tensor" },
    h("figcaption", {}, longName(t.name), h("small", { class: "muted" }, [t.dtype, t.method].filter(Boolean).join(", "))),
    counts.length && isNumber(hist?.low) && isNumber(hist?.high) ? histogram({ low: hist.low, high: hist.high, counts }, t, title) : h("p", { class: "muted no-histogram" }, "no histogram kept"),
    h("p", { class: "facts-line" }, range && h("b", {}, range), clipped && h("span", { class: t.clipped_share! > 0.01 ? "loud" : "" }, clipped)),
    h("p", { class: "facts-line muted" }, scale && h("span", {}, `scale ${scale}`), zero !== null && h("span", {}, `zero ${zero}`), seen && h("span", {}, `seen ${seen}`)));
}

export function tensors(c: Context): Section | Absent {
  const all = list(c.report.tensors);
  const head = { id: "tensors", kicker: "Ranges" };
  if (!all.length) return { ...head, what: "the histogram of each tensor with the range that was chosen for it", how: "`tare run`, which calibrates and keeps the histograms" };
  const clipping = all.filter((x) => isNumber(x.clipped_share) && x.clipped_share > 0).sort((x, y) => y.clipped_share! - x.clipped_share!);
  const finding = all.some((x) => isNumber(x.clipped_share))
    ? clipping.length ? `${clipping.length} of ${plural(all.length, "range")} clip${clipping.length === 1 ? "s" : ""} values, at most ${brief(100 * clipping[0]!.clipped_share!)}\u00a0% (${clipping[0]!.name ?? "unnamed"})` : `None of ${plural(all.length, "range")} clips a value`
    : `${plural(all.length, "range")} chosen`;
  const FIRST = window.matchMedia("(max-width: 46rem)").matches ? 10 : 24;
  let limit = FIRST;
  const input = h("input", { type: "search", placeholder: "part of a name", "aria-label": "filter tensors" });
  const order = h("select", { "aria-label": "order of tensors" }, [["graph", "in graph order"], ["clipped", "most clipped first"], ["wide", "widest range first"]].map(([value, text]) => h("option", { value }, text)));
  const status = h("span", { class: "muted", "aria-live": "polite" }), grid = h("div", { class: "tensors" }), more = h("button", { type: "button" });
  const draw = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = all.filter((x) => words.every((w) => `${x.name} ${x.kind} ${x.dtype} ${x.method}`.toLowerCase().includes(w)));
    if (order.value === "clipped") found.sort((x, y) => (y.clipped_share ?? 0) - (x.clipped_share ?? 0));
    if (order.value === "wide") found.sort((x, y) => (y.high ?? 0) - (y.low ?? 0) - ((x.high ?? 0) - (x.low ?? 0)));
    const shown = found.slice(0, limit);
    grid.replaceChildren(...shown.map(tensorFigure));
    status.textContent = shown.length < all.length ? `${count(shown.length)} of ${count(all.length)}` : `${count(all.length)} shown`;
    more.hidden = shown.length >= found.length;
    more.textContent = `Show all ${count(found.length)}`;
  };
  input.addEventListener("input", () => { limit = FIRST; draw(); });
  order.addEventListener("change", draw);
  more.addEventListener("click", () => { limit = all.length; draw(); });
  window.addEventListener("beforeprint", () => { if (all.length <= 200) { limit = all.length; draw(); } });
  draw();
  const n = c.report.data?.calibration?.n;
  return {
    ...head, finding, body: [
      all.length > 8 && h("p", { class: "controls" }, input, order, status), grid, more,
      note(`Bars: values seen${isNumber(n) ? ` in ${count(n)} calibration samples` : ""}, height by the square root of the count. Band and bracket: the chosen range. Hollow bars lie outside it and are clipped.`),
    ],
  };
}

