"""One measurement of a peer of tare's evaluation; prints one JSON object. CPU time is that of the call, without imports and reading.

Usage: evaluation_peers.py scipy REPLICATES SAMPLES
       evaluation_peers.py datasketch DOCUMENTS.jsonl COUNT SHINGLE
"""

import itertools
import json
import sys
import time


def scipy_bca(replicates: int, samples: int) -> dict:
    import numpy as np
    from scipy import stats

    values = np.random.default_rng(1).random(samples)
    start = time.process_time()
    found = stats.bootstrap((values,), np.mean, n_resamples=replicates, batch=100, method="BCa", rng=1)  # batch: else it asks for gigabytes
    return {"cpu_s": time.process_time() - start, "low": found.confidence_interval.low, "high": found.confidence_interval.high}


def datasketch_scan(path: str, count: int, shingle: int) -> dict:
    """Each document asks for those before it: candidates at a threshold of 0.8, its default bands, 128 components."""
    from datasketch import MinHash, MinHashLSH

    with open(path) as lines:
        texts = [json.loads(line)["text"] for line in itertools.islice(lines, count)]
    start, found = time.process_time(), []
    index = MinHashLSH(threshold=0.8, num_perm=128)
    for i, text in enumerate(texts):
        sketch = MinHash(num_perm=128)
        sketch.update_batch([text[k : k + shingle].encode() for k in range(len(text) - shingle + 1)])
        if index.query(sketch):
            found.append(i)
        index.insert(i, sketch)
    return {"cpu_s": time.process_time() - start, "found": found}


def main():
    name, *arguments = sys.argv[1:]
    if name == "scipy":
        result = scipy_bca(*map(int, arguments))
    else:
        result = datasketch_scan(arguments[0], int(arguments[1]), int(arguments[2]))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
