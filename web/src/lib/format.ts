// Numbers as people read them. Everything returns a Quantity, so that tables can align decimal points and units.

export interface Quantity { text: string; unit: string }

const MINUS = "\u2212";
export const NBSP = "\u00a0";

export const isNumber = (x: unknown): x is number => typeof x === "number" && Number.isFinite(x);

/// Fixed decimals, thousands separated, a true minus sign; a value that rounds to zero has no sign.
export function fixed(x: number, decimals = 0): string {
  if (Math.abs(x) >= 1e15) return x.toExponential(2).replace("-", MINUS);
  const [whole = "", fraction] = Math.abs(x).toFixed(decimals).split(".");
  const text = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",") + (fraction ? `.${fraction}` : "");
  return (x < 0 && /[1-9]/.test(text) ? MINUS : "") + text;
}

export function signed(x: number, decimals: number): string {
  const text = fixed(x, decimals);
  return x > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

export function decimalsFor(x: number, significant: number): number {
  if (x === 0 || !Number.isFinite(x)) return 0;
  return Math.max(0, Math.min(12, significant - 1 - Math.floor(Math.log10(Math.abs(x)))));
}

/// About `significant` digits, never in exponents between 1e-4 and 1e6.
export function short(x: number, significant = 3): string {
  const size = Math.abs(x);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) return x.toExponential(Math.max(0, significant - 1)).replace(/-/g, MINUS);
  return fixed(x, decimalsFor(x, significant));
}

export const count = (x: number | null | undefined): string => (isNumber(x) ? fixed(x) : "–");
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)}${NBSP}${n === 1 ? one : many}`;
export const say = (q: Quantity): string => (q.unit ? `${q.text}${NBSP}${q.unit}` : q.text);
export const NOTHING: Quantity = { text: "–", unit: "" };

export function percent(x: number, decimals = 1): Quantity {
  return { text: fixed(100 * x, decimals), unit: "%" };
}

/// Typographic minus signs in text that a program wrote.
export const trueMinus = (text: string): string => text.replace(/(^|[\s[(])-(?=\d)/g, `$1${MINUS}`);

/// A share in text: whole percents, but never 0 % or 100 % for what is not quite.
export function share(x: number): string {
  if (x > 0 && x < 0.01) return `${short(100 * x, 1)}${NBSP}%`;
  if (x > 0.99 && x < 1) return `${fixed(Math.min(100 * x, 99.9), 1)}${NBSP}%`;
  return `${fixed(100 * x)}${NBSP}%`;
}

export function bytes(x: number): Quantity {
  for (const [unit, size] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]] as const) {
    if (Math.abs(x) >= size) return { text: fixed(x / size, decimalsFor(x / size, 3)), unit };
  }
  return { text: fixed(x), unit: "B" };
}

/// Bytes in the unit of `reference`, so that a column compares at a glance.
export function bytesLike(x: number | undefined, reference: number): Quantity {
  if (!isNumber(x)) return NOTHING;
  const { text, unit } = bytes(reference), size = { GB: 1e9, MB: 1e6, kB: 1e3 }[unit];
  return size ? { text: fixed(x / size, Math.max(1, split3(text))), unit } : bytes(x);
}
const split3 = (text: string) => (text.split(".")[1] ?? "").length;

/// Significant digits without trailing zeros: for small shares in running text.
export const brief = (x: number, significant = 2): string => short(Number(x.toPrecision(significant)), significant).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");

/// Cosine similarity: as many digits as it takes to see the distance from 1.
export function cosine(x: number): string {
  const gap = 1 - x;
  return fixed(x, gap > 0 ? Math.max(4, Math.min(7, Math.ceil(-Math.log10(gap)) + 1)) : 4);
}

export function when(rfc3339: string): string {
  const date = new Date(rfc3339);
  if (Number.isNaN(date.getTime())) return rfc3339;
  const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
  const two = (x: number) => String(x).padStart(2, "0");
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}, ${two(date.getUTCHours())}:${two(date.getUTCMinutes())} UTC`;
}

