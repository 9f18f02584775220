#!/usr/bin/env python3
"""Writes images and what the Python package imagecorruptions makes of them with tare's random numbers.

    python3 -m venv /tmp/golden
    /tmp/golden/bin/pip install numpy==1.26.4 scipy==1.11.4 scikit-image==0.20.0 \
        opencv-python-headless==4.8.1.78 pillow==10.4.0 'setuptools<80'
    /tmp/golden/bin/pip install --no-deps imagecorruptions==1.1.2
    /tmp/golden/bin/python tests/golden/corruptions/make_corruptions.py

<name>.npy holds an image, <name>_expected.npy one row for each corruption and severity (frost is not
compared: its rows are 0), every STRIDE-th value of the image as it lies in memory.

The package knows the constants of ImageNet-C. Those of CIFAR-10-C and Tiny ImageNet-C come from the
authors' scripts (github.com/hendrycks/robustness) and are put into the package's functions in place of
its own; elastic_transform is another function there and is written down below.

Sizes are such that scipy.ndimage.zoom keeps the last row and column: where rounding puts them beyond the
image (136 pixels, factor 1.24) it makes them black.
"""
import inspect
import pathlib
import re

import cv2
import numpy as np
import skimage.data
from imagecorruptions import corruptions as package
from PIL import Image
from scipy import ndimage, stats
from skimage.filters import gaussian

FOLDER = pathlib.Path(__file__).parent
SEED, SAMPLE = 5, 7
NAMES = ["gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "snow",
         "frost", "fog", "brightness", "contrast", "elastic_transform", "pixelate", "jpeg_compression"]
PIXEL_NOISE = NAMES[:3]

