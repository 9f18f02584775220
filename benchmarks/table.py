"""Prints results.json as tables, for the terminal and as Markdown at once.

Usage: table.py RESULTS.json --out FILE.md [--write DOC.md]     --write replaces what is between the markers in DOC.md
"""

import argparse
import json
import math
import pathlib
import sys
import unicodedata

BEGIN, END = "<!-- benchmarks/run --write: begin -->", "<!-- benchmarks/run --write: end -->"
NAMES = {"tare": "tare quantize", "tare_calibrate": "tare calibrate", "tare auto": "tare, auto", "tare int8_static": "tare, int8_static",
         "ort_minmax": "ORT MinMax", "ort_entropy": "ORT Entropy", "ort_percentile": "ORT Percentile", "nncf": "NNCF", "nncf_folded": "NNCF, BatchNorm folded",
         "ort_dynamic": "ORT dynamic", "ort_static": "ORT static", "ort_static_uint8": "opset 17, uint8", "ort_static_compute": "that, compute only"}
LATENCY_BARS = {"1": 0.50, "8": 0.46, "32": 0.45}


def width(text: str) -> int:
    return sum(0 if unicodedata.combining(c) else 1 for c in text)


def markdown(header: list[str], rows: list[list[str]]) -> str:
    rows = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(header, *rows)]
    line = lambda cells: "| " + " | ".join(c + " " * (w - width(c)) for c, w in zip(cells, widths)) + " |"
    return "\n".join([line(header), "| " + " | ".join("-" * w for w in widths) + " |", *map(line, rows)])


def ratio(cell: dict, digits: int = 2) -> str:
    return f"{cell['value']:.{digits}f} [{cell['low']:.{digits}f}, {cell['high']:.{digits}f}]"


def failure(cell: dict) -> str:
    return cell["failure"]


def met(value: bool) -> str:
    return "yes" if value else "**no**"


def calibration_table(row: dict) -> str:
    rows = []
    for tool, cells in row.items():
        if tool == "float":
            continue
        cost = {n: cells.get(str(n)) or {} for n in (300, 3000)}
        show = lambda n, text: text(cost[n]) if "ratio" in cost[n] else failure(cost[n])
        rows.append([NAMES[tool], show(300, lambda c: f"{c['cpu_s']:.2f}"), show(300, lambda c: f"{c['ratio']:.2f}x"), show(3000, lambda c: f"{c['ratio']:.2f}x"),
                     f"{cells['slope']:.2f}x" if "slope" in cells else "", show(300, lambda c: f"{c['over_float_bytes'] / 1e6:.0f}"),
                     show(3000, lambda c: f"{c['over_float_bytes'] / 1e6:.0f}")])
    return markdown(["", "CPU s, 300", "to float, 300", "to float, 3,000", "each further sample", "MB over float, 300", "MB, 3,000"], rows)


def operators(counts: dict) -> str:
    parts = [f"{n} {op}" for op, n in sorted(counts["integer"].items())]
    left = [f"{n} {op}" for op, n in sorted(counts["float"].items())]
    return (", ".join(parts) or "none") + (f"; float: {', '.join(left)}" if left else "")


def resnet_table(row: dict) -> str:
    rows = []
    for tool, cell in row.items():
        if "failure" in cell:
            rows.append([NAMES[tool], failure(cell)] + [""] * 7)
            continue
        classes, latency = cell["classes"], cell["latency"]
        rows.append([NAMES[tool], f"{classes['kl_nats']:.4f}", f"{classes['flips']:.0f}", f"{100 * classes['accuracy']:.2f} %", operators(cell["operators"]),
                     *[ratio(latency[b]) for b in LATENCY_BARS], f"{cell['size_ratio']:.3f}"])
    return markdown(["", "KL, nats", "flips", "accuracy", "in integers", "latency, 1", "8", "32", "size"], rows)


def minilm_table(row: dict) -> str:
    rows = []
    for tool, cell in row.items():
        if "failure" in cell:
            rows.append([NAMES[tool], f"{failure(cell)}: {cell['detail']}"] + [""] * 5)
            continue
        rows.append([NAMES[tool], *[ratio(cell["latency"][s]) for s in ("1x16", "1x64", "8x64")], f"{cell['cosine']['mean']:.4f}",
                     f"{cell['cosine']['least']:.3f}", f"{cell['size_ratio']:.3f}"])
    return markdown(["", "latency, 1x16", "1x64", "8x64", "cosine", "least", "size"], rows)


def speed(cell: dict) -> float:
    return 1 / cell["latency"]["1"]["value"]


