// The report page: reads the JSON inside the document, draws the sections, says what is missing.

import { Child, h, save } from "./lib/dom";
import { bytes, count, cosine, fixed, isNumber, quantity, say, trueMinus, when, withInterval } from "./lib/format";
import { verdictShape } from "./lib/marks";
import { table } from "./lib/table";
import { Absent, Context, contextOf, infoOf, isAbsent, key, leadMetric, list, metricOf, Section, things } from "./report/context";
import { perClass } from "./report/classes";
import { distributions, slices } from "./report/conditions";
import { candidates, latency, resources, whereBytes } from "./report/cost";
import { fusion, tensors } from "./report/model";
import { data, provenance } from "./report/provenance";
import { checks, flips, metrics, mostStrained, outputs } from "./report/quality";
import { Report, ShownFlips } from "./report/schema";

/// Null: the section has no meaning for the task.
type Draw = (c: Context) => Section | Absent | null;

function order(task: string | undefined): Draw[] {
  return task === "outputs"
    ? [checks, outputs, candidates, latency, resources, whereBytes, fusion, tensors, metrics, flips, perClass, distributions, slices, data, provenance]
    : [checks, metrics, flips, perClass, distributions, slices, outputs, candidates, latency, resources, whereBytes, fusion, tensors, data, provenance];
}

const WORDS: Record<string, string> = {
  PASS: "The candidate is not worse than the baseline within the declared limits.", FAIL: "The candidate breaks a declared limit.",
  INCONCLUSIVE: "There is too little data to decide.",
};

function masthead(c: Context): Child {
  const r = c.report, verdict = r.verdict && r.verdict in WORDS ? r.verdict : null;
  const word = verdict ?? "NOT JUDGED";
  const sentence = (r.summary ?? "").trim().replace(new RegExp(`^(PASS|FAIL|INCONCLUSIVE)\\b[\\s:.,–-]*`), "") || (verdict ? WORDS[verdict]! : "No limits were declared, so there is no verdict.");
  const tied = trueMinus(sentence).replace(/n = (?=\d)/g, "n\u00a0=\u00a0").replace(/(\d) (?=[%×])/g, "$1\u00a0");
  const facts = h("p", { class: "byline" }, [
    h("b", {}, r.name ?? "unnamed"), r.task ? `task ${r.task.replace(/_/g, " ")}` : null, isNumber(r.n) ? `n = ${count(r.n)}${things(c) === "samples" ? "" : ` ${things(c)}`}` : null, r.created ? when(r.created) : null, r.tare_version ? `tare ${r.tare_version}` : null,
  ].filter(Boolean).flatMap((x, i) => [i ? h("span", { class: "dot", "aria-hidden": "true" }, " · ") : null, x]));
  return h("header", { class: `masthead ${verdict ? verdict.toLowerCase() : "none"}` }, facts,
    h("h1", {}, h("span", { class: `verdict big ${verdict ? verdict.toLowerCase() : "none"}` }, verdictShape(verdict, 30), word), " ", h("span", { class: "sentence" }, tied)),
    keyFigures(c), alarms(c),
    h("p", { class: "keys" }, key("float", c.float === "baseline" ? c.float : `${c.float}, the baseline`), key("int8", c.int8 === "candidate" ? c.int8 : `${c.int8}, the candidate`), h("span", { class: "muted" }, `whiskers: ${c.confidence} intervals`)));
}

