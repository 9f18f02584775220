// report.json as docs/formats/report.md describes it. Everything is optional here: the page must survive an older, newer or partial file.

export interface Interval { value?: number; low?: number; high?: number }
export type Metrics = Record<string, (Interval & { label?: string; unit?: string; better?: string }) | number | undefined>;
export interface ClassRow { class?: number; name?: string; n?: number; recall?: Interval; precision?: Interval; f1?: Interval }
export interface Group { name?: string; where?: string; description?: string; n?: number; metrics?: Metrics }
export interface Latency {
  batch?: number; threads?: number; runs?: number; p50?: number; p90?: number; p99?: number; low?: number; high?: number; throughput_per_s?: number;
  quantiles?: { p50?: Interval; p90?: Interval; p99?: Interval };
}
export interface Side {
  label?: string; path?: string; metrics?: Metrics; per_class?: ClassRow[]; confusion?: number[][]; slices?: Group[]; distributions?: Group[];
  latency_ms?: Latency; latency?: Latency[]; throughput_per_s?: number; model_bytes?: number; loaded_rss_bytes?: number; resident_rss_bytes?: number; peak_rss_bytes?: number; load_ms?: number; cold_start_ms?: number;
  energy?: { status?: string; joules_per_sample?: number; joules_per_correct?: number; method?: string };
}
export interface ExtraDamage extends Interval { metric?: string; p?: number; p_holm?: number }
export interface PairedGroup { name?: string; n?: number; flips?: number; harmful?: number; helpful?: number; difference?: Record<string, Interval>; extra_damage?: ExtraDamage }
export interface FoundSlice {
  where?: string; n?: number; harmful?: number; rest_n?: number; rest_harmful?: number; baseline?: Interval; candidate?: Interval; difference?: Interval; p?: number; p_holm?: number;
}
export interface Paired {
  n?: number; flips?: number; flip_rate?: number; flip_rate_interval?: { low?: number; high?: number }; harmful?: number; helpful?: number;
  discordant?: number; mcnemar_p?: number; top1_agreement?: Interval;
  kl_nats?: { mean?: number; p50?: number; p95?: number; p99?: number; max?: number };
  difference?: Record<string, Interval>;
  per_class?: { class?: number; n?: number; flips?: number; harmful?: number; helpful?: number; p?: number; p_holm?: number; recall_difference?: Interval; precision_difference?: Interval; f1_difference?: Interval }[];
  slices?: PairedGroup[]; distributions?: PairedGroup[];
}
export interface Flip {
  place?: number; sample?: number; id?: string; line?: number; kind?: string; label?: string; baseline?: string; candidate?: string;
  baseline_confidence?: number; candidate_confidence?: number; margin?: number; image?: string; fields?: [string, string][];
}
export interface ShownFlips { total?: number; in_file?: number; file?: string; flips?: Flip[] }
export interface Output {
  name?: string; shape?: (string | number)[]; n?: number; cosine?: { mean?: number; least?: number; low?: number; high?: number };
  relative_error?: number; snr_db?: number; flips?: number; flip_rate?: number;
  judged?: { measure?: string; value?: number; bound?: number; holds?: boolean; strain?: number; text?: string };
}
export interface Check {
  metric?: string; scope?: string; label?: string; kind?: string; baseline?: number; candidate?: number; statistic?: number; low?: number; high?: number;
  margin?: number; limit?: number; direction?: string; bound?: number; unit?: string; n?: number | null; test?: string; p?: number; verdict?: string;
  reason?: string; settle_n?: number;
}
export interface Candidate {
  format?: string; speedup?: number; speedup_interval?: { low?: number; high?: number }; cosine?: { mean?: number; least?: number }; size_ratio?: number;
  latency_ms?: number; fused?: number; expected?: number; chosen?: boolean; reason?: string;
}
export interface Node {
  name?: string; op?: string; format?: string; float_bytes?: number; quantized_bytes?: number; fused?: boolean | null; reason?: string;
}
export interface TensorRow {
  name?: string; kind?: string; dtype?: string; n?: number; min?: number; max?: number; low?: number; high?: number; method?: string;
  scale?: number | number[]; zero_point?: number | number[]; clipped_share?: number; zero_share?: number;
  histogram?: { low?: number; high?: number; counts?: number[] };
}
export interface DataUse { path?: string; n?: number; digest?: string; seed?: number }
export interface Report {
  schema_version?: number; tare_version?: string; created?: string; name?: string; task?: string; headline?: string; verdict?: string | null; summary?: string; n?: number;
  classes?: string[]; intervals?: { confidence?: number; method?: string; replicates?: number; seed?: number };
  baseline?: Side; candidate?: Side; paired?: Paired; outputs?: Output[];
  slice_search?: { metric?: string; tests?: number; alpha?: number }; found_slices?: FoundSlice[];
  gate?: { policy_digest?: string; confidence?: number; declared?: string; checks?: Check[] };
  cost?: {
    speedup?: number; speedup_interval?: { low?: number; high?: number }; by_batch?: { batch?: number; threads?: number; speedup?: number; low?: number; high?: number }[];
    size_ratio?: number; memory_ratio?: number; energy_ratio?: number;
  };
  candidates?: Candidate[];
  fusion?: { expected?: number; fused?: number; islands?: { node?: string; op?: string; rule?: string; reason?: string }[] };
  nodes?: Node[]; tensors?: TensorRow[];
  data?: { calibration?: DataUse; search?: DataUse; test?: DataUse; disjoint?: boolean; duplicates_across?: number };
  host?: { cpu?: string; isa?: string[]; threads?: number; cores?: number; memory_bytes?: number; os?: string; runtime?: string };
  digests?: Record<string, string>;
  findings?: { scope?: string; what?: string }[];
  warnings?: { what?: string; next?: string }[];
}