def closeness(cell: dict) -> float:
    return cell.get("cosine", {}).get("mean", 1.0)  # no float output: nothing to lose


def zoo_cell(cell: dict) -> str:
    if "latency" in cell:
        return f"{speed(cell):.2f}x {closeness(cell):.4f}"
    if "failure" in cell:
        return failure(cell)
    return "left alone" if cell["left_alone"] and not cell["stray_file"] else f"exit {cell['exit']}"


def ends_well(cell: dict) -> bool:
    if "latency" in cell:
        return speed(cell) >= 1.05 and closeness(cell) >= 0.99
    return bool(cell.get("left_alone")) and not cell["stray_file"]


def zoo_table(row: dict) -> str:
    tools = ["tare", "ort_static", "ort_static_uint8", "ort_static_compute", "ort_dynamic", "nncf"]
    rows, reasons = [], []
    for name, cells in row.items():
        if "skipped" in cells:
            rows.append([name, f"skipped: {cells['skipped']}"] + [""] * 5)
            continue
        rows.append([name, *[zoo_cell(cells[tool]) for tool in tools]])
        if "reason" in cells["tare"]:
            reasons.append(f"- {name}: {cells['tare']['reason']}")
    text = markdown(["", "tare", *[NAMES[tool] for tool in tools[1:]]], rows)
    return text + ("\n\nWhy tare left models alone, in its own words:\n\n" + "\n".join(reasons) if reasons else "")


def calibration_bars(row: dict) -> list:
    tare = row["tare"]
    if "slope" not in tare:
        return [["tare quantize, ResNet-20", "ends", tare.get("300", {}).get("failure", "fails"), met(False)]]
    peers = [c["300"]["ratio"] for tool, c in row.items() if tool[:4] in ("ort_", "nncf") and "ratio" in c.get("300", {})]
    memory = [tare[n]["over_float_bytes"] / 1e6 for n in ("300", "3000")]
    bars = [["calibration: each further sample, all range methods", "<= 1.3x", f"{tare['slope']:.2f}x", met(tare["slope"] <= 1.3)]]
    fastest = min([5.1, *peers])
    bars.append(["whole quantize, 300 samples", f"<= {fastest:.2f}x, the fastest peer", f"{tare['300']['ratio']:.2f}x", met(tare["300"]["ratio"] <= fastest)])
    bars.append(["peak memory over float, 300 and 3,000 samples", "<= 60 MB, equal", f"{memory[0]:.0f}, {memory[1]:.0f} MB",
                 met(max(memory) <= 60 and abs(memory[0] - memory[1]) <= 5)])
    return bars


def resnet_bars(row: dict) -> list:
    bars = []
    for tool in ("tare auto", "tare int8_static"):
        cell, name = row[tool], "ResNet-20, " + NAMES[tool]
        if "failure" in cell:
            bars.append([name, "ends", failure(cell), met(False)])
            continue
        classes, left = cell["classes"], cell["operators"]["float"]
        bars.append([name + ": KL, flips", "<= 0.0040, 71", f"{classes['kl_nats']:.4f}, {classes['flips']:.0f}", met(classes["kl_nats"] <= 0.0040 and classes["flips"] <= 71)])
        bars.append([name + ": Conv, Add, Gemm in integers", "all", operators(cell["operators"]), met(not any(left.get(op) for op in ("Conv", "Add", "Gemm")))])
        bars.append([name + ": latency at batch 1, 8, 32", "<= " + ", ".join(f"{bar:.2f}" for bar in LATENCY_BARS.values()),
                     ", ".join(f"{cell['latency'][b]['value']:.3f}" for b in LATENCY_BARS), met(all(cell["latency"][b]["value"] <= bar for b, bar in LATENCY_BARS.items()))])
    return bars


def minilm_bars(row: dict) -> list:
    ours, peer = row["tare auto"], row["ort_dynamic"]
    if "failure" in ours or "failure" in peer:
        return [["MiniLM-L3", "as fast and close as ORT dynamic", failure(ours if "failure" in ours else peer), met(False)]]
    shapes = ("1x16", "1x64", "8x64")
    times = lambda cell: ", ".join(f"{cell['latency'][s]['value']:.2f}" for s in shapes)
    # The same speed is one whose interval reaches the peer's.
    as_fast = all(ours["latency"][s]["low"] <= peer["latency"][s]["high"] for s in shapes)
    close = lambda cell: f"{cell['cosine']['mean']:.4f}, {cell['cosine']['least']:.3f}"
    as_close = ours["cosine"]["mean"] >= peer["cosine"]["mean"] and ours["cosine"]["least"] >= peer["cosine"]["least"]
    return [["MiniLM-L3: latency at " + ", ".join(shapes) + " (same: intervals overlap)", "<= " + times(peer), times(ours), met(as_fast)],
            ["MiniLM-L3: cosine, least", ">= " + close(peer), close(ours), met(as_close)]]


