// Opens the committed page from disk in Chromium, in every variant, and looks at it. Screenshots stay in tests/web/output/.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as variants from "./variants.mjs";

const here = dirname(fileURLToPath(import.meta.url)), web = join(here, "..", "..", "web"), output = join(here, "output");
const { chromium } = createRequire(join(web, "package.json"))("playwright-core");
const bundle = readFileSync(join(web, "dist", "report.html"), "utf8");
const only = process.argv.slice(2).filter((x) => !x.startsWith("-"));
mkdirSync(output, { recursive: true });

const executablePath = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser"].find((x) => x && existsSync(x));
if (!executablePath) {
  console.error("error: no Chromium at /usr/bin/chromium\nnext:  install the package chromium, or set CHROMIUM to its path");
  process.exit(1);
}
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

const DESKTOP = 1100, PHONE = 360;
/// Opens a report as a file. Every request but the file itself, every console error and every exception is a failure.
async function open(name, report, { width = DESKTOP, scheme = "light", media, page: text = bundle, javaScriptEnabled = true, folded = false, flips } = {}) {
  const path = join(output, `${name}.html`);
  writeFileSync(path, report === undefined ? text : variants.embed(text, report, flips));
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, javaScriptEnabled, acceptDownloads: true });
  const page = await context.newPage(), faults = [], url = pathToFileURL(path).href;
  page.on("console", (m) => { if (m.type() === "error" || m.type() === "warning") faults.push(`console: ${m.text()}`); });
  page.on("pageerror", (e) => faults.push(`exception: ${e.message}`));
  page.on("request", (r) => { if (r.url() !== url && !r.url().startsWith("data:") && !r.url().startsWith("blob:")) faults.push(`request: ${r.url()}`); });
  if (media) await page.emulateMedia({ media });
  await page.goto(url);
  if (!folded) await page.evaluate(() => { for (const x of document.querySelectorAll("details.fold")) x.open = true; });
  const close = async () => { await context.close(); assert.deepEqual(faults, []); };
  const shot = (suffix = "") => page.screenshot({ path: join(output, `${name}-${media ?? (width === PHONE ? "phone" : "desktop")}${scheme === "dark" ? "-dark" : ""}${suffix}.png`), fullPage: true });
  return { page, close, shot, text: () => page.evaluate(() => document.body.innerText) };
}
const overflow = (page) => page.evaluate(() => {
  const width = document.documentElement.clientWidth, wide = [];
  for (const e of document.querySelectorAll("body *")) {
    if (e.closest(".scroll, svg, .skip, thead") || e.tagName === "SCRIPT") continue;
    const box = e.getBoundingClientRect();
    if (box.width && (box.right > width + 1 || box.left < -1)) wide.push(`${e.tagName}.${e.className} ${Math.round(box.left)}..${Math.round(box.right)} ${e.textContent.slice(0, 40)}`);
  }
  return { page: document.documentElement.scrollWidth - width, wide: wide.slice(0, 5) };
});
const FITS = { page: 0, wide: [] };

const tests = [];
const test = (name, body) => tests.push({ name, body });