/// Up to four numbers that most readers come for.
function keyFigures(c: Context): Child {
  const { baseline: a, candidate: b, paired, cost, outputs: outs, fusion: f } = c.report;
  const figures: [string, string, string[]][] = [];
  const lead = leadMetric(c), shown = lead ? [lead, ...("hallucination_rate" in (b?.metrics ?? {}) ? ["hallucination_rate"] : [])] : [];
  for (const name of shown) {
    const info = infoOf(c, name), before = metricOf(a?.metrics, name).value, after = metricOf(b?.metrics, name).value, d = paired?.difference?.[name];
    if (!isNumber(before) || !isNumber(after)) continue;
    const answered = name === "hallucination_rate" ? metricOf(b?.metrics, "answer_rate").value : undefined;
    figures.push([info.label, say(quantity(d?.value ?? after - before, info.unit, c.n, true)), [
      isNumber(d?.low) && isNumber(d?.high) ? `[${quantity(d.low, info.unit, c.n, true).text}, ${quantity(d.high, info.unit, c.n, true).text}]` : "",
      `${quantity(before, info.unit, c.n).text} → ${say(quantity(after, info.unit, c.n))}`, isNumber(answered) ? `of ${say(quantity(answered, "ratio", c.n))} answered` : ""]]);
  }
  const nearest = mostStrained(list(outs));
  if (!figures.length && nearest) figures.push([nearest.judged!.measure ?? "outputs", isNumber(nearest.judged!.value) ? fixed(nearest.judged!.value, 4) : "fault", [isNumber(nearest.judged!.bound) ? `bound ${fixed(nearest.judged!.bound, 4)}` : ""]]);
  const far = list(outs).filter((x) => isNumber(x.cosine?.mean)).sort((x, y) => x.cosine!.mean! - y.cosine!.mean!)[0];
  if (!figures.length && far) figures.push(["mean cosine", cosine(far.cosine!.mean!), isNumber(far.cosine?.least) ? [`worst sample ${cosine(far.cosine!.least!)}`] : []]);
  if (isNumber(cost?.speedup)) {
    const i = cost!.speedup_interval, x = a?.latency_ms, y = b?.latency_ms;
    const ms = (v: number) => withInterval({ value: v }, "ms");
    figures.push([isNumber(x?.batch) ? `speed, batch ${x.batch}` : "speed", `${fixed(cost!.speedup, 2)}\u00a0×`,
      [isNumber(i?.low) && isNumber(i?.high) ? `[${fixed(i.low, 2)}, ${fixed(i.high, 2)}]` : "", isNumber(x?.p50) && isNumber(y?.p50) ? `${ms(x.p50)} → ${ms(y.p50)}` : ""]]);
  }
  if (isNumber(cost?.size_ratio)) figures.push(["size", `${fixed(cost!.size_ratio, 2)}\u00a0×`, isNumber(a?.model_bytes) && isNumber(b?.model_bytes) ? [`${say(bytes(a.model_bytes))} → ${say(bytes(b.model_bytes))}`] : []]);
  const flips = c.report.task === "regression" ? undefined : paired?.flips;  // every number differs by something
  if (isNumber(flips)) figures.push([c.report.task === "object_detection" ? "images with other boxes" : "flips", withInterval({ value: paired!.flip_rate ?? flips / (paired!.n || c.n || 1) }, "ratio", c.n), [`${count(flips)} of ${count(paired!.n ?? c.n)}`, isNumber(paired?.harmful) && c.report.task !== "object_detection" ? `${count(paired.harmful)} harmful` : ""]]);
  else if (f && isNumber(f.expected)) figures.push(["fused", `${count(f.fused)} of ${count(f.expected)}`, ["quantized nodes"]]);
  return figures.length ? h("dl", { class: "figures" }, figures.slice(0, 4).map(([name, big, small]) => h("div", {}, h("dt", {}, name), h("dd", {}, h("b", {}, big), small.filter(Boolean).map((x) => h("span", {}, x)))))) : null;
}

