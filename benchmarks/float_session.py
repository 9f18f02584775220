"""A float session and nothing else: processor time of a pass over the samples, one run each, and the peak of the process.

Usage: float_session.py MODEL DATA.npz [--samples N]      prints one JSON object
"""

import argparse
import json
import statistics
import time

import feeds

PASSES = 3


def one_pass(session, inputs) -> float:
    start = time.process_time()
    for feed in inputs:
        session.run(None, feed)
    return time.process_time() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--samples", type=int, default=0)
    args = parser.parse_args()
    session = feeds.open_session(args.model)
    inputs = feeds.Feeds(session, args.data, limit=args.samples)
    passes = [one_pass(session, inputs) for _ in range(PASSES)]
    samples_bytes = sum(array.nbytes for array, _ in inputs.arrays.values())  # all in memory here, which no session asks for
    print(json.dumps({"pass_cpu_s": statistics.median(passes), "samples": len(inputs), "peak_bytes": feeds.peak_rss() - samples_bytes}))


if __name__ == "__main__":
    main()
