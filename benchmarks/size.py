"""The row `size`: a model larger than one protobuf, by tare and by onnxruntime's quantize_dynamic, in one run."""

import pathlib
import shutil

import numpy as np

import feeds
import generated

LAYERS = 10
SAMPLES = 64
TURNS = 3
ROOM_MEMORY, ROOM_DISK = 3.0, 4.5  # times the weights: 8 and 12 GB for ten layers


def available_memory() -> int:
    lines = pathlib.Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable"))


def need_room(folder, model_bytes: int):
    for what, free, need in (("memory", available_memory(), ROOM_MEMORY * model_bytes), ("disk", shutil.disk_usage(folder).free, ROOM_DISK * model_bytes)):
        if free < need:
            raise feeds.Skipped(f"{free / 1e9:.1f} GB of {what} are free, and {need / 1e9:.1f} are needed")


def tare(bench, folder, *options) -> dict:
    run = bench.quantize(folder / "model.onnx", folder / "x0.npy", folder / "out.onnx", *options)
    if run["exit"]:
        return {"failure": f"exit {run['exit']}", "detail": run["errors"][-300:]}
    recipe = folder / "out.recipe.yaml"
    if recipe.exists():  # not where one was applied
        recipe.replace(folder / "recipe.yaml")
    return {"cpu_s": run["cpu_s"], "wall_s": run["wall_s"], "peak_bytes": run["peak_bytes"], "written_bytes": sum(path.stat().st_size for path in folder.glob("out.onnx*"))}


def peer(bench, folder, scales: str) -> dict:
    return bench.python("size_peers.py", scales, folder / "model.onnx", folder / "out.onnx", limit_s=10 * bench.timeout)


# The two that are compared are taken in turns; the others once. The recipe is that of the run before it, and nothing is measured there.
TOOLS = {
    "tare int8_dynamic": (TURNS, lambda bench, folder: tare(bench, folder, "--format", "int8_dynamic")),
    "ort_dynamic": (TURNS, lambda bench, folder: peer(bench, folder, "tensor")),
    "tare recipe": (1, lambda bench, folder: tare(bench, folder, "--recipe", folder / "recipe.yaml")),
    "ort_dynamic_columns": (1, lambda bench, folder: peer(bench, folder, "column")),
    "tare auto": (1, lambda bench, folder: tare(bench, folder, "--format", "auto")),
}


def measure(bench, folder) -> dict:
    runs = {tool: [] for tool in TOOLS}
    for turn in range(TURNS):
        for tool, (turns, make) in TOOLS.items():
            if turn >= turns:
                continue
            runs[tool].append(make(bench, folder))
            for path in folder.glob("out.*"):
                path.unlink()
    middle = lambda cells: sorted(cells, key=lambda cell: cell["cpu_s"])[len(cells) // 2] | {"n": len(cells)}
    return {tool: next((cell for cell in cells if "failure" in cell), None) or middle(cells) for tool, cells in runs.items()}


def size(bench, layers: int, say) -> dict:
    need_room(bench.made, layers * 4 * generated.WIDTH**2)
    folder = bench.made / "size"
    folder.mkdir()
    try:
        model_bytes = generated.matmuls(folder / "model.onnx", layers)
        np.save(folder / "x0.npy", np.random.default_rng(2).uniform(-1, 1, (SAMPLES, generated.WIDTH)).astype(np.float32))
        result = {"layers": layers, "model_bytes": model_bytes, "tools": measure(bench, folder)}
    finally:
        shutil.rmtree(folder)
    for tool, cell in result["tools"].items():
        say("size", f"{tool:<20} " + (f"{cell['cpu_s']:.1f} s, {cell['peak_bytes'] / model_bytes:.2f} of the model" if "cpu_s" in cell else str(cell)))
    return result
