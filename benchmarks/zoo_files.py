"""The models of the zoo and the samples of each."""

import pathlib

import numpy as np

import feeds

HERE = pathlib.Path(__file__).resolve().parent


def packaged() -> list[str]:
    """Those of models.txt, in its order."""
    return [line.split()[0] for line in (HERE / "models.txt").read_text().splitlines() if line and line[0] != "#"]


def all_names(bench) -> list[str]:
    """Those of models.txt, then whatever else TARE_BENCH_DATA holds with its samples beside it."""
    beside = {path.stem for root in bench.roots for path in (root / "models" / "zoo").glob("*.onnx") if path.with_suffix(".npz").is_file()}
    return packaged() + sorted(beside - set(packaged()))


def sentences(bench, name: str, take: slice, length: int = 64) -> pathlib.Path:
    path = bench.made / f"{name}.npz"
    chosen = feeds.sentences(bench.at_hand("data/sts-train.npz"))
    np.savez(path, **{key: value[take][:, :length] for key, value in chosen.items()})
    return path


def pair(bench, name: str) -> tuple[pathlib.Path, pathlib.Path]:
    """A model and its samples; MiniLM-L3's are 200 sentences."""
    model = bench.at_hand(f"models/zoo/{name}.onnx")
    return model, sentences(bench, "minilm-zoo", slice(0, 200)) if name == "minilm_l3" else bench.at_hand(f"models/zoo/{name}.npz")
