#!/usr/bin/env python3
"""Answers the test questions with both models and writes float.jsonl and int8.jsonl.

How to run, after tare has made the quantized model (README.md):

    python3 -m venv venv && venv/bin/pip install onnxruntime numpy
    venv/bin/python predict.py

`support` is this example's own judge of an answer: 1 if the sentence that it was taken from names
all that the question names, else 0. An answer taken from the context is always "in the context";
whether it is about the right person is what counts here.
"""

import json
import pathlib
import re

import numpy as np
import onnxruntime

import stories

HERE = pathlib.Path(__file__).resolve().parent
NUM_SAMPLES = 2400
LONGEST = 7  # words of an answer
MODELS = {"float": "model.onnx", "int8": "model.int8.onnx"}
NAMES = {*stories.PEOPLE, *stories.THINGS, *stories.GOODS, *stories.COUNTED}


def best_span(first, last):
    """Returns the words of the context where the answer begins and ends, or None for no answer."""
    room = stories.QUESTION_WORDS
    scores = first[room:, None] + last[None, room:]
    begin, end = np.indices(scores.shape)
    scores[(end < begin) | (end >= begin + LONGEST)] = -np.inf
    found = np.unravel_index(scores.argmax(), scores.shape)
    return None if first[0] + last[0] > scores[found] else found


def answer(sample, span):
    """Returns the text of the answer and the judge's score of it."""
    if span is None:
        return "", 0
    places = [match.span() for match in stories.WORD.finditer(sample.context)]
    begin, end = places[span[0]][0], places[span[1]][1]
    sentence_begin = sample.context.rfind(".", 0, begin) + 1
    sentence_end = sample.context.find(".", end)
    told = set(re.findall(r"\w+", sample.context[sentence_begin:sentence_end]))
    asked = set(re.findall(r"\w+", sample.question)) & NAMES
    return sample.context[begin:end], int(asked <= told)


def main():
    samples = stories.Storyteller(stories.SEEDS["test"]).samples(NUM_SAMPLES)
    questions, contexts = (np.array(part) for part in stories.encode(samples, stories.vocabulary()))
    for name, model in MODELS.items():
        session = onnxruntime.InferenceSession(HERE / model, providers=["CPUExecutionProvider"])
        with open(HERE / f"{name}.jsonl", "w", encoding="utf-8") as file:
            for i, sample in enumerate(samples):
                inputs = {"question": questions[i : i + 1], "context": contexts[i : i + 1]}
                first, last = session.run(None, inputs)
                text, support = answer(sample, best_span(first[0], last[0]))
                line = {"id": f"q{i:04}"}
                if name == "float":
                    length = len(re.findall(r"\w+", sample.context))
                    line |= {"context": sample.context, "length": length}
                    line |= {"question": sample.question, "answers": sample.answers}
                line |= {"prediction": text}
                if text:
                    line |= {"support": support}
                file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