// ---- quantities by metric ----

export interface MetricInfo { label: string; unit: string; better: "higher" | "lower" }

const RATIOS = new Set(["accuracy", "extra_damage", "flip_rate", "harmful_rate", "top1_agreement", "exact_match", "answer_rate", "hallucination_rate", "subset_accuracy", "token_accuracy", "hamming_loss", "error_rate", "ece"]);
const NUMBERS = new Set(["mae", "rmse", "strain"]);
const LOWER = /^(log_loss|ece|mae|rmse|hamming_loss|hallucination_rate.*|flip_rate|size_ratio|memory_ratio|energy_ratio|relative_error|kl.*|latency.*|peak.*|.*_error|.*_bytes|.*_ms|perplexity|strain)$/;
const WORDS: Record<string, string> = {
  f1: "F1", ece: "ECE", kl: "KL", snr: "SNR", rss: "memory", p50: "p50", p99: "p99", ms: "", nats: "", bytes: "", db: "",
};

/// Name, unit and direction of a metric; a unit or direction in the file wins over what its name says.
export function metricInfo(name: string, unit?: string, better?: string, given?: string): MetricInfo {
  if (name === "cosine") return { label: "cosine", unit: "cosine", better: "higher" };
  const guess = NUMBERS.has(name) ? "number" : RATIOS.has(name) || /^top\d+_accuracy$/.test(name) ? "ratio"
    : name === "log_loss" || /_nats$/.test(name) ? "nats" : /_ms$/.test(name) ? "ms" : /_bytes$/.test(name) ? "bytes" : /_db$/.test(name) ? "db"
    : name === "speedup" || /_ratio$/.test(name) ? "times" : "score";
  const label = name.startsWith("kpi:") ? name.slice(4) : given ?? name.replace(/^top(\d+)_/, "top-$1 ").split("_").map((word) => WORDS[word] ?? word).filter(Boolean).join(" ");
  return { label, unit: unit ?? guess, better: better === "lower" || better === "higher" ? better : LOWER.test(name) ? "lower" : "higher" };
}

/// A value of a metric. `n` decides how many decimals the data can carry.
export function quantity(x: number | undefined, unit: string, n?: number | null, difference = false): Quantity {
  if (!isNumber(x)) return NOTHING;
  const put = difference ? signed : fixed;
  const fine = !isNumber(n) || n >= 2000;
  switch (unit) {
    case "ratio": return { text: put(100 * x, fine ? 2 : 1), unit: difference ? "pp" : "%" };
    case "score": return { text: put(x, difference && x !== 0 && Math.abs(x) < 0.0005 ? 5 : 3), unit: "" };
    case "number": return { text: put(x, decimalsFor(x, difference ? 2 : 4)), unit: "" };
    case "cosine": return { text: put(x, 4), unit: "" };
    case "times": return { text: put(x, Math.abs(x) >= 100 ? 0 : 2), unit: "×" };
    case "bytes": return bytes(x);
    case "nats": return { text: put(x, Math.abs(x) < 0.01 && !difference ? 5 : 4), unit: "nats" };
    case "ms": return { text: put(x, x >= 100 ? 1 : x >= 1 ? 2 : 3), unit: "ms" };
    case "joules": return { text: short(x), unit: "J" };
    case "per_s": return { text: fixed(x, decimalsFor(x, 3)), unit: "/s" };
    case "db": return { text: put(x, 1), unit: "dB" };
    default: return { text: short(x, 4), unit: "" };
  }
}

/// "−0.11 pp [−0.31, +0.08]"
export function withInterval(i: { value?: number; low?: number; high?: number }, unit: string, n?: number | null, difference = false): string {
  const text = say(quantity(i.value, unit, n, difference));
  if (!isNumber(i.low) || !isNumber(i.high)) return text;
  return `${text} [${quantity(i.low, unit, n, difference).text}, ${quantity(i.high, unit, n, difference).text}]`;
}
