#!/usr/bin/python3
"""Trains the float model of this example and writes model.onnx and calibration.npz.

How to run, on Debian 12 (its PyTorch is 1.13.1, and much faster with OpenBLAS):

    apt-get install --no-install-recommends python3-torch libopenblas0-pthread
    ./train.py

How long: 76 s on one thread of an AMD EPYC with AVX2. What it printed for the model.onnx beside it:

    230,978 parameters, 10,000 questions
    epoch  4 of 4  loss 0.6194  both ends right 78.5%  76 s

The stories are told by stories.py. The seed is fixed: on one machine and one number of threads, the
same bytes come out again.
"""

import argparse
import pathlib
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import stories

HERE = pathlib.Path(__file__).resolve().parent


class Layer(nn.Module):
    """Attention and two dense layers, each added to what went in."""

    def __init__(self, width, num_heads):
        super().__init__()
        self.num_heads = num_heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
        self.value, self.out = nn.Linear(width, width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def heads(self, x):
        batch, length, width = x.shape
        return x.view(-1, length, self.num_heads, width // self.num_heads).transpose(1, 2)

    def forward(self, x, absent):
        y = self.norm1(x)
        query, key, value = (self.heads(f(y)) for f in (self.query, self.key, self.value))
        scores = query @ key.transpose(2, 3) / (query.shape[-1] ** 0.5)
        y = scores.masked_fill(absent[:, None, None, :], -1e4).softmax(-1) @ value
        x = x + self.out(y.transpose(1, 2).reshape(-1, x.shape[1], x.shape[2]))
        return x + self.down(F.relu(self.up(self.norm2(x))))


class Reader(nn.Module):
    """Answers with the first and the last word: logits over question and context.

    Word 0 of the question stands for 'no answer', as the first token of a BERT.
    """

    def __init__(self, num_words, width=96, num_heads=4, num_layers=2):
        super().__init__()
        length = stories.QUESTION_WORDS + stories.CONTEXT_WORDS
        self.words = nn.Embedding(num_words, width)
        self.positions = nn.Parameter(torch.randn(length, width) * 0.1)
        self.asked = nn.Parameter(torch.randn(width) * 0.1)  # added to words that the question has
        self.near = nn.Conv1d(width, width, 5, padding=2)
        self.layers = nn.ModuleList(Layer(width, num_heads) for _ in range(num_layers))
        self.norm = nn.LayerNorm(width)
        self.ends = nn.Linear(width, 2)

    def forward(self, question, context):
        tokens = torch.cat([question, context], 1)
        absent = tokens == 0
        same = (tokens[:, :, None] == question[:, None, :]).float().sum(2).clamp(max=1)
        x = self.words(tokens) + self.positions + same[:, :, None] * self.asked
        x = x + F.relu(self.near(x.transpose(1, 2))).transpose(1, 2)
        for layer in self.layers:
            x = layer(x, absent)
        logits = self.ends(self.norm(x)).masked_fill(absent[:, :, None], -1e4)
        return logits[:, :, 0], logits[:, :, 1]


def targets(samples):
    """Returns where each answer begins and ends in question and context; 0 where there is none."""
    begins, ends = [], []
    for sample in samples:
        answered = bool(sample.answers)
        length = len(stories.words(sample.answers[0])) if answered else 1
        begins.append(stories.QUESTION_WORDS + sample.begin if answered else 0)
        ends.append(begins[-1] + length - 1)
    return torch.tensor(begins), torch.tensor(ends)


def train(model, inputs, begins, ends, epochs, batch, rate):
    generator = torch.Generator().manual_seed(2)
    steps = len(begins) // batch
    optimizer = torch.optim.AdamW(model.parameters(), rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, epochs * steps, pct_start=0.15)
    start = time.monotonic()
    for epoch in range(1, epochs + 1):
        order = torch.randperm(len(begins), generator=generator)
        total_loss = hits = 0.0
        for step in range(steps):
            chosen = order[step * batch : (step + 1) * batch]
            first, last = model(*(part[chosen] for part in inputs))
            loss = F.cross_entropy(first, begins[chosen]) + F.cross_entropy(last, ends[chosen])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            total_loss += loss.item()
            right = (first.argmax(1) == begins[chosen]) & (last.argmax(1) == ends[chosen])
            hits += right.float().mean().item()
        seconds = time.monotonic() - start
        print(f"epoch {epoch:2} of {epochs}  loss {total_loss / steps:.4f}  "
              f"both ends right {hits / steps:.1%}  {seconds:.0f} s", flush=True)


def export(model, inputs, path):
    model.eval()
    names = ["question", "context", "first", "last"]
    torch.onnx.export(
        model,
        tuple(part[:2] for part in inputs),
        str(path),
        opset_version=17,
        input_names=names[:2],
        output_names=names[2:],
        dynamic_axes={name: {0: "batch"} for name in names},
    )


def main():
    parser = argparse.ArgumentParser(description="Trains a small model that answers questions.")
    parser.add_argument("--out", type=pathlib.Path, default=HERE, help="the folder to write to")
    parser.add_argument("--samples", type=int, default=10000)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    torch.use_deterministic_algorithms(True)
    vocab = stories.vocabulary()
    samples = stories.Storyteller(stories.SEEDS["train"]).samples(args.samples)
    inputs = [torch.tensor(part) for part in stories.encode(samples, vocab)]
    model = Reader(len(vocab) + 3)
    num_parameters = sum(p.numel() for p in model.parameters())
    print(f"{num_parameters:,} parameters, {len(samples):,} questions", flush=True)
    train(model, inputs, *targets(samples), args.epochs, batch=64, rate=2e-3)
    export(model, inputs, args.out / "model.onnx")

    samples = stories.Storyteller(stories.SEEDS["calibration"]).samples(400)
    question, context = (np.array(part) for part in stories.encode(samples, vocab))
    np.savez_compressed(args.out / "calibration.npz", question=question, context=context)


if __name__ == "__main__":
    main()