/// What no reader may miss, whatever the verdict.
function alarms(c: Context): Child {
  const r = c.report, found: { what: string; next?: string }[] = [];
  if (isNumber(r.cost?.speedup) && r.cost.speedup < 1) {
    const sure = !isNumber(r.cost.speedup_interval?.high) || r.cost.speedup_interval.high < 1;
    found.push({ what: `The candidate is ${sure ? "" : "probably "}slower than the baseline on this host: ${fixed(r.cost.speedup, 2)} of its speed${isNumber(r.cost.speedup_interval?.low) && isNumber(r.cost.speedup_interval?.high) ? ` [${fixed(r.cost.speedup_interval.low, 2)}, ${fixed(r.cost.speedup_interval.high, 2)}]` : ""}.`, next: "keep the float model here, or let tare choose: tare quantize --format auto" });
  }
  if (r.data?.disjoint === false) found.push({ what: "Calibration, search and test data overlap: the quality figures are too good.", next: "split the data so that no sample is in two parts, see: tare data check" });
  const said = list(r.findings).filter((x) => x.what);
  for (const w of list(r.warnings)) if (w.what) found.push({ what: w.what, next: w.next });
  if (isNumber(r.schema_version) && r.schema_version > 1) found.push({ what: `This report has schema_version ${r.schema_version}; this page knows version 1 and may leave things out.` });
  return found.length || said.length ? h("ul", { class: "alarms", "aria-label": "warnings" },
    found.map((x) => h("li", {}, h("b", {}, "Warning. "), x.what, x.next && h("span", { class: "next" }, " Next: ", x.next))),
    said.map((x) => h("li", {}, h("b", {}, "Finding. "), trueMinus(x.what!)))) : null;
}

/// A section folds: on a phone all but the first are closed at first.
function folded(id: string, kicker: string, finding: Child, body: Child): HTMLElement {
  return h("section", { id, "aria-labelledby": `${id}-title` },
    h("details", { class: "fold", open: true }, h("summary", { class: "head" },
      h("h2", { id: `${id}-title` }, h("span", { class: "kicker" }, kicker), " ", h("span", { class: "finding" }, finding))), body));
}
const sectionElement = (x: Section): HTMLElement => folded(x.id, x.kicker, x.finding, x.body);

const SMALL = "(max-width: 46rem)";
function fold(): void {
  const folds = [...document.querySelectorAll<HTMLDetailsElement>("details.fold")];
  if (window.matchMedia(SMALL).matches) for (const x of folds.slice(1)) x.open = false;
  const reveal = () => {
    const target = location.hash ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    const inside = target?.querySelector<HTMLDetailsElement>(":scope > details.fold") ?? target?.closest<HTMLDetailsElement>("details.fold");
    if (!inside || inside.open) return;
    inside.open = true;
    target!.scrollIntoView();
  };
  window.addEventListener("hashchange", reveal);
  for (const link of document.querySelectorAll("nav a")) link.addEventListener("click", () => setTimeout(reveal, 0));  // to where one already is, too
  reveal();
}

/// Text with `code` in it, whose words do not break.
function withCode(text: string): Child {
  return text.split("`").map((part, i) => (i % 2 ? h("code", {}, part.split(" ").flatMap((word, j) => [j ? " " : null, h("span", { class: "word" }, word)])) : part));
}

function absentElement(absent: Absent[]): HTMLElement | null {
  if (!absent.length) return null;
  return folded("absent", "Not in this report", absent.length === 1 ? "One part is absent" : `${absent.length} parts are absent`,
    table("What is not here, and how to get it", [{ head: "part", kind: "name" }, { head: "would show", label: "", kind: "text" }, { head: "how to get it", label: "how to get it", kind: "text" }],
      absent.map((x) => ({ cells: [x.kicker, x.what, withCode(x.how)] })), { className: "small", phoneColumns: 1 }));
}

/// Predictions made elsewhere have no model to measure: what only models show is one row, not nine.
function withoutModels(report: Report, absent: Absent[]): Absent[] {
  if (!report.digests || !("baseline_predictions" in report.digests)) return absent;
  const ofModels = ["outputs", "candidates", "latency", "resources", "bytes", "fusion", "tensors", "conditions", "data"], rest = absent.filter((x) => !ofModels.includes(x.id));
  return rest.length === absent.length ? absent : [...rest, { id: "models", kicker: "Speed, size, memory, other conditions", what: "what only running the two models shows", how: "`tare evaluate FLOAT.onnx QUANT.onnx --data FILE`, where the models are ONNX files" }];
}