def zoo_bars(row: dict) -> list:
    measured = {name: cells["tare"] for name, cells in row.items() if "tare" in cells}
    if not measured:
        return []
    bad = [name for name, cell in measured.items() if not ends_well(cell)]
    text = f"{len(measured) - len(bad)} of {len(measured)}" + (f"; not {', '.join(bad)}" if bad else "")
    return [["zoo: 1.05x and cosine 0.99, or left alone with a reason", f"{len(measured)} of {len(measured)}", text, met(not bad)]]


def evaluation_cells(row: dict, name: str, cells) -> list[list[str]]:
    part = row.get(name, {"failure": "not measured", "detail": ""})
    return [[name, f"{part['failure']}: {part['detail']}", "", "", ""]] if "failure" in part else cells(part)


def evaluation_table(row: dict) -> str:
    percent = lambda share: f"{100 * share:.1f} %"
    power = lambda p: [[f"a lost point found, n = {p['n']:,}", percent(p["found"]["tare"]), percent(p["found"]["unpaired z"]), "unpaired z of two standard errors", f"{p['trials']} test sets"],
                       ["", percent(p["found"]["tare"]), percent(p["found"]["two scalars"]), "two scalars, more than a point", ""],
                       ["the margin itself passed", percent(p["passed_at_margin"]), "", "", f"{p['trials']} test sets"]]
    bootstrap = lambda p: [["BCa, 10,000 replicates of 10,000 samples, CPU s", f"{p['cpu_s']:.3f}", f"{p['peer_cpu_s']:.2f}", f"scipy.stats.bootstrap: {p['ratio']:.1f} times as long", f"{p['n']} runs in turns"]]
    duplicates = lambda p: [["near duplicates, documents a CPU second", f"{p['per_s']:,.0f}", f"{p['peer_per_s']:,.0f}", f"datasketch: 1/{p['ratio']:.0f} as many", f"{p['n']} runs in turns"],
                            [f"recall at a Jaccard index of {p['least_jaccard']:.2f}", percent(p["recall"]), percent(p["peer_recall"]), "datasketch, threshold 0.8", f"{p['planted']:,} pairs"]]
    overhead = lambda p: [[f"evaluation over bare inference, batch {batch}", percent(cell["value"]), "", "", f"{percent(cell['low'])} to {percent(cell['high'])} of 5 runs"] for batch, cell in p.items()]
    rows = [cells for name, part in (("power", power), ("bootstrap", bootstrap), ("duplicates", duplicates), ("overhead", overhead)) for cells in evaluation_cells(row, name, part)]
    return markdown(["", "tare", "peer", "which", "n"], rows)


def evaluation_bars(row: dict) -> list:
    bars, has = [], lambda name: name in row and "failure" not in row[name]
    if has("power"):
        found, passed, trials = row["power"]["found"], row["power"]["passed_at_margin"], row["power"]["trials"]
        allowed = 0.05 + 3 * (0.05 * 0.95 / trials) ** 0.5
        bars.append(["gate: a lost point found, 2,000 samples", "> 2x an unpaired z", f"{100 * found['tare']:.0f} %, {100 * found['unpaired z']:.0f} %", met(found["tare"] > 2 * found["unpaired z"])])
        bars.append(["gate: the margin itself passed", "<= 5 % but for chance", f"{100 * passed:.1f} %", met(passed <= allowed)])
    if has("bootstrap"):
        bars.append(["BCa, 10,000 replicates of 10,000 samples", "<= 0.15 s", f"{row['bootstrap']['cpu_s']:.3f} s", met(row["bootstrap"]["cpu_s"] <= 0.15)])
    if has("duplicates"):
        p = row["duplicates"]
        bars.append(["near duplicates: documents a second, recall at 0.8", ">= 50,000, 0.95", f"{p['per_s']:,.0f}, {p['recall']:.3f}", met(p["per_s"] >= 50_000 and p["recall"] >= 0.95)])
    if has("overhead"):
        worst = row["overhead"]["32"]["value"]
        bars.append(["evaluation over bare inference, ResNet-20, batch 32", "<= 5 %", f"{100 * worst:.2f} %", met(worst <= 0.05)])
    return bars


