#!/usr/bin/env python3
"""Writes tests/formats/data/images: small image files, and the values that Pillow reads out of them.

The files are committed and read for ever (Pillow 13.0.0, with libjpeg-turbo 3.2.0 and libwebp 1.6.0, wrote
them); run this only to add one:
    python3 -m venv /tmp/v && /tmp/v/bin/pip install numpy pillow
    /tmp/v/bin/python tests/formats/make_images.py

pillow.npz holds for each file NAME two arrays of one sample: NAME, Image.open(f).convert("RGB"), and NAME.grey,
convert("L"); and the sizes of rgb.png, Image.resize(size, BILINEAR), as torchvision's Resize does.
"""
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

OUT = pathlib.Path(__file__).parent / "data" / "images"
OUT.mkdir(exist_ok=True)
W, H = 37, 29
rng = np.random.default_rng(7)
y, x = np.mgrid[0:H, 0:W]
# Slopes, edges and noise: whatever a decoder or a filter gets wrong shows.
picture = np.stack([x * 6, y * 8, 255 * ((x // 5 + y // 4) % 2)], axis=-1) * 0.8
picture = np.clip(picture + rng.normal(0, 18, picture.shape), 0, 255).astype("uint8")
rgb = Image.fromarray(picture)
alpha = np.dstack([picture, (x * 7 % 256).astype("uint8")])


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_png16(path, values):  # [H, W, 3], 16 bits: Pillow reads it and does not write it
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    head = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) +
                     chunk(b"IEND", b""))


rgb.save(OUT / "rgb.png")
rgb.save(OUT / "rgb.jpg", quality=90)
rgb.save(OUT / "progressive.jpg", quality=80, progressive=True)
rgb.save(OUT / "full.jpg", quality=95, subsampling=0)
rgb.convert("L").save(OUT / "grey.jpg")
rgb.convert("CMYK").save(OUT / "cmyk.jpg", quality=90)
exif = Image.Exif()
exif[0x0112] = 6
rgb.save(OUT / "turned.jpg", quality=90, exif=exif)
Image.fromarray(alpha).save(OUT / "alpha.png")
palette = rgb.quantize(16)
palette.save(OUT / "palette.png", transparency=3)
rgb.convert("L").save(OUT / "grey.png")
Image.fromarray(np.dstack([picture[..., 0], alpha[..., 3]]), "LA").save(OUT / "grey_alpha.png")
rgb.convert("1").save(OUT / "bits.png")
write_png16(OUT / "rgb16.png", picture.astype("uint16") * 256 + rng.integers(0, 256, picture.shape))
rgb.save(OUT / "lossy.webp", quality=80)
Image.fromarray(alpha).save(OUT / "alpha.webp", lossless=True, exact=True)
rgb.save(OUT / "rgb.bmp")
palette.save(OUT / "palette.bmp")
rgb.convert("1").save(OUT / "bits.bmp")
Image.fromarray(alpha).save(OUT / "rgba.bmp")
rgb.convert("L").save(OUT / "grey.bmp")

expected = {}
for path in sorted(OUT.iterdir()):
    if path.suffix == ".npz" or path.name.startswith("unread"):
        continue
    expected[path.name] = np.asarray(Image.open(path).convert("RGB"))[None]
    expected[path.name + ".grey"] = np.asarray(Image.open(path).convert("L"))[None]
for size in [(16, 16), (64, 48), (19, 50), (37, 11), (5, 29), (90, 70), (1, 1)]:
    name = f"{size[0]}x{size[1]}"
    expected[name] = np.asarray(rgb.resize(size, Image.Resampling.BILINEAR))[None]
    expected[name + ".grey"] = np.asarray(rgb.convert("L").resize(size, Image.Resampling.BILINEAR))[None]


def resize_and_crop(image, shorter, crop):  # torchvision.transforms.functional: resize() and center_crop()
    w, h = image.size
    size = (shorter, int(shorter * h / w)) if w <= h else (int(shorter * w / h), shorter)
    image = image.resize(size, Image.Resampling.BILINEAR)
    top, left = int(round((size[1] - crop[1]) / 2.0)), int(round((size[0] - crop[0]) / 2.0))
    return image.crop((left, top, left + crop[0], top + crop[1]))


expected["12 to 9x7"] = np.asarray(resize_and_crop(rgb, 12, (9, 7)))[None]
expected["20 to 15x15"] = np.asarray(resize_and_crop(rgb, 20, (15, 15)))[None]
np.savez_compressed(OUT / "pillow.npz", **expected)

# What tare does not read.
Image.fromarray(picture[..., 0].astype("uint16") * 256).save(OUT / "unread16.png")
rgb.save(OUT / "unread.gif")
rgb.save(OUT / "unread_animated.webp", save_all=True, append_images=[rgb.rotate(90)])