/// What the page holds of samples whose answer changed. Whatever is wrong with it, the report stands.
function looked(): ShownFlips | undefined {
  try {
    const found: unknown = JSON.parse(document.getElementById("looked-at")?.textContent?.trim() || "null");
    return typeof found === "object" && found !== null && Array.isArray((found as ShownFlips).flips) ? found as ShownFlips : undefined;
  } catch { return undefined; }
}

function page(report: Report): void {
  const c = contextOf(report, looked());
  const drawn: Section[] = [], absent: Absent[] = [];
  for (const draw of order(report.task)) {
    try {
      const result = draw(c);
      if (result === null) continue;
      if (isAbsent(result)) absent.push(result); else drawn.push(result);
    } catch (error) {  // one malformed part must not hide the others
      drawn.push({ id: `broken-${drawn.length}`, kicker: "Not drawn", finding: "A part of report.json is not as its format says", body: [h("p", {}, String(error))] });
    }
  }
  const left = withoutModels(report, absent);
  document.title = `${report.verdict ?? "not judged"}: ${report.name ?? "tare"} · tare report`;
  const contents = h("nav", { "aria-label": "contents" }, h("ul", {}, drawn.map((x) => h("li", {}, h("a", { href: `#${x.id}` }, x.kicker))), left.length > 0 && h("li", {}, h("a", { href: "#absent", class: "muted" }, "Not in this report"))));
  const missing = absentElement(left), last = drawn.pop();
  document.body.append(
    h("a", { class: "skip", href: "#main" }, "Skip to the evidence"),
    h("div", { class: "page" }, masthead(c), contents, h("main", { id: "main", tabindex: -1 }, drawn.map(sectionElement), missing, last && sectionElement(last))));
  document.querySelector("button.save")?.addEventListener("click", () => save(new Blob([JSON.stringify(report, null, 2)], { type: "application/json" }), "report.json"));
  fold();
  // Closed details do not print.
  let opened: HTMLDetailsElement[] = [];
  window.addEventListener("beforeprint", () => { opened = [...document.querySelectorAll<HTMLDetailsElement>("details:not([open]).print, details:not([open]).fold")]; for (const x of opened) x.open = true; });
  window.addEventListener("afterprint", () => { for (const x of opened) x.open = false; });
}

function empty(title: string, ...children: Child[]): void {
  document.title = `${title} · tare report`;
  document.body.append(h("div", { class: "page" }, h("main", { id: "main" }, h("header", { class: "masthead none" }, h("h1", {}, h("span", { class: "sentence" }, title))), children)));
}

function start(): void {
  const text = document.getElementById("report")?.textContent?.trim() ?? "";
  if (text === "" || text.startsWith("/*")) {
    empty("No report in this page yet",
      h("p", {}, "Here will be: the verdict, both models side by side with intervals, speed, size, and what happened to each layer."),
      h("p", {}, "Get it with ", h("code", {}, "tare run"), " in a project, or ", h("code", {}, "tare evaluate FLOAT.onnx QUANT.onnx --data FILE -o report.json"), ", which writes ", h("code", {}, "report.html"), " beside it."));
    return;
  }
  let report: unknown;
  try {
    report = JSON.parse(text);
    if (typeof report !== "object" || report === null || Array.isArray(report)) throw new SyntaxError("it is not an object");
  } catch (error) {
    empty("The report in this page cannot be read", h("p", {}, String(error)), h("p", {}, "The file may be cut short. Write it again with ", h("code", {}, "tare evaluate"), " or ", h("code", {}, "tare run"), "."));
    return;
  }
  page(report as Report);
}

start();