def choosing_cells(name: str, cell: dict) -> list[str]:
    if "of_allowed" not in cell:
        return [name, f"skipped: {cell['skipped']}" if "skipped" in cell else f"{failure(cell)}: {cell['detail']}"] + [""] * 7
    calibrate = f"{cell['calibrate_cpu_s']:.1f}" if "calibrate_cpu_s" in cell else ""
    return [name, f"{cell['samples']}", f"{cell['pass_cpu_s']:.2f}", calibrate, f"{cell['cpu_s']:.2f}", f"{cell['of_allowed']:.2f}",
            f"{cell['peak_bytes'] / 1e6:.0f}", f"{cell['float_peak_bytes'] / 1e6:.0f}", f"{memory_ratio(cell):.2f}"]


def memory_ratio(cell: dict) -> float:
    return cell["peak_bytes"] / cell["float_peak_bytes"]


def choosing_table(row: dict) -> str:
    return markdown(["", "samples", "float pass, CPU s", "tare calibrate", "tare quantize", "of 10 passes + 5 s", "peak, MB", "float session's", "ratio"],
                    [choosing_cells(name, cell) for name, cell in row.items()])


def choosing_bars(row: dict) -> list:
    bars = []
    for name in (name for name in row if name.startswith("resnet50")):
        passes = row[name].get("choosing", math.inf)
        bars.append([f"{name}, 224 x 224, 100 samples: choosing, in calibration passes", "<= 2", f"{passes:.2f}" if "choosing" in row[name] else failure(row[name]), met(passes <= 2)])
    measured = {name: cell for name, cell in row.items() if "skipped" not in cell}
    for title, bar, value in (("whole quantize, over 10 float passes + 5 CPU s", 1, lambda cell: cell["of_allowed"]), ("peak memory over the float session's", 3, memory_ratio)):
        over = [f"{name} {value(cell):.2f}" if "of_allowed" in cell else f"{name} {failure(cell)}" for name, cell in measured.items()
                if "of_allowed" not in cell or value(cell) > bar]
        text = f"{len(measured) - len(over)} of {len(measured)}" + (f"; not {', '.join(over)}" if over else "")
        bars.append([f"{title}: <= {bar}", f"{len(measured)} of {len(measured)}", text, met(not over)])
    return bars


SIZE_TOOLS = {"tare int8_dynamic": "tare, int8_dynamic", "tare auto": "tare, auto", "tare recipe": "tare, its recipe: nothing measured",
              "ort_dynamic": "ORT quantize_dynamic", "ort_dynamic_columns": "ORT, a scale a column, as tare"}


def size_table(row: dict) -> str:
    rows = []
    for tool, name in SIZE_TOOLS.items():
        cell = row["tools"][tool]
        rows.append([name, f"{failure(cell)}: {cell['detail']}"] + [""] * 5 if "failure" in cell else
                    [name, f"{cell['cpu_s']:.1f}", f"{cell['wall_s']:.1f}", f"{cell['peak_bytes'] / 1e9:.2f}", f"{cell['peak_bytes'] / row['model_bytes']:.2f}",
                     f"{cell['written_bytes'] / 1e9:.2f}", f"{cell['n']}"])
    return (f"{size_title(row)} of weights beside the model.\n\n" + markdown(["", "CPU s", "wall s", "peak, GB", "peak / weights", "written, GB", "n"], rows))


def size_title(row: dict) -> str:
    return f"{row['layers']} MatMul of 8192 x 8192, {row['model_bytes'] / 1e9:.2f} GB"


def size_bars(row: dict) -> list:
    tools, title = row["tools"], size_title(row) + ": "
    failed = [[title + SIZE_TOOLS[tool], "ends", failure(tools[tool]), met(False)] for tool in ("tare int8_dynamic", "tare auto", "ort_dynamic") if "failure" in tools[tool]]
    if failed:
        return failed
    dynamic, auto, peer = tools["tare int8_dynamic"], tools["tare auto"], tools["ort_dynamic"]
    to_peer, to_dynamic = dynamic["cpu_s"] / peer["cpu_s"], auto["cpu_s"] / dynamic["cpu_s"]
    peaks = [cell["peak_bytes"] / row["model_bytes"] for cell in (dynamic, auto)]
    return [[title + "dynamic over quantize_dynamic", "<= 0.6", f"{to_peer:.2f}", met(to_peer <= 0.6)],
            [title + "auto over dynamic", "<= 3", f"{to_dynamic:.2f}", met(to_dynamic <= 3)],
            [title + "peak over the weights, dynamic, auto", "<= 1.4", ", ".join(f"{peak:.2f}" for peak in peaks), met(max(peaks) <= 1.4)]]


