// Writes dist/report.html: template, styles and script in one file. With --check it compares instead of writing.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const PLACEHOLDER = "/*TARE_REPORT*/";
const MAX_BYTES = 150_000;
const root = dirname(fileURLToPath(import.meta.url));
const path = join(root, "dist", "report.html");

async function bundle(entry) {
  const result = await build({
    absWorkingDir: root, entryPoints: [entry], bundle: true, minify: true, write: false, format: "iife", target: ["es2020"],
    charset: "utf8", legalComments: "none", logLevel: "warning",
  });
  return result.outputFiles[0].text.trim();
}

const hash = (text) => `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;
const [script, style] = await Promise.all([bundle("src/report.ts"), bundle("src/report.css")]);
const parts = { STYLE: style, SCRIPT: script, STYLE_HASH: hash(style), SCRIPT_HASH: hash(script) };
const page = readFileSync(join(root, "src", "report.html"), "utf8").replace(/\{\{(\w+)\}\}/g, (_, key) => parts[key]);

const problems = [];
if (page.split(PLACEHOLDER).length !== 2) problems.push(`${PLACEHOLDER} must occur exactly once`);
if (Buffer.byteLength(page) > MAX_BYTES) problems.push(`${Buffer.byteLength(page)} bytes, more than ${MAX_BYTES}`);
if (/<\/script/i.test(script)) problems.push("the script would end its own element");
if (problems.length) {
  console.error(`error: ${problems.join("; ")}`);
  process.exit(1);
}

if (process.argv.includes("--check")) {
  let committed = "";
  try { committed = readFileSync(path, "utf8"); } catch { /* reported below */ }
  if (committed !== page) {
    console.error("error: web/dist/report.html is not what web/src builds to\nnext:  npm run build, and commit the result");
    process.exit(1);
  }
  console.log("web/dist/report.html is what web/src builds to");
} else {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, page);
  console.log(`web/dist/report.html  ${Buffer.byteLength(page).toLocaleString("en")} bytes`);
}
