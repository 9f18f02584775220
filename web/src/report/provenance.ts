// Where the numbers come from: data, host, digests, methods.

import { Child, h } from "../lib/dom";
import { bytes, count, fixed, isNumber, plural, say, when } from "../lib/format";
import { table } from "../lib/table";
import { Absent, Context, code, list, Section } from "./context";

export function data(c: Context): Section | Absent {
  const d = c.report.data;
  const head = { id: "data", kicker: "Data" };
  const parts = (["calibration", "search", "test"] as const).filter((k) => d?.[k]);
  if (!d || !parts.length) return { ...head, what: "which samples were used for calibration, search and test, and that they are disjoint", how: "`tare run`" };
  const overlap = d.disjoint === false || (isNumber(d.duplicates_across) && d.duplicates_across > 0);
  const finding = overlap ? `The parts overlap${isNumber(d.duplicates_across) ? `: ${plural(d.duplicates_across, "sample")} in two of them` : ""}` : d.disjoint === true
    ? `No sample is in two of ${parts.join(", ").replace(/, ([^,]*)$/, " and $1")}` : "Data that was read";
  return {
    ...head, finding, body: [
      table("Data by use", [{ head: "use", kind: "name" }, { head: "samples", kind: "number" }, { head: "file", kind: "text" }, { head: "digest", kind: "text" }],
        parts.map((k) => ({ cells: [k, count(d[k]!.n), [d[k]!.path ?? "–", isNumber(d[k]!.seed) ? h("span", { class: "muted" }, `, seed ${d[k]!.seed}`) : null], digest(d[k]!.digest)] })), { className: "small", phoneColumns: 2 }),
    ],
  };
}

function digest(text: string | undefined): Child {
  if (!text) return "–";
  const [, kind, hex] = /^(\w+):([0-9a-f]{16,})$/i.exec(text) ?? [];
  return hex ? h("code", { class: "digest", title: text }, h("span", { class: "muted" }, `${kind}:`), hex) : code(text);
}

export function provenance(c: Context): Section {
  const r = c.report, host = r.host ?? {};
  const facts: [string, Child][] = [];
  const add = (name: string, value: Child) => { if (value !== null && value !== undefined && value !== "") facts.push([name, value]); };
  add("processor", host.cpu);
  add("instructions", list(host.isa).join(", "));
  add("threads", isNumber(host.threads) ? `${count(host.threads)}${isNumber(host.cores) ? ` of ${plural(host.cores, "core")}` : ""}` : null);
  add("memory", isNumber(host.memory_bytes) ? say(bytes(host.memory_bytes)) : null);
  add("system", host.os);
  add("runtime", host.runtime);
  add("tare", r.tare_version);
  add("made", r.created ? when(r.created) : null);
  const i = r.intervals;
  if (i) add("intervals", [i.method, isNumber(i.confidence) ? `${+(100 * i.confidence).toFixed(2)} %` : null, isNumber(i.replicates) ? `${fixed(i.replicates)} replicates` : null, isNumber(i.seed) ? `seed ${i.seed}` : null].filter(Boolean).join(", "));
  if (r.gate?.declared) add("limits declared", when(r.gate.declared));
  add("models", [r.baseline?.path, r.candidate?.path].filter(Boolean).join(" → "));
  const digests = Object.entries(r.digests ?? {}).filter(([, v]) => typeof v === "string");
  return {
    id: "provenance", kicker: "Host and digests",
    finding: "baseline_predictions" in (r.digests ?? {}) ? "Compared from predictions that were made elsewhere" : host.cpu ? `Measured on ${host.cpu}${host.runtime ? `, ${host.runtime}` : ""}; other hosts will time differently` : "Where it was measured",
    body: [
      facts.length > 0 && h("dl", { class: "facts two" }, facts.map(([k, v]) => h("div", {}, h("dt", {}, k), h("dd", {}, v)))),
      digests.length > 0 && table("Digests of everything that went in and came out", [{ head: "what", kind: "name" }, { head: "digest", kind: "text" }],
        digests.map(([k, v]) => ({ cells: [k.replace(/_/g, " "), digest(v)] })), { className: "small digests", phoneColumns: 1 }),
      h("p", { class: "note on-screen" }, h("button", { type: "button", class: "save" }, "Save report.json"), " the same numbers for programs."),
    ],
  };
}
