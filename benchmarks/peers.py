"""Makes one peer's quantized model, in a process of its own with memory and threads capped.

Usage: peers.py PEER MODEL DATA.npz OUT.onnx [--samples N] [--seed N]      prints one JSON object: cost, or how it failed
       peers.py float MODEL DATA.npz - --samples N                plain float inference of the same samples, for the ratio
Each ONNX Runtime peer first tries its own advice, quant_pre_process, and goes on without it where that fails.
"""

import argparse
import importlib
import json
import os
import resource
import sys
import tempfile
import time
import warnings

import onnx
import onnx.version_converter
import onnxruntime as ort
from onnxruntime import quantization as ortq
from onnxruntime.quantization.shape_inference import quant_pre_process

import feeds

MEMORY_LIMIT = 4 << 30  # of address space: what a small build machine has
FLOAT_BATCH = 20  # of plain inference and of ONNX Runtime's readers; NNCF's statistics are by sample, so it gets 1
COMPUTE = ["Conv", "ConvTranspose", "MatMul", "Gemm"]


class OneThreadSession(ort.InferenceSession):
    """NNCF's and the calibrators' sessions use every core; these use one, and say nothing."""

    def __init__(self, model, sess_options=None, *args, **kwargs):
        options = sess_options or ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        super().__init__(model, options, *args, **kwargs)


class Reader(ortq.CalibrationDataReader):
    def __init__(self, inputs):
        self.rest = iter(inputs)

    def get_next(self):
        return next(self.rest, None)

    def rewind(self):
        raise NotImplementedError


def pre_process(model_path: str, folder: str) -> str:
    """Folded and shape-inferred copy; without symbolic shapes where those fail; the model itself where all fails."""
    out = os.path.join(folder, "pre.onnx")
    for skip_symbolic_shape in (False, True):
        try:
            quant_pre_process(model_path, out, skip_symbolic_shape=skip_symbolic_shape)
            return out
        except Exception:
            continue
    return model_path


def to_opset_17(model_path: str, folder: str) -> str:
    model = onnx.load(model_path)
    if max((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), default=17) >= 17:
        return model_path
    out = os.path.join(folder, "opset17.onnx")
    onnx.save(onnx.version_converter.convert_version(model, 17), out)
    return out


def ort_static(model, inputs, out, folder, opset_17=False, **options):
    source = pre_process(to_opset_17(model, folder) if opset_17 else model, folder)
    ortq.quantize_static(source, out, Reader(inputs), quant_format=ortq.QuantFormat.QDQ, per_channel=True, **options)


def ort_dynamic(model, inputs, out, folder):
    ortq.quantize_dynamic(pre_process(model, folder), out)


def nncf_default(model, inputs, out, folder, fold=False):
    import nncf  # loaded by main() before the clock starts; slow to load, so not for the others

    loaded = onnx.load(pre_process(model, folder) if fold else model)
    onnx.save(nncf.quantize(loaded, nncf.Dataset(inputs), subset_size=len(inputs)), out)


def by_method(method):
    uint8 = {"activation_type": ortq.QuantType.QUInt8, "weight_type": ortq.QuantType.QInt8}
    return lambda *args: ort_static(*args, calibrate_method=method, **uint8)


def uint8_static(*args, **options):
    ort_static(*args, opset_17=True, activation_type=ortq.QuantType.QUInt8, weight_type=ortq.QuantType.QInt8, **options)


PEERS = {
    "ort_static": ort_static,
    "ort_static_uint8": uint8_static,
    "ort_static_compute": lambda *args: uint8_static(*args, op_types_to_quantize=COMPUTE),
    "ort_dynamic": ort_dynamic,
    "ort_minmax": by_method(ortq.CalibrationMethod.MinMax),
    "ort_entropy": by_method(ortq.CalibrationMethod.Entropy),
    "ort_percentile": by_method(ortq.CalibrationMethod.Percentile),
    "nncf": nncf_default,
    "nncf_folded": lambda *args: nncf_default(*args, fold=True),
}


def reset_peak():
    with open("/proc/self/clear_refs", "w") as clear:
        clear.write("5")


def run_float(model, inputs):
    session = feeds.open_session(model)
    start = time.process_time()
    for feed in inputs:
        session.run(None, feed)
    return {"runs_cpu_s": time.process_time() - start}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["float", *PEERS])
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("out")
    parser.add_argument("--samples", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    model, data, out = (os.path.abspath(path) for path in (args.model, args.data, args.out))
    warnings.simplefilter("ignore")
    if args.peer.startswith("nncf"):
        importlib.import_module("nncf")
    batch = FLOAT_BATCH if args.peer in ("float", "ort_minmax", "ort_entropy", "ort_percentile") else 1
    inputs = feeds.open_feeds(model, data, args.samples // batch, batch, args.seed)  # before the clock starts
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    ort.InferenceSession = OneThreadSession
    result, report = {}, os.dup(1)
    os.dup2(2, 1)  # the peers print on standard output
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # some leave temporary files where they stand
        reset_peak()
        idle, wall, cpu = feeds.peak_rss(), time.monotonic(), time.process_time()
        try:
            result = (run_float(model, inputs) if args.peer == "float" else PEERS[args.peer](model, inputs, out, folder)) or {}
        except MemoryError:
            result = {"failure": "out of memory", "detail": f"over {MEMORY_LIMIT >> 30} GiB"}
        except Exception as error:
            text = (str(error).strip() or "no message").splitlines()[0]
            memory = "bad_alloc" in text or "Failed to allocate" in text
            result = {"failure": "out of memory" if memory else "exception", "detail": f"{type(error).__name__}: {text[:300]}"}
        result |= {"wall_s": time.monotonic() - wall, "cpu_s": time.process_time() - cpu, "peak_bytes": feeds.peak_rss() - idle}
        os.chdir("/")
    os.write(report, (json.dumps(result) + "\n").encode())
    sys.exit(0)


if __name__ == "__main__":
    main()
