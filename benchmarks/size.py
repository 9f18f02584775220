"""The row `size`: a model larger than one protobuf, by tare and by onnxruntime's quantize_dynamic, in one run."""

import pathlib
import shutil

import numpy as np

import feeds
import generated

LAYERS = 10
SAMPLES = 64
ROOM_MEMORY, ROOM_DISK = 3.0, 4.5  # times the weights: 8 and 12 GB for ten layers


def available_memory() -> int:
    lines = pathlib.Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable"))


def need_room(folder, model_bytes: int):
    for what, free, need in (("memory", available_memory(), ROOM_MEMORY * model_bytes), ("disk", shutil.disk_usage(folder).free, ROOM_DISK * model_bytes)):
        if free < need:
            raise feeds.Skipped(f"{free / 1e9:.1f} GB of {what} are free, and {need / 1e9:.1f} are needed")


def quantize(bench, model, data, name: str) -> dict:
    folder = bench.made / name
    folder.mkdir()
    run = bench.quantize(model, data, folder / "out.onnx", "--format", name)
    written = sum(path.stat().st_size for path in folder.glob("out.onnx*"))
    shutil.rmtree(folder)
    if run["exit"]:
        return {"failure": f"exit {run['exit']}", "detail": run["errors"][-300:]}
    return {"cpu_s": run["cpu_s"], "wall_s": run["wall_s"], "peak_bytes": run["peak_bytes"], "written_bytes": written}


def size(bench, layers: int, say) -> dict:
    need_room(bench.made, layers * 4 * generated.WIDTH**2)
    folder = bench.made / "size"
    folder.mkdir()
    try:
        model, data = folder / "model.onnx", folder / "x0.npy"
        model_bytes = generated.matmuls(model, layers)
        np.save(data, np.random.default_rng(2).uniform(-1, 1, (SAMPLES, generated.WIDTH)).astype(np.float32))
        result = {"layers": layers, "model_bytes": model_bytes, "tare int8_dynamic": quantize(bench, model, data, "int8_dynamic"),
                  "ort_dynamic": bench.python("size_peers.py", model, folder / "peer.onnx", limit_s=10 * bench.timeout),
                  "tare auto": quantize(bench, model, data, "auto")}
    finally:
        shutil.rmtree(folder)
    for tool in ("tare int8_dynamic", "ort_dynamic", "tare auto"):
        say("size", f"{tool:<18} " + (f"{result[tool]['cpu_s']:.1f} s, {result[tool]['peak_bytes'] / model_bytes:.2f} of the model" if "cpu_s" in result[tool] else str(result[tool])))
    return result