SAME_LEAST = 93  # of 100: an interval of 95 % that is right misses this in 13 of 100 tries


def same_table(row: dict) -> str:
    rows = []
    for machine, part in row.items():
        if "failure" in part:
            rows.append([machine, f"{failure(part)}: {part['detail']}"] + [""] * 4)
            continue
        rows += [[machine, batch, f"{cell['hold']} of {cell['n']}", f"{cell['above']}", f"{100 * cell['width']:.1f} %", f"{part['load']:.1f}"] for batch, cell in part["batches"].items()]
    return markdown(["machine", "batch", "intervals that hold 1", "lie above it", "median width", "load"], rows)


def same_bars(row: dict) -> list:
    bars = []
    for machine, part in row.items():
        title = f"the same file on both sides, {machine}: intervals that hold 1, batch "
        if "failure" in part:
            bars.append([title + "1, 8", f">= {SAME_LEAST} of 100", failure(part), met(False)])
            continue
        cells = part["batches"]
        bars.append([title + ", ".join(cells), f">= {SAME_LEAST} of 100", ", ".join(str(cell["hold"]) for cell in cells.values()), met(all(100 * cell["hold"] >= SAME_LEAST * cell["n"] for cell in cells.values()))])
    return bars


ROWS = {
    "calibration": ("Cost of making ResNet-20's static int8 model", calibration_table, calibration_bars),
    "resnet20": ("ResNet-20, static int8", resnet_table, resnet_bars),
    "minilm": ("MiniLM-L3, `--tolerance 0.03`", minilm_table, minilm_bars),
    "zoo": ("The public zoo: speed, float time / int8 time at one sample a run, and the worst output's cosine", zoo_table, zoo_bars),
    "evaluation": ("Evaluation: what the verdict is worth, and what it costs", evaluation_table, evaluation_bars),
    "choosing": ("Choosing: time and memory of `tare quantize` at its defaults, beside a float session of the same samples", choosing_table, choosing_bars),
    "size": ("A model larger than one protobuf", size_table, size_bars),
    "same": ("The same file on both sides of `tare evaluate`: ResNet-20, 64 samples", same_table, same_bars),
}


def describe(results: dict) -> str:
    machine, versions, seconds = results["machine"], results["versions"], results["seconds"]
    kept = [name for name, was_kept in results.get("peers_kept", {}).items() if was_kept]
    on = lambda name: f" ({results['dates'][name]})" if results.get("dates", {}).get(name, results["date"]) != results["date"] else ""
    same = "tare and the peers load the same libonnxruntime file, by SHA-256" if results["library"]["same"] else "**tare and the peers load different libonnxruntime files**"
    return "\n".join([f"`benchmarks/run --write`, {results['date']}, {results['tare']}.",
                      f"{machine['cpu']}, {machine['cores']} cores, {' '.join(machine['isa'])}; load {results.get('load', 0):.1f} at the end.",
                      f"ONNX Runtime {versions['onnxruntime']} ({same}), NNCF {versions['nncf']}, Python {versions['python']}; one thread.",
                      "It took " + ", ".join(f"{name} {value / 60:.1f}{on(name)}" for name, value in seconds.items()) + " minutes."
                      + (f" The peers' figures of {', '.join(kept)} are those of an earlier run on this machine (`--keep-peers`)." if kept else "")])


def render(results: dict) -> str:
    parts, bars = [describe(results)], []
    for name, (title, table, bar) in ROWS.items():
        row = results["rows"].get(name)
        if row is None:
            continue
        parts.append(f"### {title}\n\n" + (f"Skipped: {row['skipped']}." if "skipped" in row else table(row)))
        if "skipped" not in row:
            bars += bar(row)
    if bars:
        parts.insert(1, "### Against the aims\n\n" + markdown(["", "aim", "measured", "met"], bars))
    return "\n\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("results")
    parser.add_argument("--out", required=True)
    parser.add_argument("--write")
    args = parser.parse_args()
    text = render(json.loads(pathlib.Path(args.results).read_text()))
    pathlib.Path(args.out).write_text(text)
    print(text)
    if args.write:
        page = pathlib.Path(args.write)
        before, begin, rest = page.read_text().partition(BEGIN)
        _, end, after = rest.partition(END)
        if not begin or not end:
            sys.exit(f"error: {page} has not both markers\nnext:  put these on lines of their own: {BEGIN} and {END}")
        page.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}")


if __name__ == "__main__":
    main()
