"""onnxruntime's quantize_dynamic of a model with its weights beside it; prints one JSON object. CPU time is that of the call, without imports.

Usage: size_peers.py tensor|column MODEL OUT.onnx      a scale for each weight, its default, or for each of its columns, as tare's
"""

import json
import os
import sys
import time

from onnxruntime import quantization as ortq

import feeds


def main():
    scales, model, out = sys.argv[1:]
    report = os.dup(1)
    os.dup2(2, 1)  # it prints on standard output
    wall, cpu = time.monotonic(), time.process_time()
    ortq.quantize_dynamic(model, out, use_external_data_format=True, per_channel=scales == "column")
    cost = {"cpu_s": time.process_time() - cpu, "wall_s": time.monotonic() - wall, "peak_bytes": feeds.peak_rss()}
    written = sum(os.path.getsize(path) for path in (out, out + ".data") if os.path.exists(path))
    os.write(report, (json.dumps(cost | {"written_bytes": written}) + "\n").encode())


if __name__ == "__main__":
    main()
