"""Models that are too large or too plain to be fetched: random weights in a shape that matters."""

import pathlib

import numpy as np
import onnx
from onnx import helper, numpy_helper

WIDTH = 8192
IMAGE = 224
AFTER_RELU = 0.34  # variance of max(x, 0) where that of x is 1 and its mean 0
BLOCKS = ((3, 64, 1), (4, 128, 2), (6, 256, 2), (3, 512, 2))  # of ResNet-50: how many, channels inside, stride of the first


def save(path, nodes, initializers, inputs, outputs):
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", inputs, outputs, initializers), opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def floats(name: str, *extents):
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, extents)


def beside(name: str, shape: tuple, location: str, offset: int, length: int) -> onnx.TensorProto:
    """A tensor whose values lie in a file beside the model."""
    tensor = onnx.TensorProto(name=name, data_type=onnx.TensorProto.FLOAT, dims=shape, data_location=onnx.TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", offset), ("length", length)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def matmuls(path: pathlib.Path, layers: int) -> int:
    """MatMul and Relu, `layers` times; weights of this variance keep that of the activations. Returns the bytes of the weights."""
    rng, each = np.random.default_rng(1), 4 * WIDTH * WIDTH
    nodes, tensors, location = [], [], path.name + ".data"
    with open(path.with_name(location), "wb") as data:
        for i in range(layers):
            weights = rng.random((WIDTH, WIDTH), dtype=np.float32)
            weights -= np.float32(0.5)
            weights *= np.float32(2 * (6 / WIDTH) ** 0.5)
            data.write(weights)
            tensors.append(beside(f"w{i}", (WIDTH, WIDTH), location, i * each, each))
            nodes += [helper.make_node("MatMul", [f"x{i}", f"w{i}"], [f"m{i}"]), helper.make_node("Relu", [f"m{i}"], [f"x{i + 1}"])]
    save(path, nodes, tensors, [floats("x0", "N", WIDTH)], [floats(f"x{layers}", "N", WIDTH)])
    return layers * each


class Network:
    """Nodes of a network of convolutions, one after the other, each with BatchNormalization as training leaves it."""

    def __init__(self):
        self.rng = np.random.default_rng(1)
        self.nodes, self.tensors = [], []

    def constant(self, name: str, values) -> str:
        self.tensors.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def add(self, op: str, inputs: list[str], **attributes) -> str:
        out = f"{op.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [out], name=out, **attributes))
        return out

    def weights(self, *extents: int) -> np.ndarray:
        """Each filter adds up to 0: else what all images have in common behind a Relu grows from layer to layer, and all answers are one."""
        drawn = self.rng.standard_normal(extents)
        drawn -= drawn.mean(axis=tuple(range(1, len(extents))), keepdims=True)
        return drawn * (AFTER_RELU * np.prod(extents[1:])) ** -0.5

    def conv(self, x: str, channels_in: int, channels: int, kernel: int, stride: int = 1, gain: float = 1.0) -> str:
        """Conv of about unit variance, then BatchNormalization near 0 and 1 as its statistics."""
        name, draw = f"c{len(self.nodes)}", self.rng
        weight = self.constant(name + ".w", self.weights(channels, channels_in, kernel, kernel))
        pad = kernel // 2
        out = self.add("Conv", [x, weight], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)
        statistics = {"scale": gain * draw.uniform(0.7, 1.3, channels), "bias": draw.normal(0, 0.2, channels),
                      "mean": draw.normal(0, 0.1, channels), "var": draw.uniform(0.8, 1.2, channels)}
        return self.add("BatchNormalization", [out, *(self.constant(f"{name}.{key}", values) for key, values in statistics.items())])

    def bottleneck(self, x: str, channels_in: int, channels: int, stride: int, gain: float) -> str:
        """ResNet's: 1 x 1, 3 x 3, 1 x 1 to four times the channels, and the way past them."""
        y = self.add("Relu", [self.conv(x, channels_in, channels, 1)])
        y = self.add("Relu", [self.conv(y, channels, channels, 3, stride)])
        y = self.conv(y, channels, 4 * channels, 1, gain=gain)
        past = x if channels_in == 4 * channels else self.conv(x, channels_in, 4 * channels, 1, stride)
        return self.add("Relu", [self.add("Add", [y, past])])


def resnet50(path: pathlib.Path, gain: float):
    """ResNet-50 in shape; its answers mean nothing. `gain` is that of each block beside what goes past it: how much noise grows on its way."""
    net, channels = Network(), 64
    x = net.add("Relu", [net.conv("input", 3, channels, 7, 2, gain=AFTER_RELU**0.5)])
    x = net.add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    for count, inside, stride in BLOCKS:
        for i in range(count):
            x = net.bottleneck(x, channels, inside, 1 if i else stride, gain)
            channels = 4 * inside
    x = net.add("Flatten", [net.add("GlobalAveragePool", [x])])
    weight = net.constant("fc.w", net.weights(1000, channels))
    net.nodes.append(helper.make_node("Gemm", [x, weight, net.constant("fc.b", np.zeros(1000))], ["logits"], name="fc", transB=1))
    save(path, net.nodes, net.tensors, [floats("input", "N", 3, IMAGE, IMAGE)], [floats("logits", "N", 1000)])


def images(path: pathlib.Path, count: int):
    """Smooth and rough noise in shares that differ by image, each of mean 0 and variance 1."""
    rng = np.random.default_rng(2)
    made = np.empty((count, 3, IMAGE, IMAGE), np.float32)
    for image in made:
        smooth = rng.standard_normal((3, 7, 7)).repeat(IMAGE // 7, axis=1).repeat(IMAGE // 7, axis=2)
        mixed = smooth + rng.uniform(0, 1) * rng.standard_normal(image.shape) + rng.normal(0, 0.5, (3, 1, 1))
        image[:] = (mixed - mixed.mean()) / mixed.std()
    np.savez(path, input=made)