test("the committed page is what the sources build to", () => {
  execFileSync(process.execPath, [join(web, "build.mjs"), "--check"], { stdio: "pipe" });
});
test("the sources pass the type checker", () => {
  execFileSync(process.execPath, [join(web, "node_modules", "typescript", "bin", "tsc"), "--noEmit", "-p", web], { stdio: "pipe" });
});
test("the page is one file under 150 kB that names no address", () => {
  assert.ok(Buffer.byteLength(bundle) < 150_000);
  assert.equal(bundle.split("/*TARE_REPORT*/").length, 2);
  assert.doesNotMatch(bundle.replaceAll("http://www.w3.org/2000/svg", ""), /https?:\/\//);
  assert.doesNotMatch(bundle, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|@import|url\(/);
});
test("the lock file records no registry", () => {
  assert.doesNotMatch(readFileSync(join(web, "package-lock.json"), "utf8"), /"resolved"|https?:\/\/(?!opencollective|github|tidelift)/);
});
test("the example report holds the keys that programs rely on", () => {
  const r = variants.example();
  assert.equal(r.schema_version, 1);
  for (const side of [r.baseline, r.candidate]) {
    for (const k of ["metrics", "slices", "distributions", "latency_ms", "throughput_per_s", "model_bytes", "peak_rss_bytes", "energy"]) assert.ok(k in side, k);
    for (const m of Object.values(side.metrics)) assert.ok(m.low <= m.value && m.value <= m.high);
    const rows = side.confusion.map((row) => row.reduce((x, y) => x + y, 0));
    assert.equal(rows.reduce((x, y) => x + y, 0), r.n);
    assert.ok(Math.abs(side.confusion.reduce((x, row, i) => x + row[i], 0) / r.n - side.metrics.accuracy.value) < 1e-4);
  }
  const { flips, harmful, helpful, discordant, flip_rate } = r.paired;
  assert.ok(discordant === harmful + helpful && discordant <= flips && flip_rate === flips / r.n);
  assert.ok(Math.abs((helpful - harmful) / r.n - r.paired.difference.accuracy.value) < 1e-4);
  for (const check of r.gate.checks) for (const k of ["metric", "scope", "statistic", "margin", "bound", "n", "verdict", "reason"]) assert.ok(k in check, k);
  assert.ok(r.fusion.expected === r.fusion.fused + r.fusion.islands.length);
  assert.ok(r.tensors.every((t) => t.histogram.counts.length <= 64));
  assert.equal(r.candidates.filter((x) => x.chosen).length, 1);
});

test("PASS: verdict first as a sentence, then the evidence in order", async () => {
  const r = variants.example(), { page, close, shot, text } = await open("pass", r);
  assert.equal(await page.title(), "PASS: fashion · tare report");
  const h1 = await page.locator("h1").innerText();
  assert.match(h1, /^PASS\s/);
  assert.ok(h1.replace(/\s/g, " ").includes(r.summary));
  const kickers = await page.locator("h2 .kicker").allInnerTexts();
  assert.deepEqual(kickers, ["Checks", "Quality", "Flips", "Classes", "Conditions", "Slices", "Outputs", "What was tried", "Latency", "Size, memory, energy", "Bytes", "Fusion", "Ranges", "Data", "Host and digests"]);
  const all = await text();
  for (const finding of [/All 6\schecks pass/, /98 of 10,000 answers differ/, /31 of 32 quantized nodes run as integer kernels/, /8 of 23\slayers carry 82\s% of the weight bytes/, /output-is-graph-output/]) assert.match(all, finding);
  assert.doesNotMatch(all, /NaN|undefined|Infinity|\[object/);
  assert.deepEqual(await overflow(page), FITS);
  await shot();
  await close();
});
test("FAIL and INCONCLUSIVE differ from PASS by word and by shape", async () => {
  const shapes = new Set();
  for (const [name, report, word] of [["pass", variants.example(), "PASS"], ["fail", variants.failing(), "FAIL"], ["inconclusive", variants.inconclusive(), "INCONCLUSIVE"], ["bare", variants.bare(), "NOT JUDGED"]]) {
    const { page, close, shot } = await open(name, report);
    assert.match(await page.locator("h1").innerText(), new RegExp(`^${word}\\s`));
    shapes.add(await page.locator("h1 svg.shape").evaluate((x) => x.innerHTML));
    await shot();
    await close();
  }
  assert.equal(shapes.size, 4);
});
test("FAIL names the failing checks first, and a slower candidate is a loud warning", async () => {
  const { page, close, text } = await open("fail", variants.failing());
  assert.match(await page.locator("#checks h2").innerText(), /2 of 6\schecks fail: recall, shirt and speedup, batch 1/);
  assert.equal(await page.locator("#checks tbody tr").first().locator("th").innerText(), "recall, shirt");
  assert.match(await page.locator(".alarms").innerText(), /slower than the baseline on this host/);
  assert.match(await page.locator(".alarms").innerText(), /Finding\. accuracy rises by 0\.12 points \[\+0\.03, \+0\.21\] while F1 macro falls by 0\.004 \[−0\.009/);
  assert.match(await text(), /3 calibration samples were skipped/);
  assert.equal(await page.locator(".strip .fail-zone").count(), 6);
  await close();
});
test("INCONCLUSIVE says how many samples would settle it", async () => {
  const { page, close } = await open("inconclusive", variants.inconclusive());
  assert.match(await page.locator("#checks").innerText(), /About 4,100 samples would settle it/);
  await close();
});
test("costs: every batch size and number of threads, percentiles with intervals, memory and energy", async () => {
  for (const [width, scheme] of [[DESKTOP, "light"], [DESKTOP, "dark"], [PHONE, "light"], [PHONE, "dark"]]) {
    const { page, close, shot } = await open("costs", variants.costs(), { width, scheme });
    assert.match(await page.locator("#latency h2").innerText(), /at batch 1, 2.threads: 2\.10 times as fast \[2\.00, 2\.20\]/);
    assert.equal(await page.locator("#latency table.speed tbody tr").count(), 6);
    assert.equal(await page.locator("#latency table.speed .strip .mark").count(), 6);
    const last = (await page.locator("#latency table.speed tbody tr").last().innerText()).replace(/\s+/g, " ");
    assert.match(last, /batch 32 .*1 .*2\.00 ?×? ?\[1\.80, 2\.30\]/);
    for (const summary of await page.locator("#latency summary:not(.head)").all()) await summary.click();
    assert.equal(await page.locator("#latency table.latency:not(.percentiles) tbody tr").count(), 12);
    assert.match(await page.locator("#latency table.percentiles").innerText(), /\?\]/);
    const resources = (await page.locator("#resources").innerText()).replace(/\s+/g, " ");
    for (const text of [/resident memory, model open/, /resident memory, after a run/, /energy a sample, estimated/, /energy a correct answer, estimated/, /a policy on energy needs a measured one/]) assert.match(resources, text);
    assert.doesNotMatch(await page.locator("#latency").innerText() + resources, /NaN|undefined|Infinity|\[object/);
    assert.deepEqual(await overflow(page), FITS);
    await page.locator("#latency").screenshot({ path: join(output, `costs-latency-${width}-${scheme}.png`) });
    await page.locator("#resources").screenshot({ path: join(output, `costs-resources-${width}-${scheme}.png`) });
    await shot();
    await close();
  }
});
test("task outputs leads with the outputs", async () => {
  const { page, close, shot } = await open("outputs", variants.outputs());
  assert.deepEqual((await page.locator("h2 .kicker").allInnerTexts()).slice(0, 3), ["Checks", "Outputs", "What was tried"]);
  assert.match(await page.locator("#outputs h2").innerText(), /last_hidden_state keeps a mean cosine of 0\.98\d+ to float, 0\.9413 in the worst of 512 samples/);
  await shot();
  await close();
});
test("outputs are told by the measure that decided", async () => {
  const { page, close, shot } = await open("judged", variants.judgedOutputs());
  assert.match(await page.locator("#outputs h2").innerText(), /1 of 3 outputs does not hold, farthest beyond its bound score: R2 0\.6100, bound 0\.9400/);
  const cells = await page.locator("#outputs tbody tr").last().innerText();
  for (const text of ["R2 0.6100", "0.9400", "650"]) assert.ok(cells.includes(text), cells);
  assert.deepEqual(await overflow(page), FITS);
  await page.locator("#outputs").screenshot({ path: join(output, "judged-outputs.png") });
  await shot();
  await close();
});
test("what is absent is named, with what it would show and how to get it", async () => {
  const { page, close, text } = await open("bare", variants.bare());
  const rows = await page.locator("#absent tbody tr").allInnerTexts();
  assert.equal(rows.length, 14);
  for (const row of rows) assert.match(row, /tare /);
  assert.doesNotMatch(await text(), /NaN|undefined|\[object|Not drawn/);
  await close();
});
test("each section may be missing alone", async () => {
  const base = variants.example();
  for (const key of ["classes", "intervals", "baseline", "candidate", "paired", "outputs", "gate", "cost", "candidates", "fusion", "nodes", "tensors", "data", "host", "digests", "warnings", "summary", "n", "task", "created"]) {
    const r = structuredClone(base);
    delete r[key];
    const { page, close, text } = await open("partial", r);
    const all = await text();
    assert.doesNotMatch(all, /NaN|undefined|\[object|Not drawn/, key);
    assert.ok((await page.locator("section").count()) >= 4, key);
    await close();
  }
});
test("samples whose answer changed: pictures, values and words, harmful first", async () => {
  for (const width of [DESKTOP, PHONE]) {
    const { page, close, shot, text } = await open("looked-at", variants.example(), { width, flips: variants.flips() });
    assert.equal(await page.locator("#flips .flip").count(), 12 + 3 + 1);  // of 14 harmful ones 12 at first
    assert.match(await page.locator("#flips .flip").first().innerText(), /sample 1,304[\s\S]*ahead by 62[\s\S]*coat[\s\S]*81[\s\S]*shirt/);
    assert.equal(await page.locator("#flips img").first().evaluate((x) => x.decode().then(() => x.naturalWidth)), 8);
    await page.locator("#flips button", { hasText: "Show 2 more" }).click();
    assert.equal(await page.locator("#flips .flip").count(), 18 - 0);
    assert.deepEqual(await page.locator("#flips .both_wrong mark").allInnerTexts(), ["red", "blue"]);
    assert.match(await text(), /18 of 98, one by one/);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.deepEqual(await overflow(page), FITS);
    await shot();
    await close();
  }
  const none = await open("looked-at-none", variants.example(), { flips: { total: 98, in_file: 98, file: "flips.jsonl", flips: [] } });
  assert.match(await none.page.locator("#flips").innerText(), /98.samples stand in flips\.jsonl, without what the models saw/);
  await none.close();
  for (const broken of ["{", "[1]", { flips: [{ fields: [1, ["a"]], image: "javascript:alert(1)", baseline: 3 }] }]) {
    const opened = await open("looked-at-broken", variants.example(), { flips: broken });
    assert.equal(await opened.page.locator("#flips img").count(), 0);
    assert.ok((await opened.page.locator("section").count()) >= 14);
    await opened.close();
  }
});
test("each table saves itself as CSV", async () => {
  const { page, close } = await open("csv", variants.hostile());
  assert.equal(await page.locator("table").count(), await page.locator("table button.csv").count());
  await close();
  const plain = await open("csv", variants.example(), { flips: variants.flips() });
  const saved = async (locator) => {
    const [download] = await Promise.all([plain.page.waitForEvent("download"), locator.click()]);
    return { name: download.suggestedFilename(), lines: readFileSync(await download.path(), "utf8").replace(/^\ufeff/, "").split("\r\n") };
  };
  const quality = await saved(plain.page.locator("#quality button.csv").first());
  assert.match(quality.name, /^metrics-of-both-models.*\.csv$/);
  assert.match(quality.lines[0], /^metric,float,float unit,float low,float high,int8,/);
  const r = variants.example();
  const [, value, unit] = quality.lines[1].split(",");
  assert.equal(value, (100 * r.baseline.metrics.accuracy.value).toFixed(2));
  assert.equal(unit, "%");
  const flips = await saved(plain.page.locator("#flips button.csv"));
  assert.match(flips.lines[0], /^place,sample,id,line,kind,/);
  assert.equal(flips.lines.length, 1 + 18 + 1);
  assert.ok(flips.lines.some((x) => x.includes("'=HYPERLINK")), "a name must not become a formula");
  await plain.close();
});
test("on a phone sections are closed at first, and a link opens its own", async () => {
  const { page, close } = await open("folded", variants.example(), { width: 390, folded: true });
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  assert.ok(height < 4500, `${height} pixels`);
  assert.equal(await page.locator("details.fold[open]").count(), 1);
  await page.locator("nav a[href='#latency']").click();
  await page.locator("#latency details.fold[open]").waitFor();
  await page.screenshot({ path: join(output, "folded-phone.png"), fullPage: true });
  await close();
  const wide = await open("folded", variants.example(), { folded: true });
  assert.equal(await wide.page.locator("details.fold:not([open])").count(), 0);
  await wide.close();
});
test("micro averages that repeat the accuracy are shown once; both confusion matrices; tails beyond the axis", async () => {
  const r = variants.example();
  for (const side of [r.baseline, r.candidate]) for (const name of ["precision_micro", "recall_micro", "f1_micro"]) side.metrics[name] = { ...side.metrics.accuracy };
  r.baseline.latency_ms.p99 = 50 * r.baseline.latency_ms.p50;
  for (const x of r.baseline.latency ?? []) x.p99 = 50 * x.p50;
  const { page, close } = await open("details", r);
  assert.doesNotMatch(await page.locator("#quality table").innerText(), /micro/);
  assert.match(await page.locator("#quality").innerText(), /recall micro.* equal the accuracy here/i);
  await page.locator("#classes summary", { hasText: "confusion matrices of both models" }).click();
  assert.equal(await page.locator("#classes table.matrix").count(), 2);
  assert.equal(await page.locator("#classes .float table.matrix tbody tr").first().locator("td").first().evaluate((x) => x.textContent), r.baseline.confusion[0][0].toLocaleString("en"));
  assert.ok(await page.locator("#latency .strip .arrow.float").count() >= 1);
  await page.locator("#classes").screenshot({ path: join(output, "matrices.png") });
  await close();
  const { page: other, close: end } = await open("details", (() => { const x = variants.example(); x.baseline.metrics.f1_micro = x.candidate.metrics.f1_micro = { value: 0.5 }; return x; })());
  assert.match(await other.locator("#quality table").innerText(), /F1 micro/);
  await end();
});
test("a page without a report, or with a broken one, says what to do", async () => {
  for (const [name, text, expected] of [["placeholder", undefined, /No report in this page yet[\s\S]*tare run/], ["cut", '{"verdict": "PA', /cannot be read[\s\S]*tare evaluate/], ["list", "[1]", /cannot be read/]]) {
    const opened = await open(name, text);
    assert.match(await opened.text(), expected);
    await opened.close();
  }
});
test("hostile names are inert text", async () => {
  const { page, close, shot, text } = await open("hostile", variants.hostile(), { width: PHONE });
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator("body img").count(), 0);
  assert.equal(await page.locator("script").count(), 3);
  const all = await text();
  for (const name of variants.HOSTILE.slice(0, 2)) assert.ok(all.replaceAll("\n", "").includes(name), name);
  assert.deepEqual(await overflow(page), FITS);
  await shot();
  await close();
});
test("wrong types spoil their own section at most", async () => {
  const { page, close, text } = await open("malformed", variants.malformed());
  assert.match(await page.locator("h1").innerText(), /^PASS/);
  assert.ok((await page.locator("section").count()) >= 10);
  assert.doesNotMatch(await text(), /NaN|undefined|Infinity|\[object/);
  await close();
});
test("a large model stays usable: lists are capped, searchable and complete on demand", async () => {
  const { page, close, text } = await open("huge", variants.huge());
  assert.ok((await page.locator("*").count()) < 14_000);
  assert.equal(await page.locator(".tensor").count(), 24);
  await page.getByLabel("filter tensors").fill("layer.3/ tensor_6");
  assert.equal(await page.locator(".tensor").count(), 10);
  await page.getByLabel("filter tensors").fill("no such name");
  assert.equal(await page.locator(".tensor").count(), 0);
  await page.getByLabel("filter tensors").fill("");
  await page.getByLabel("order of tensors").selectOption("clipped");
  await page.getByRole("button", { name: "Show all 1,000 classes" }).click();
  assert.equal(await page.locator("#classes tbody tr").count(), 1000);
  await page.getByText("All 3,000").click();
  await page.getByLabel("filter nodes").fill("node_77 conv");
  assert.match(await page.locator("#fusion details:not(.fold)").innerText(), /of 3,000/);
  assert.doesNotMatch(await text(), /NaN|undefined/);
  await close();
});
for (const [name, make] of [["pass", variants.example], ["fail", variants.failing], ["inconclusive", variants.inconclusive], ["outputs", variants.outputs], ["bare", variants.bare], ["corruptions", variants.corruptions], ["conditions", variants.conditions], ["found", variants.foundSlices]]) {
  test(`${name} on a 360 px phone has no horizontal scroll`, async () => {
    const { page, close, shot } = await open(name, make(), { width: PHONE });
    assert.deepEqual(await overflow(page), FITS);
    for (const summary of await page.locator("summary:not(.head)").all()) await summary.click();
    assert.deepEqual(await overflow(page), FITS);
    await shot();
    await close();
  });
}
test("75 corruptions are a grid by severity, with every row on demand", async () => {
  const { page, close, shot, text } = await open("corruptions", variants.corruptions());
  assert.match((await page.locator("#conditions h2").innerText()).replaceAll("\u00a0", " "), /Quantization costs 2\.10 points more under glass_blur:5 than on clean data; 1 of 75 distributions adds damage beyond chance/);
  assert.deepEqual(await page.locator("#conditions .grid-table thead th").allInnerTexts(), ["corruption", "1", "2", "3", "4", "5"]);
  assert.equal(await page.locator("#conditions .grid-table tbody tr").count(), 15);
  assert.equal(await page.locator("#conditions td.sure").count(), 1);
  assert.match(await page.locator("#conditions td.sure").innerText(), /−2\.1\s+beyond chance/);
  assert.equal(await page.locator("#conditions .distributions tbody tr").first().isVisible(), false);
  await shot();
  await page.locator("#conditions summary:not(.head)").click();
  assert.equal(await page.locator("#conditions .distributions tbody tr").count(), 75);
  assert.equal(await page.locator("#conditions .distributions .strip .mark.int8").count(), 75);
  await page.getByLabel("metric of distributions").selectOption("f1_macro");
  assert.match(await page.locator("#conditions .grid-table caption").innerText(), /^F1 macro/);
  assert.doesNotMatch(await text(), /NaN|undefined|\[object|Not drawn/);
  assert.deepEqual(await overflow(page), FITS);
  await close();
});
test("a few conditions are rows with both models, what they add, and their checks", async () => {
  const { page, close, shot } = await open("conditions", variants.conditions());
  assert.match((await page.locator("#conditions h2").innerText()).replaceAll("\u00a0", " "), /Quantization costs 0\.80 points more under noisy than on clean data; 1 of 2 distributions adds/);
  const row = (await page.locator("#conditions tbody tr").first().innerText()).replaceAll("\u00a0", " ");
  for (const part of ["noisy", "table_noise, severity 2", "2,000", "−0.80", "[−1.30, −0.30]", "30 / 20"]) assert.ok(row.includes(part), part);
  assert.match((await page.locator("#conditions .note-row").innerText()).replaceAll("\u00a0", " "), /INCONCLUSIVE\s*extra damage ≥ −1\.00 pp/);
  assert.equal(await page.locator("#conditions .strip .tick").count(), 2);
  await shot();
  await close();
});
test("found slices say how many were searched and how chance was held back", async () => {
  const { page, close, shot } = await open("found", variants.foundSlices());
  const said = (await page.locator("#slices").innerText()).replaceAll("\u00a0", " ");
  assert.match(said, /Harmful flips gather where label == 3 and size < 0\.25: 31 of 104 samples, by search/);
  for (const part of ["1,234 conditions and pairs", "adjusted by Holm", "at most 5 %", "width >= 9", "31 (30 %)", "< 0.001", "0.012", "Intervals are not adjusted"]) assert.ok(said.includes(part), part);
  assert.deepEqual(await overflow(page), FITS);
  await shot();
  await close();
  const none = await open("pass", variants.example());
  assert.match(await none.page.locator("#slices").innerText(), /No slice gathers harmful flips beyond chance\s*10 conditions/);
  await none.close();
});
for (const [task, make] of Object.entries(variants.TASKS)) {
  test(`task ${task}: its metrics in their units, nothing that has no meaning for it`, async () => {
    for (const [width, scheme] of [[DESKTOP, "light"], [PHONE, "dark"]]) {
      const { page, close, shot, text } = await open(`task-${task}`, make(), { width, scheme });
      const all = await text(), kickers = await page.locator("h2 .kicker").allInnerTexts();
      assert.doesNotMatch(all, /NaN|undefined|Infinity|\[object|Not drawn|onfusion|Recall by class|top-1/);
      assert.equal(kickers.includes("Classes"), false);
      assert.equal(kickers.includes("Flips"), task !== "regression");
      if (task === "object_detection") { assert.doesNotMatch(all, /harmful|became wrong/); assert.match(all, /mAP 0\.5:0\.95 is worse/); }
      // What only models show is one row, beside the checks and (but for boxes) the slices.
      assert.equal(await page.locator("#absent tbody tr").count(), task === "object_detection" ? 2 : 3);
      assert.deepEqual(await overflow(page), FITS);
      await shot();
      await close();
    }
  });
}
test("a hallucination rate stands beside the rate of answers", async () => {
  const { page, close } = await open("task-question_answering", variants.TASKS.question_answering());
  const names = await page.locator("#quality tbody th").allInnerTexts();
  assert.deepEqual(names.map((x) => x.replace(/\s*lower is better/, "")), ["exact match", "token F1", "answer rate", "hallucination rate"]);
  assert.match((await page.locator(".figures").innerText()).replaceAll("\u00a0", " "), /hallucination rate\s+\+4\.5 pp[\s\S]*of 83\.2 % answered/);
  await close();
});
for (const k of [10, 100, 1000]) {
  test(`${k} classes: recall, precision and F1 of both models with their intervals`, async () => {
    const { page, close, shot } = await open(`classes-${k}`, variants.classes(k));
    const rows = page.locator("#classes table").first().locator("tbody tr");
    assert.equal(await rows.count(), k === 10 ? 10 : 24);
    await page.getByLabel("measure of classes").selectOption("precision");
    assert.match(await page.locator("#classes caption").first().innerText(), /^Precision by class/);
    await page.getByLabel("measure of classes").selectOption("all");
    assert.equal(await page.locator("#classes .measures .range").count(), 6 * (k === 10 ? 10 : 24));
    assert.deepEqual(await overflow(page), FITS);
    await shot();
    if (k === 1000) {
      await page.getByLabel("filter classes").fill("class 77");
      assert.equal(await rows.count(), 19);  // x77 and 77x, one of them twice
      await page.getByLabel("filter classes").fill("no such class");
      assert.match(await page.locator("#classes").innerText(), /No class of that name/);
    }
    await close();
    const phone = await open(`classes-${k}`, variants.classes(k), { width: PHONE });
    await phone.page.getByLabel("measure of classes").selectOption("all");
    assert.deepEqual(await overflow(phone.page), FITS);
    await phone.shot();
    await phone.close();
  });
}
test("every width between phone and desktop fits", async () => {
  const { page, close } = await open("pass", variants.example());
  for (const width of [320, 412, 560, 735, 740, 768, 900, 980, 1024, 1600]) {
    await page.setViewportSize({ width, height: 900 });
    assert.deepEqual({ width, ...(await overflow(page)) }, { width, ...FITS });
  }
  await close();
});

/// WCAG contrast of the text of an element against the page.
const contrast = (page, selectors) => page.evaluate((list) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map((x) => x / 255).map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)).reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
  const paper = light(rgb(getComputedStyle(document.body).backgroundColor));
  return list.map(([selector, property]) => {
    const ink = light(rgb(getComputedStyle(document.querySelector(selector))[property]));
    return [selector, (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)];
  });
}, selectors);
const INK = [["h1", "color", 7], [".byline", "color", 4.5], [".note", "color", 4.5], [".verdict.big", "color", 4.5], [".mark.float", "stroke", 3], [".mark.int8", "fill", 3]];

for (const scheme of ["light", "dark"]) {
  test(`${scheme}: text and marks stand out from the page`, async () => {
    for (const [name, make] of [["pass", variants.example], ["fail", variants.failing], ["inconclusive", variants.inconclusive]]) {
      const { page, close, shot } = await open(name, make(), { scheme });
      const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(background === "rgb(255, 255, 255)", scheme === "light");
      for (const [i, [selector, ratio]] of (await contrast(page, INK.map(([s, p]) => [s, p]))).entries()) assert.ok(ratio >= INK[i][2], `${name} ${selector} ${ratio.toFixed(2)}`);
      await shot();
      await close();
    }
  });
}
test("print is light, without controls, with the reasons unfolded", async () => {
  const { page, close, shot } = await open("pass", variants.example(), { scheme: "dark", media: "print" });
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
  assert.equal(await page.locator("nav").isVisible(), false);
  await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
  assert.ok(await page.locator("dl.reasons").isVisible());
  assert.equal(await page.locator(".tensor").count(), variants.example().tensors.length);
  await page.pdf({ path: join(output, "pass.pdf"), format: "A4", printBackground: false });
  await shot();
  await close();
});
const unreadable = (page) => page.evaluate(() => {
    const found = [];
    for (const x of document.querySelectorAll("svg:not([aria-hidden], svg svg)")) if (x.getAttribute("role") !== "img" || !x.querySelector("title")?.textContent.trim()) found.push(`svg ${x.getAttribute("class")}`);
    for (const x of document.querySelectorAll("table")) if (!x.caption?.textContent.trim()) found.push("table without caption");
    for (const x of document.querySelectorAll("tbody tr:not(.note-row)")) if (!x.querySelector("th[scope=row]")) found.push("row without header");
    for (const x of document.querySelectorAll("input, select")) if (!x.getAttribute("aria-label")) found.push("control without label");
    for (const x of document.querySelectorAll("section")) if (!document.getElementById(x.getAttribute("aria-labelledby"))) found.push("section without title");
    for (const x of document.querySelectorAll("nav a")) if (!document.querySelector(x.getAttribute("href"))) found.push(`link to nothing ${x.getAttribute("href")}`);
    const ids = [...document.querySelectorAll("[id]")].map((x) => x.id);
    if (new Set(ids).size !== ids.length) found.push("an id occurs twice");
    if (document.querySelectorAll("h1").length !== 1 || document.querySelectorAll("main").length !== 1) found.push("one h1, one main");
    return found;
  });
test("a screen reader finds everything", async () => {
  for (const [name, make] of [["pass", variants.example], ["corruptions", variants.corruptions], ["conditions", variants.conditions], ["found", variants.foundSlices], ["classes-100", () => variants.classes(100)], ["task-generation", variants.TASKS.generation]]) {
    const { page, close } = await open(name, make());
    assert.deepEqual(await unreadable(page), [], name);
    await close();
  }
});
test("a keyboard finds everything", async () => {
  const { page, close } = await open("pass", variants.example());
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  for (const expected of ["head", "csv", ""]) {  // the section itself, its table, its details
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), expected);
  }
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "SUMMARY");
  await page.keyboard.press("Enter");
  assert.ok(await page.locator("dl.reasons").isVisible());
  await close();
});
test("the marks of the two models have different shapes and colours", async () => {
  const { page, close } = await open("pass", variants.example());
  const [a, b] = await page.evaluate(() => [".strip .mark.float", ".strip .mark.int8"].map((x) => { const e = document.querySelector(x), s = getComputedStyle(e); return { tag: e.tagName, fill: s.fill, stroke: s.stroke }; }));
  assert.notEqual(a.tag, b.tag);
  assert.notEqual(a.stroke, b.fill);
  await close();
});
test("a dot stands where its number says", async () => {
  const r = variants.example(), { page, close } = await open("pass", r);
  const at = await page.evaluate(() => [...document.querySelectorAll("#classes .pairs tbody tr")].map((row) => ({
    name: row.querySelector("th").textContent, x: [...row.querySelectorAll(".mark")].map((m) => { const b = m.getBoundingClientRect(); return b.left + b.width / 2; }),
  })));
  const points = at.flatMap((row) => { const k = r.classes.indexOf(row.name); return [[r.baseline.per_class[k].recall.value, row.x[0]], [r.candidate.per_class[k].recall.value, row.x[1]]]; });
  const [v0, x0] = points.reduce((m, p) => (p[0] < m[0] ? p : m)), [v1, x1] = points.reduce((m, p) => (p[0] > m[0] ? p : m));
  for (const [v, x] of points) assert.ok(Math.abs(x0 + ((v - v0) / (v1 - v0)) * (x1 - x0) - x) < 1.5, `${v} at ${x}`);
  await close();
});
test("decimal points line up", async () => {
  const { page, close } = await open("pass", variants.example());
  const edges = await page.evaluate(() => ["#checks .checks", "#classes .pairs", "#bytes table"].map((t) => {
    const byColumn = new Map();
    for (const row of document.querySelectorAll(`${t} tbody tr`)) [...row.children].forEach((cell, i) => {
      const part = cell.querySelector(".q .qw");
      if (part && part.textContent !== "–") byColumn.set(i, [...(byColumn.get(i) ?? []), part.getBoundingClientRect().right]);
    });
    return [...byColumn.values()].map((xs) => Math.max(...xs) - Math.min(...xs));
  }).flat());
  assert.ok(edges.length > 6 && edges.every((spread) => spread < 1), String(edges));
  await close();
});
test("saves the JSON it was given", async () => {
  const r = variants.example(), { page, close } = await open("pass", r);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save report.json" }).click()]);
  assert.deepEqual(JSON.parse(readFileSync(await download.path(), "utf8")), r);
  await close();
});
test("without JavaScript the page says where the numbers are", async () => {
  const { page, close } = await open("noscript", variants.example(), { javaScriptEnabled: false });
  assert.match(await page.locator("noscript").innerText(), /report\.md/);
  await close();
});

let passed = 0, failed = 0;
for (const { name, body } of tests) {
  if (only.length && !only.some((x) => name.includes(x))) continue;
  try {
    await body();
    passed++;
  } catch (error) {
    failed++;
    console.error(`FAILED  ${name}\n        ${String(error.stdout ?? "")}${String(error.stderr ?? "")}${String(error.message).replaceAll("\n", "\n        ")}`);
    for (const context of browser.contexts()) await context.close();
  }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