CIFAR = {
    "gaussian_noise": [0.04, 0.06, .08, .09, .10], "shot_noise": [500, 250, 100, 75, 50], "impulse_noise": [.01, .02, .03, .05, .07],
    "defocus_blur": [(0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)],
    "glass_blur": [(0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2)],
    "motion_blur": [(6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)],
    "zoom_blur": "[np.arange(1, 1.06, 0.01), np.arange(1, 1.11, 0.01), np.arange(1, 1.16, 0.01), np.arange(1, 1.21, 0.01), np.arange(1, 1.26, 0.01)]",
    "fog": [(.2, 3), (.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75)],
    "snow": [(0.1, 0.2, 1, 0.6, 8, 3, 0.95), (0.1, 0.2, 1, 0.5, 10, 4, 0.9), (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
             (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85), (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8)],
    "contrast": [.75, .5, .4, .3, 0.15], "brightness": [.05, .1, .15, .2, .3], "jpeg_compression": [80, 65, 58, 50, 40],
    "pixelate": [0.95, 0.9, 0.85, 0.75, 0.65],
    "elastic_transform": [(0, 0, 0.08), (0.05, 0.2, 0.07), (0.08, 0.06, 0.06), (0.1, 0.04, 0.05), (0.1, 0.03, 0.03)],
}
TINY_IMAGENET = {
    "gaussian_noise": [0.04, 0.08, .12, .15, .18], "shot_noise": [250, 100, 50, 30, 15], "impulse_noise": [.01, .02, .05, .08, .14],
    "defocus_blur": [(0.5, 0.6), (1, 0.1), (1.5, 0.1), (2.5, 0.01), (3, 0.1)],
    "glass_blur": [(0.1, 1, 1), (0.5, 1, 1), (0.6, 1, 2), (0.7, 2, 1), (0.9, 2, 2)],
    "motion_blur": [(10, 1), (10, 1.5), (10, 2), (10, 2.5), (12, 3)], "zoom_blur": CIFAR["zoom_blur"],
    "fog": [(.4, 3), (.7, 3), (1, 2.5), (1.5, 2), (2, 1.75)],
    "snow": [(0.1, 0.2, 1, 0.6, 8, 3, 0.8), (0.1, 0.2, 1, 0.5, 10, 4, 0.8), (0.15, 0.3, 1.75, 0.55, 10, 4, 0.7),
             (0.25, 0.3, 2.25, 0.6, 12, 6, 0.65), (0.3, 0.3, 1.25, 0.65, 14, 12, 0.6)],
    "contrast": [.4, .3, .2, .1, 0.05], "brightness": [.1, .2, .3, .4, .5], "jpeg_compression": [65, 58, 50, 40, 25],
    "pixelate": [0.9, 0.8, 0.7, 0.6, 0.5],
    "elastic_transform": [(0, 0, 0.08), (0.05, 0.3, 0.06), (0.1, 0.08, 0.06), (0.1, 0.03, 0.03), (0.16, 0.03, 0.02)],
}

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


class Draws:
    """SplitMix64 (core/random.h) behind the functions of numpy.random that the package calls."""

    def __init__(self, seed):
        self.state = seed & MASK

    def bits(self, count):
        with np.errstate(over="ignore"):
            z = np.uint64(self.state) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GOLDEN)
            self.state = (self.state + count * GOLDEN) & MASK
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            return z ^ (z >> np.uint64(31))

    def random(self, size=()):
        return ((self.bits(int(np.prod(size, dtype=int))) >> np.uint64(11)).astype(float) * 2.0 ** -53).reshape(size)

    def uniform(self, low=0.0, high=1.0, size=()):
        return low + (high - low) * self.random(size)

    def normal(self, loc=0.0, scale=1.0, size=()):  # Box and Muller, both of each pair
        count = int(np.prod(size, dtype=int))
        u = self.random((-(-count // 2), 2))
        radius, angle = np.sqrt(-2 * np.log(1 - u[:, 0])), 2 * np.pi * u[:, 1]
        pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        return loc + scale * pairs.reshape(-1)[:count].reshape(size)

    def poisson(self, lam):
        return stats.poisson.ppf(self.random(lam.shape), lam)

    def randint(self, low, high, size):
        return np.array([(int(b) * (high - low)) >> 64 for b in self.bits(int(np.prod(size)))]).reshape(size) + low


def image_seed(corruption, severity):
    of_sample = int(Draws(SEED).bits(1)[0]) ^ SAMPLE
    return int(Draws(of_sample).bits(1)[0]) ^ (corruption * 8 + severity)


def smoothed(image, *args, multichannel=False, **kwargs):
    """skimage.filters.gaussian under its old argument, which the package still gives."""
    return gaussian(image, *args, channel_axis=-1 if multichannel else None, **kwargs)


package.gaussian = smoothed


def with_constants(name, constants):
    """The package's function with other constants."""
    source = inspect.getsource(getattr(package, name))
    text = constants if isinstance(constants, str) else repr(constants)
    source, count = re.subn(r"c = \[.*?\]\[\s*severity - 1\]", lambda _: f"c = {text}[severity - 1]", source, count=1, flags=re.S)
    assert count == 1, name
    scope = dict(vars(package))
    exec(source, scope)
    return scope[name]


def elastic_of_scripts(image, severity, constants):
    image = np.array(image, dtype=np.float32) / 255.0
    height, width = image.shape[:2]
    side = min(height, width)
    amount, sigma, skew = (side * c for c in constants[severity - 1])
    center, reach = np.float32((height, width)) // 2, side // 3
    before = np.float32([center + reach, [center[0] + reach, center[1] - reach], center - reach])
    after = before + np.random.uniform(-skew, skew, size=before.shape).astype(np.float32)
    image = cv2.warpAffine(image, cv2.getAffineTransform(before, after), (width, height), borderMode=cv2.BORDER_REFLECT_101)
    dx, dy = ((gaussian(np.random.uniform(-1, 1, size=(height, width)), sigma, mode="reflect", truncate=3) * amount).astype(np.float32)
              for _ in range(2))
    x, y, z = np.meshgrid(np.arange(width), np.arange(height), np.arange(3))
    at = np.reshape(y + dy[..., None], (-1, 1)), np.reshape(x + dx[..., None], (-1, 1)), np.reshape(z, (-1, 1))
    return np.clip(ndimage.map_coordinates(image, at, order=1, mode="reflect").reshape(image.shape), 0, 1) * 255


def corrupt(image, name, severity, constants):
    draws = Draws(image_seed(NAMES.index(name), severity))
    for function in ("uniform", "normal", "poisson", "randint"):
        setattr(np.random, function, getattr(draws, function))
    np.random.default_rng = lambda *_: draws
    is_grey = image.ndim == 2
    # Of a grey image the package makes three channels, with noise of their own.
    picture = Image.fromarray(image) if is_grey and name in PIXEL_NOISE else Image.fromarray(image).convert("RGB")
    if constants is not None and name == "elastic_transform":
        out = elastic_of_scripts(picture, severity, constants[name])
    else:
        function = getattr(package, name) if constants is None else with_constants(name, constants[name])
        out = function(picture, severity)
    out = np.uint8(out)
    return out[..., 0] if is_grey and out.ndim == 3 else out


def main():
    astronaut = Image.fromarray(skimage.data.astronaut()).crop((120, 0, 392, 272))
    cases = [("grey28", astronaut.convert("L").resize((28, 28), Image.LANCZOS), CIFAR, 1),
             ("rgb32", astronaut.resize((32, 32), Image.LANCZOS), CIFAR, 2),
             ("rgb60x72", astronaut.resize((72, 60), Image.LANCZOS), TINY_IMAGENET, 5),
             ("rgb120x132", astronaut.resize((132, 120), Image.LANCZOS), None, 19)]
    for name, picture, constants, stride in cases:
        image = np.asarray(picture)
        rows = []
        for corruption in NAMES:
            for severity in range(1, 6):
                out = np.zeros_like(image) if corruption == "frost" else corrupt(image, corruption, severity, constants)
                assert out.shape == image.shape, (name, corruption, out.shape)
                rows.append(out.reshape(-1)[::stride])
        np.save(FOLDER / f"{name}.npy", image[None])
        np.save(FOLDER / f"{name}_expected.npy", np.stack(rows))
        print(name, rows[0].size)


if __name__ == "__main__":
    main()
