#!/usr/bin/env python3
"""idx_to_folder.py IMAGES LABELS FOLDER: grey images of an IDX file as 8-bit BMP files.

FOLDER/classes/c<label>/<number>.bmp and FOLDER/images.csv (file,label). A fourth argument N repeats each pixel N
times across and down.
"""
import pathlib
import struct
import sys


def write_bmp(path, rows):
    width, height = len(rows[0]), len(rows)
    palette = b"".join(bytes([i, i, i, 0]) for i in range(256))
    pixels = b"".join(row + bytes(-width % 4) for row in reversed(rows))
    begin = 54 + len(palette)
    path.write_bytes(b"BM" + struct.pack("<IHHI", begin + len(pixels), 0, 0, begin) +
                     struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 0, len(pixels), 2835, 2835, 256, 0) +
                     palette + pixels)


images = pathlib.Path(sys.argv[1]).read_bytes()
labels = pathlib.Path(sys.argv[2]).read_bytes()[8:]
folder = pathlib.Path(sys.argv[3])
times = int(sys.argv[4]) if len(sys.argv) > 4 else 1
count, height, width = struct.unpack(">III", images[4:16])
lines = ["file,label"]
for i in range(count):
    name = f"classes/c{labels[i]}/{i:04d}.bmp"
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    image = images[16 + i * height * width:16 + (i + 1) * height * width]
    rows = [image[y * width:(y + 1) * width] for y in range(height) for _ in range(times)]
    write_bmp(folder / name, [bytes(v for v in row for _ in range(times)) for row in rows])
    lines.append(f"{name},{labels[i]}")
(folder / "images.csv").write_text("\n".join(lines) + "\n")
