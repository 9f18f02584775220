"""Samples of an .npz file as inputs of a model, one dict a run; the rules are those of tare's --data."""

import collections.abc
import pathlib

import numpy as np
import onnxruntime as ort

CIFAR_MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(3, 1, 1)
CIFAR_STD = np.array([0.229, 0.224, 0.225], np.float32).reshape(3, 1, 1)


class Skipped(Exception):
    """A model or data that is not at hand, or a machine that is too small: the row says so and the others go on."""


def peak_rss() -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) << 10


def one_thread() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return options


def open_session(model, optimized_path: str = "") -> ort.InferenceSession:
    options = one_thread()
    if optimized_path:
        options.optimized_model_filepath = optimized_path
    return ort.InferenceSession(model if isinstance(model, bytes) else str(model), options, providers=["CPUExecutionProvider"])


class Feeds(collections.abc.Sequence):
    """Feed i of a model: rows [i * batch, (i + 1) * batch) of arrays of the model's rank, element i of those of one axis more."""

    def __init__(self, session: ort.InferenceSession, data_path, batch: int = 1, limit: int = 0):
        with np.load(data_path) as arrays:
            self.arrays = {i.name: (arrays[i.name], len(i.shape)) for i in session.get_inputs()}
        fixed = [i.shape[0] for i in session.get_inputs() if i.shape and isinstance(i.shape[0], int) and i.shape[0] > 0 and self._is_rows(i.name)]
        self.batch = fixed[0] if fixed else batch
        counts = [len(a) // (self.batch if len(a.shape) == rank else 1) for a, rank in self.arrays.values()]
        self.count = min(min(counts), limit or min(counts))

    def _is_rows(self, name: str) -> bool:
        array, rank = self.arrays[name]
        return array.ndim == rank

    def __len__(self):
        return self.count

    def __getitem__(self, i: int) -> dict:
        if i >= self.count:
            raise IndexError(i)
        return {name: a[i * self.batch : (i + 1) * self.batch] if a.ndim == rank else a[i] for name, (a, rank) in self.arrays.items()}


class CifarFeeds(collections.abc.Sequence):
    """Images chosen by seed, normalised when they are asked for: memory holds the file's bytes and no more."""

    def __init__(self, data_path, samples: int = 0, batch: int = 1, seed: int = 0):
        with np.load(data_path) as arrays:
            images = arrays["input"]
        chosen = np.sort(np.random.default_rng(seed).permutation(len(images))[:samples]) if samples else slice(None)
        self.images = images[chosen]
        self.batch = batch

    def __len__(self):
        return -(-len(self.images) // self.batch)

    def __getitem__(self, i: int) -> dict:
        if i >= len(self):
            raise IndexError(i)
        pixels = self.images[i * self.batch : (i + 1) * self.batch].astype(np.float32)
        return {"input": (pixels / np.float32(255) - CIFAR_MEAN) / CIFAR_STD}


def open_feeds(model_path, data_path, runs: int = 0, batch: int = 1, seed: int = 0):
    """CIFAR images need preprocessing (and no session, which would count as memory); the rest is in the file as the model takes it."""
    if pathlib.Path(data_path).name.startswith("cifar10"):
        return CifarFeeds(data_path, runs * batch, batch, seed)
    return Feeds(open_session(model_path), data_path, batch, runs)


def sentences(sts_path, suffixes: str = "ab") -> dict:
    """Distinct sentences of the pairs, as MiniLM's inputs, in their order."""
    with np.load(sts_path) as arrays:
        ids = np.concatenate([arrays["input_ids_" + s] for s in suffixes])
        mask = np.concatenate([arrays["attention_mask_" + s] for s in suffixes])
    first = np.sort(np.unique(ids, axis=0, return_index=True)[1])
    return {"input_ids": ids[first], "attention_mask": mask[first]}
