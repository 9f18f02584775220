#!/usr/bin/env python3
"""Writes tests/formats/data: small files of every data format, by numpy and pyarrow.

The files are committed and read for ever; run this only to add one:
    python3 -m venv /tmp/v && /tmp/v/bin/pip install numpy pyarrow
    /tmp/v/bin/python tests/formats/make_data.py
"""
import decimal
import gzip
import pathlib
import struct
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

OUT = pathlib.Path(__file__).parent / "data"
OUT.mkdir(exist_ok=True)


def counting(dtype, shape, first=0):
    """Element i is first + i, so that tests can say what they expect."""
    return (np.arange(np.prod(shape, dtype=int)) + first).reshape(shape).astype(dtype)


# One .npy for each element type: 3 samples of 2 numbers, 0 to 5.
for name in ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
             "float16", "float32", "float64"]:
    np.save(OUT / f"{name}.npy", counting(name, (3, 2)))
np.save(OUT / "big_endian.npy", counting(">f4", (3, 2)))
np.save(OUT / "fortran.npy", np.asfortranarray(counting("int32", (4, 3, 2))))
np.save(OUT / "scalar.npy", np.float32(2.5))
np.save(OUT / "text.npy", np.array(["cat", "dog"]))
np.save(OUT / "objects.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
np.save(OUT / "record.npy", np.zeros(2, dtype=[("a", "<i4"), ("b", "<f4")]))
np.save(OUT / "complex.npy", np.zeros(2, dtype="complex64"))
np.save(OUT / "empty.npy", np.zeros((0, 3), "float32"))
for version in [(1, 0), (2, 0), (3, 0)]:
    with open(OUT / f"version{version[0]}.npy", "wb") as f:
        np.lib.format.write_array(f, counting("float32", (3, 2)), version=version)

ARRAYS = {"images": counting("uint8", (4, 2, 3)), "labels": np.array([3, 1, 2, 0])}
np.savez(OUT / "stored.npz", **ARRAYS)
np.savez_compressed(OUT / "deflated.npz", **ARRAYS)
# Over 1 MiB when decoded: goes through a temporary file.
np.savez_compressed(OUT / "large_deflated.npz",
                    x=np.repeat((np.arange(3000) % 251).astype("uint8"), 1024).reshape(3000, 1024))
# What exporters make: a scalar beside arrays, an empty cache, an array of other length, objects.
np.savez(OUT / "mixed.npz", x=counting("float32", (3, 2)), rate=np.int64(16000),
         cache=np.zeros((3, 4, 0, 8), "float32"), other=counting("float32", (2, 2)),
         objects=np.array([None, {}, 1], dtype=object))
with zipfile.ZipFile(OUT / "odd_names.npz", "w") as z:
    for member in ["../../etc/x.npy", "gpu_0/data_0.npy", "no extension"]:
        with z.open(member, "w") as f:
            np.lib.format.write_array(f, counting("int16", (2, 1)))

# IDX by hand: numpy does not write it.
def idx(code, array):
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape) + array.tobytes()


IMAGES = idx(0x08, counting("uint8", (5, 2, 3)))
(OUT / "t-images-idx3-ubyte").write_bytes(IMAGES)
(OUT / "t-labels-idx1-ubyte").write_bytes(idx(0x08, np.array([4, 0, 1, 1, 2], "uint8")))
(OUT / "floats.idx").write_bytes(idx(0x0D, counting(">f4", (2, 2))))
(OUT / "shorts.idx").write_bytes(idx(0x0B, counting(">i2", (2, 2), -1)))
(OUT / "images.idx.gz").write_bytes(gzip.compress(IMAGES, mtime=0))

(OUT / "iris.csv").write_text(
    "sepal,petal,wide,species\r\n5.1,1,true,setosa\r\n4.9,2,false,versicolor\r\n"
    "6,3.5,true,\"setosa\"\r\n7.25,4,true,virginica\r\n")
(OUT / "plain.csv").write_text("0,1.5,2\n3,4.5,5\n")
(OUT / "semicolon.tsv").write_text("a;b\n1;2\n3;4\n")
(OUT / "gaps.csv").write_text("a,b,c\n1,2,x\n3,,y\n5,6,7\n")
(OUT / "rows.jsonl").write_text(
    '{"x": [[1, 2], [3, 4]], "label": "dog", "score": 1, "ok": true}\n'
    '{"x": [[5, 6], [7, 8.5]], "label": "cat", "score": 2.5, "ok": false}\n'
    '\n'
    '{"x": [[9, 10], [11, 12]], "label": "dog", "score": -3, "ok": true, "late": 1}\n')

def table(rows):
    return pa.table({
        "a": pa.array(range(rows), pa.int32()),
        "b": pa.array([i / 2 for i in range(rows)], pa.float32()),
        "flag": pa.array([i % 2 == 0 for i in range(rows)]),
        "name": pa.array([["dog", "cat", "ant"][i % 3] for i in range(rows)]),
        "list": pa.array([[i, i + 1, i + 2] for i in range(rows)], pa.list_(pa.int64())),
        "fixed": pa.array([[i, -i] for i in range(rows)], pa.list_(pa.float32(), 2)),
        "nested": pa.array([[[i, 1], [2, 3]] for i in range(rows)],
                           pa.list_(pa.list_(pa.uint8()))),
        "ragged": pa.array([[0] * (i % 2 + 1) for i in range(rows)], pa.list_(pa.int64())),
        "holes": pa.array([None if i == 1 else i for i in range(rows)], pa.int64()),
        "when": pa.array(range(rows), pa.timestamp("ms")),
        "kind": pa.array([["q", "p"][i % 2] for i in range(rows)]).dictionary_encode(),
    })




def types(rows):
    """Columns that writers of other systems keep in types of their own."""
    prices = [decimal.Decimal(i * 1001) / 100 for i in range(rows)]
    return pa.table({
        "price": pa.array(prices, pa.decimal128(10, 2)),
        "wide": pa.array(prices, pa.decimal256(50, 4)),
        "level": pa.array([[2.5, -1.25][i % 2] for i in range(rows)]).dictionary_encode(),
        "count": pa.array([[70000, 3][i % 2] for i in range(rows)], pa.int32()).dictionary_encode(),
        "view": pa.array([["b", "a longer text than twelve bytes"][i % 2] for i in range(rows)],
                         pa.string_view()),
        "bytes": pa.array([[b"y", b"x"][i % 2] for i in range(rows)], pa.binary()),
        "large": pa.array([["v", "u"][i % 2] for i in range(rows)], pa.large_string()),
        "raw": pa.array([bytes([255, i]) for i in range(rows)], pa.binary()),
    })


pq.write_table(table(5), OUT / "table.parquet", row_group_size=2)
pq.write_table(types(4), OUT / "types.parquet", row_group_size=3)
pq.write_table(table(5), OUT / "zstd.parquet", compression="zstd", use_dictionary=False)
